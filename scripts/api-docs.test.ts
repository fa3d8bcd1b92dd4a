import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { sourceFiles } from "./source-tree.ts";

const ROOT = new URL("../", import.meta.url);
const PAGE = readFileSync(new URL("docs/api.md", ROOT), "utf8");
const PACKAGE = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
const SOURCES = new Map(sourceFiles("src").map((file) => [file.path, file]));

/** The entries of the package, by what is imported, and the files they are made of. */
const ENTRIES = Object.entries<{ default?: string }>(PACKAGE.exports).flatMap(([path, { default: file }]) =>
  file === undefined
    ? []
    : [{ entry: path.replace(".", PACKAGE.name), source: file.replace("./dist/", "src/").replace(/\.js$/, ".ts") }],
);

/** Names that an entry's section of the page shows: those in the first column of its tables. */
function documented(entry: string): readonly string[] {
  const [, section = ""] = PAGE.split(`## \`${entry}\`\n`);
  const rows = (section.split("\n## ")[0] ?? "").matchAll(/^\| (`[^|]*`) \|/gm);
  return [...rows].flatMap(([, cell = ""]) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
}

/** Names that a file exports; a list that does not say its names (`export *`) is none. */
function exported(source: string): { readonly values: readonly string[]; readonly types: readonly string[] } {
  const code = SOURCES.get(source)?.code ?? "";
  const lists = [...code.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, type, names = ""]) =>
    names.split(",").flatMap((entry) => {
      const name = entry.trim().replace(/\w+ as /, "");
      return name === "" ? [] : `${type ?? ""}${name}`;
    }),
  );
  const names = [...lists, ...[...code.matchAll(/export \* as (\w+)/g)].map(([, name = ""]) => name)];
  const types = names.flatMap((name) => (name.startsWith("type ") ? name.slice("type ".length) : []));
  return { types, values: names.filter((name) => !name.startsWith("type ")) };
}

/** What a file imports the moment it is loaded: no types, and not what `import()` fetches when it is needed. */
const AT_ONCE = /^(?:import|export)\b(?! type)(?:[^;"]*?\bfrom)?\s*"([^"\n]+)"/gm;

/** Packages that an import of this file loads at once. */
function packagesOf(entrance: string): readonly string[] {
  const seen = new Set<string>();
  const todo = [entrance];
  const packages = new Set<string>();
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const [, specifier = ""] of (SOURCES.get(path)?.code ?? "").matchAll(AT_ONCE)) {
      if (specifier.startsWith(".")) todo.push(posix.join(posix.dirname(path), specifier));
      else if (!specifier.startsWith("node:")) packages.add(specifier);
    }
  }
  return [...packages].toSorted();
}

describe("the library", () => {
  test("has an entry for each section of docs/api.md, and the other way round", () => {
    const sections = [...PAGE.matchAll(/^## `(.+)`$/gm)].map(([, entry]) => entry);
    expect(ENTRIES.map(({ entry }) => entry)).toEqual(sections);
  });

  test.each(ENTRIES)("$entry exports the names that docs/api.md shows, and no others", async ({ entry, source }) => {
    const { values, types } = exported(source);
    expect(documented(entry).toSorted()).toEqual([...values, ...types].toSorted());
    const module: object = await import(new URL(source, ROOT).href);
    expect(Object.keys(module).toSorted()).toEqual(values.toSorted());
  });

  test("loads no package for images, and no serialport before a port is opened", () => {
    const loaded = Object.fromEntries(ENTRIES.map(({ entry, source }) => [entry, packagesOf(source)]));
    expect(loaded).toMatchObject({
      "mcuboot-hil/image": [],
      "mcuboot-hil/smp": ["cbor-x"],
      "mcuboot-hil/power": ["@serialport/parser-slip-encoder", "cbor-x", "zod"],
    });
    expect(Object.values(loaded).flat()).not.toContain("serialport");
  });
});

/** Programs of the page, and the output that follows each. */
const PROGRAMS = [...PAGE.matchAll(/^```ts\n([^]*?)^```\n\n```text\n([^]*?)^```$/gm)].map(
  ([, program = "", output = ""], index) => ({ number: index + 1, program, output }),
);

test.each(PROGRAMS)(
  "program $number of docs/api.md prints what the page shows",
  async ({ number, program, output }) => {
    const folder = mkdtempSync(join(tmpdir(), "hil-api-"));
    const file = join(folder, `program-${number}.ts`);
    writeFileSync(file, program);
    const printed: string[] = [];
    const { log } = console;
    const home = process.cwd();
    process.chdir(folder);
    console.log = (...words: unknown[]) => void printed.push(format(...words));
    try {
      await import(pathToFileURL(file).href);
    } finally {
      console.log = log;
      process.chdir(home);
    }
    // "…" is another one each time: the name of a record's folder.
    const shown = output.trimEnd().split("…");
    const whole = printed.join("\n");
    expect(shown.length > 1 ? whole.slice(0, shown[0]?.length) : whole).toBe(shown[0]);
  },
);

test("the programs are found", () => {
  expect(PROGRAMS).toHaveLength(4);
});
