import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./shell.ts";

/** What a user of today has. Ours are pinned in package.json; TypeScript 5.9 is the last with a compiler in JavaScript. */
const BESIDE = ["typescript", "@types/node", "jest", "@jest/globals", "@swc/core", "@swc/jest"] as const;
const OLDER_TYPESCRIPT = "typescript@5.9.3";
/** For those whose `expect` is a global one. */
const JEST_TYPES = "@types/jest@30.0.0";

export interface Entry {
  /** As a program imports it: `mcuboot-hil`, `mcuboot-hil/jest`. */
  readonly specifier: string;
  /** It imports Jest, which gives nothing outside of its own tests. */
  readonly jestOnly: boolean;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const manifestIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** Every code entry of the package's `exports`. */
export function entriesOf({ name, exports }: Manifest): readonly Entry[] {
  return Object.entries(exports)
    .filter(([, target]) => typeof target !== "string")
    .map(([path]) => ({ specifier: join(name, path), jestOnly: path === "./jest" }));
}

/** An empty project with the tarball in it, and nothing else. */
export function bareProject(folder: string, tarball: string): void {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", tarball], { cwd: folder });
}

/** A project with the tools of its author beside the package, at the versions that this one is tried with. */
export function fullProject(folder: string, tarball: string, root: string): void {
  const { devDependencies } = manifestIn(root);
  bareProject(folder, tarball);
  const older = `typescript-older@npm:${OLDER_TYPESCRIPT}`;
  const tools = [...BESIDE.map((name) => `${name}@${devDependencies[name]}`), older, JEST_TYPES];
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", "--save-dev", ...tools], {
    cwd: folder,
  });
}

/** Imports and requires every entry; one for Jest must be there, and says what it needs outside of Jest. */
export function checkImports(folder: string, node: string): void {
  for (const { specifier, jestOnly } of entriesOf(manifestIn(join(folder, "node_modules/mcuboot-hil")))) {
    const told = `const count = Object.keys(entry).length; if (count === 0) throw new Error("no exports");`;
    const failing = (code: string) => `try { ${code} throw new Error("it loads outside of Jest"); } catch (error) {
      if (!/jest/i.test(String(error))) throw error; }`;
    const esm = `const entry = await import(${JSON.stringify(specifier)}); ${told}`;
    const cjs = `const entry = require(${JSON.stringify(specifier)}); ${told}`;
    run(node, ["--input-type=module", "--eval", jestOnly ? failing(esm) : esm], { cwd: folder });
    run(node, ["--input-type=commonjs", "--eval", jestOnly ? failing(cjs) : cjs], { cwd: folder });
  }
}

const STRICT = {
  target: "es2023",
  lib: ["es2023", "esnext.disposable"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
} as const;

const SETTINGS = [
  { name: "nodenext", module: "nodenext", files: ["entries.mts", "entries.cts"] },
  { name: "bundler", module: "esnext", moduleResolution: "bundler", files: ["entries.mts"] },
] as const;

/** Compiles a use of every entry, and the examples of the pages, in the settings that people have. */
export function checkTypes(folder: string, examples: readonly string[]): void {
  const entries = entriesOf(manifestIn(join(folder, "node_modules/mcuboot-hil")));
  const uses = entries.map(
    ({ specifier }, index) => `import * as entry${index} from "${specifier}";\nvoid Object.keys(entry${index});\n`,
  );
  writeFileSync(join(folder, "entries.mts"), uses.join(""));
  writeFileSync(join(folder, "entries.cts"), uses.join(""));
  const typed = examples.filter((file) => file.endsWith(".ts"));
  for (const { name, files, ...options } of SETTINGS) {
    const config = { compilerOptions: { ...STRICT, ...options }, files: [...files, ...typed] };
    const path = `tsconfig.${name}.json`;
    writeFileSync(join(folder, path), JSON.stringify(config));
    // The older one, in JavaScript, is slow: the setting that most people have is enough.
    for (const compiler of name === "nodenext" ? ["typescript", "typescript-older"] : ["typescript"]) {
      run(process.execPath, [`node_modules/${compiler}/${compilerOf(folder, compiler)}`, "-p", path], { cwd: folder });
    }
  }
}

/** The matchers at the global `expect` of `@types/jest`, and an argument of the wrong type. */
const GLOBAL_EXPECT = `import { bench } from "mcuboot-hil/jest";
test("runs", async () => {
  await using bed = await bench();
  await expect(bed).toBeRunning("1.0.0");
  // @ts-expect-error a version is a text
  await expect(bed).toBeRunning(1);
});
`;

/** Compiles a test with the types of `@types/jest`, as docs/jest.md says it. */
export function checkGlobalExpect(folder: string): void {
  writeFileSync(join(folder, "global-expect.ts"), GLOBAL_EXPECT);
  const compilerOptions = { ...STRICT, types: ["node", "jest"], module: "nodenext" };
  writeFileSync(join(folder, "tsconfig.global.json"), JSON.stringify({ compilerOptions, files: ["global-expect.ts"] }));
  const compiler = `node_modules/typescript/${compilerOf(folder, "typescript")}`;
  run(process.execPath, [compiler, "-p", "tsconfig.global.json"], { cwd: folder });
}

function compilerOf(folder: string, compiler: string): string {
  const { bin } = JSON.parse(readFileSync(join(folder, "node_modules", compiler, "package.json"), "utf8")) as {
    readonly bin: { readonly tsc: string };
  };
  return bin.tsc;
}

export interface Example {
  readonly file: string;
  readonly text: string;
}

/**
 * The programs that a page shows: each block of TypeScript that imports the package, and each file whose name is the
 * first word of a comment at the start of its lines (`// jest.config.mjs`).
 */
export function examplesOf(page: string, text: string): readonly Example[] {
  const blocks = [...text.matchAll(/^```(ts|js)\n([^]*?)^```$/gm)].map(([, kind = "", code = ""]) => ({ kind, code }));
  return blocks.flatMap(({ kind, code }, index) => {
    const named = code.split(/^(?=\/\/ [\w.-]+\.(?:[cm]?js|ts)\b)/m).flatMap((part) => {
      const name = /^\/\/ ([\w.-]+\.(?:[cm]?js|ts))\b/.exec(part)?.[1];
      return name === undefined ? [] : [{ file: name, text: part }];
    });
    if (named.length > 0) return named;
    if (kind !== "ts" || !/from "mcuboot-hil/.test(code)) return [];
    return [{ file: `${page.replace(/\.md$/, "")}-${index}${/\btest\(/.test(code) ? ".test" : ""}.ts`, text: code }];
  });
}

/** The project's own suites, copied as a user copies them. @returns their files, from the project's folder. */
export function copySuites(folder: string, root: string): readonly string[] {
  cpSync(join(root, "hil-tests"), join(folder, "hil-tests"), { recursive: true });
  return readdirSync(join(folder, "hil-tests"))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `hil-tests/${name}`);
}

/** Runs test files of the project; the configuration is by default the one that docs/jest.md shows for TypeScript. */
export function checkSuites(folder: string, pattern: string, node: string, config = "jest.config.mjs"): void {
  const jest = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--config", config];
  run(node, [...jest, "--testTimeout=60000", pattern], { cwd: folder, env: { NODE_OPTIONS: "" } });
}

/** `examples/jest`, as a reader copies it, beside the packages that its own `package.json` asks for. */
export function checkExample(folder: string, root: string, node: string): void {
  const copy = join(folder, "example");
  cpSync(join(root, "examples/jest"), copy, { recursive: true });
  const asked = Object.keys(manifestIn(copy).devDependencies);
  const missing = asked.filter((name) => !readdirSync(join(folder, "node_modules", name)).includes("package.json"));
  if (missing.length > 0) throw new Error(`examples/jest asks for what is not here: ${missing.join(", ")}`);
  run(node, [`../node_modules/typescript/${compilerOf(folder, "typescript")}`, "-p", "tsconfig.json"], { cwd: copy });
  const jest = ["--experimental-vm-modules", "../node_modules/jest/bin/jest.js"];
  run(node, jest, { cwd: copy, env: { NODE_OPTIONS: "" } });
}

/** Runs the page's Jest examples as its reader would: TypeScript in an ESM project, and plain CommonJS. */
export function checkJest(folder: string, examples: readonly Example[], node: string): void {
  const typescript = examples.filter(({ file }) => file.endsWith(".test.ts"));
  const plain = examples.filter(({ file }) => file.endsWith(".test.js"));
  if (typescript.length === 0 || plain.length === 0)
    throw new Error("docs/jest.md has no tests in TypeScript and CommonJS");
  for (const { file } of typescript) checkSuites(folder, file, node);
  // A project without "type": CommonJS.
  writeFileSync(join(folder, "commonjs.json"), "");
  for (const { file, text } of plain) {
    const name = file.replace(/\.js$/, ".cjs");
    writeFileSync(join(folder, name), text);
    const config = "jest.commonjs.config.cjs";
    writeFileSync(
      join(folder, config),
      `module.exports = { ...require("./jest.config.cjs"), testMatch: ["**/*.test.cjs"], moduleFileExtensions: ["cjs", "js"] };\n`,
    );
    checkSuites(folder, name, node, config);
  }
}
