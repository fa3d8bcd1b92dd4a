import { expect, test } from "@jest/globals";
import { sourceFiles } from "./source-tree.ts";

/** The library's entries: what they name is for others. */
const ENTRIES = new Set(["src/index.ts", "src/image.ts", "src/smp.ts", "src/power.ts", "src/jest/index.ts"]);
const FOLDERS = ["src", "hil-tests", "golden", "peers", "bench", "scripts", "firmware-fixtures", "examples"];

/** Exported for what is no TypeScript file, or for a room that is being reshaped. */
const KEPT: readonly { readonly what: RegExp; readonly why: string }[] = [
  { what: /^src\/cli\/image\/main\.ts imageMain$/, why: "scripts/bundle-image-cli.mjs makes a program of it" },
];

const files = FOLDERS.flatMap((folder) => sourceFiles(folder));
/** A room's face shows names; it does not use them. */
const isFace = (path: string) => /^src\/.+\/index\.ts$/.test(path) && !ENTRIES.has(path);

function namesIn(list: string): readonly string[] {
  return list.split(",").flatMap((entry) => /^\s*(?:type )?(\w+)/.exec(entry)?.[1] ?? []);
}

/** Names that this file takes from others: by lists, by `module.name`, by `import("…").name`. */
function taken(code: string): readonly string[] {
  const lists = [...code.matchAll(/(?:import|export) (?:type )?(?:\w+, )?\{([^}]*)\} from/g)];
  const modules = [...code.matchAll(/import (?:type )?\* as (\w+) from/g)].map(([, name = ""]) => name);
  const members = modules.flatMap((name) => [...code.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, "g"))]);
  const lazy = [...code.matchAll(/import\("[^"]+"\)\)?\.(\w+)/g)];
  const unpacked = [...code.matchAll(/\{([^{}]*)\} = await import\(/g)];
  return [
    ...[...lists, ...unpacked].flatMap(([, list = ""]) => namesIn(list)),
    ...[...members, ...lazy].map(([, name = ""]) => name),
  ];
}

const DECLARED = /^export (?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) (\w+)\b/gm;

/** Names that more than one file declares for others: two things, one word. */
function twice(all: readonly { readonly path: string; readonly code: string }[]): readonly string[] {
  const declared = new Map<string, string[]>();
  for (const { path, code } of all) {
    for (const [, name = ""] of code.matchAll(DECLARED)) declared.set(name, [...(declared.get(name) ?? []), path]);
  }
  return [...declared]
    .filter(([, paths]) => new Set(paths).size > 1)
    .map(([name, paths]) => `${name}: ${paths.join(", ")}`);
}

/**
 * Names that a file declares for others, or that a room's face shows. A row of an SMP command is not asked for by name: it
 * is walked as a member of its module (src/smp/groups/commands.ts).
 */
function shown(code: string): readonly string[] {
  const declared = [
    ...code.matchAll(
      /^export (?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) (\w+)\b(?! = command\()/gm,
    ),
  ];
  const lists = [...code.matchAll(/export (?:type )?\{([^}]*)\}/g)];
  return [...declared.map(([, name = ""]) => name), ...lists.flatMap(([, list = ""]) => namesIn(list))];
}

/** Exported names that no other file takes. */
function idle(all: readonly { readonly path: string; readonly code: string }[]): readonly string[] {
  const users = new Map<string, Set<string>>();
  for (const { path, code } of all) {
    if (isFace(path)) continue;
    for (const name of taken(code)) users.set(name, (users.get(name) ?? new Set()).add(path));
  }
  return all
    .filter(({ path }) => path.startsWith("src/") && !ENTRIES.has(path) && !/\.test\.ts$|\/testing\//.test(path))
    .flatMap(({ path, code }) =>
      shown(code)
        .filter((name) => ![...(users.get(name) ?? [])].some((user) => user !== path))
        .map((name) => `${path} ${name}`),
    );
}

test("nothing is exported, and no room shows anything, that no other file uses", () => {
  expect(files.length).toBeGreaterThan(500);
  expect(idle(files).filter((name) => !KEPT.some(({ what }) => what.test(name)))).toEqual([]);
});

test("no exported name of the source means two things", () => {
  expect(twice(files.filter(({ path }) => path.startsWith("src/") && !/\.test\.ts$|\/testing\//.test(path)))).toEqual(
    [],
  );
});

test("a name that two files export is found, and overloads of one file are not", () => {
  const one = { path: "src/a.ts", code: "export function f(a: 1): 1;\nexport function f(a: 2): 2;" };
  const two = { path: "src/b.ts", code: "export const f = 1;" };
  expect(twice([one])).toEqual([]);
  expect(twice([one, two])).toEqual(["f: src/a.ts, src/a.ts, src/b.ts"]);
});

test("rooms and entries say by name what they show", () => {
  const stars = files.filter(
    ({ path, code }) => (isFace(path) || ENTRIES.has(path)) && /export (?:type )?\* from/.test(code),
  );
  expect(stars.map(({ path }) => path)).toEqual([]);
});

test("an export that only its own file, or only a room's face, names is found", () => {
  const face = { path: "src/a/index.ts", code: 'export { one, two } from "./b.ts";' };
  const own = {
    path: "src/a/b.ts",
    code: "export const one = 1;\nexport const two = one;\nexport type Three = 3;\nexport const row = command({});",
  };
  const user = { path: "src/c/d.ts", code: 'import { one } from "../a/index.ts";' };
  expect(idle([face, own, user])).toEqual(["src/a/index.ts two", "src/a/b.ts two", "src/a/b.ts Three"]);
});
