import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { INNER_ROOMS, ROOMS } from "../oxlint.config.mjs";
import { innerRoomOf, parsed, ringOf, roomOf, type SourceFile, sourceFiles } from "./source-tree.ts";

/** Files longer than 400 lines, and why they may be. */
const LONG_FILES: Readonly<Record<string, string>> = {};
const FILE_LINES_MAX = 400;
const FOLDER_FILES_MAX = 20;
const LINE_CHARACTERS_MAX = 120;

/** Where the program is entered: the library's doors, and the command. */
const ENTRANCES = [
  "src/index.ts",
  "src/image.ts",
  "src/smp.ts",
  "src/power.ts",
  "src/jest/index.ts",
  "src/cli/main.ts",
  "src/cli/image/main.ts",
];

interface Ban {
  readonly what: RegExp;
  readonly instead: string;
  /** Files to which it does not apply. */
  readonly except: RegExp;
}

const CLOCKS = /^src\/core\/(clock|virtual-clock)(\.test)?\.ts$/;
const CLI_OR_TEST = /^src\/cli\/|\.test\.ts$|\/testing\//;
const TESTS = /\.test\.ts$|\/testing\//;
/** The one door, and the text of a program that another Node runs. */
const JSON_OR_TEST = /^src\/(core\/foreign\/json|cli\/image\/lzma)\.ts$|\.test\.ts$|\/testing\//;

const BANS: readonly Ban[] = [
  { what: /\bnew Date\b(?!\([^)\s])|\bDate\.now\b/, instead: "core's Clock, or wallTime", except: CLOCKS },
  { what: /\b(set(Timeout|Interval|Immediate))\b/, instead: "core's Clock", except: CLOCKS },
  { what: /\bprocess\.(hrtime|uptime)\b|\bperformance\b|"(node:)?timers/, instead: "core's Clock", except: CLOCKS },
  { what: /\bMath\.random\b/, instead: "core's Random", except: /^$/ },
  { what: /\bprocess\.exit\b|\bprocess\.exitCode\b/, instead: "an error: cli/ ends the program", except: CLI_OR_TEST },
  { what: /\bconsole\.\w+\(|\bprocess\.std(out|err)\b/, instead: "a return value: cli/ prints", except: CLI_OR_TEST },
  { what: /\bJSON\.parse\b/, instead: "core's parseJson: it nests no deeper than it may", except: JSON_OR_TEST },
  { what: /@ts-(ignore|nocheck|expect-error)/, instead: "a type that is right", except: /^$/ },
  { what: /^\s*(export\s+)?(declare\s+)?(const\s+)?enum\s/, instead: "a union, or a table", except: /^$/ },
  {
    what: /([\w.]+) === undefined \? \{\} : \{ (?:\w+: )?\1 \}/,
    instead: "core's defined(): an optional member is not copied by hand",
    except: TESTS,
  },
  {
    what: /\bthrow new Error\(/,
    instead: "an error of core/errors.ts, or RangeError for a caller's mistake",
    except: TESTS,
  },
];

/** Words that this project once used in a sense of its own, and the field's word for each. Comments only. */
const BANNED_WORDS: readonly { readonly what: RegExp; readonly instead: string }[] = [
  { what: /\bwhen left out\b|[;,] left out[,:]/, instead: "default: …, or without it" },
  { what: /(^|; |and )[Aa]nswers (the|what|whether|how|true|false|undefined)\b/, instead: "returns" },
  { what: /\b[Tt]he answer (takes|ends|stops)\b/, instead: "the returned function removes, ends, stops" },
  {
    what: /\b(no|any)body's\b|\bnobody (disturb|knows|cuts|has measured)/,
    instead: "ignored, undisturbed, not measured",
  },
];

const source = sourceFiles("src");
const tests = ["src", "scripts", "hil-tests", "golden", "peers"].flatMap((folder) =>
  sourceFiles(folder).filter(({ path }) => path.endsWith(".test.ts")),
);

/** An integration test lies beside what it tests, and stands above all rooms. */
const isIntegration = (path: string) => path.includes("/integration/");

/** Imports of a suite that a project with nothing but the package and Jest could not follow. */
function notForUsers(files: readonly SourceFile[], entries: ReadonlySet<string>): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ specifier }) => !/^node:|^@jest\/globals$/.test(specifier) && !entries.has(specifier))
      .map(({ specifier }) => `${path} imports ${specifier}`),
  );
}

function wrongImports(files: readonly SourceFile[], known: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  for (const { path, imports, isTest } of files) {
    const room = roomOf(path) ?? "";
    const allowed = ROOMS[room];
    for (const { specifier, target } of imports) {
      if (target === undefined) continue;
      const other = roomOf(target);
      if (!specifier.endsWith(".ts")) wrong.push(`${path} imports ${specifier}, which does not end in .ts`);
      else if (other === undefined) wrong.push(`${path} imports ${specifier}, which lies outside src`);
      else if (!known.has(target)) wrong.push(`${path} imports ${specifier}, which is not there`);
      else if (other === room) continue;
      else if (!target.endsWith("/index.ts") && !(isTest && target.includes("/testing/")))
        wrong.push(`${path} imports ${target}, past the index of ${other}`);
      else if (allowed && !allowed.includes(other) && !isIntegration(path)) wrong.push(`${path} imports ${other}`);
    }
  }
  return wrong;
}

/** Imports between the folders of one room that its table of inner rooms does not name. */
function wrongInside(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports, isTest }) => {
    const rows = INNER_ROOMS[roomOf(path) ?? ""];
    const from = innerRoomOf(path);
    if (isTest || rows === undefined || from === undefined) return [];
    const targets = imports.flatMap(({ target }) => target ?? []).filter((target) => roomOf(target) === roomOf(path));
    return targets.flatMap((target) => {
      const to = innerRoomOf(target) ?? "its room's index";
      return to === from || rows[from]?.includes(to) ? [] : [`${path} imports ${target}`];
    });
  });
}

function banned(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, code }) =>
    code
      .split("\n")
      .flatMap((line, index) =>
        BANS.filter(({ what, except }) => what.test(line) && !except.test(path)).map(
          ({ instead }) => `${path}:${index + 1} ${line.trim()} (use ${instead})`,
        ),
      ),
  );
}

function bannedWords(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, lines, code }) => {
    const bare = code.split("\n");
    return lines.flatMap((line, index) => {
      const comment = line === bare[index] ? "" : line.replace(/^[\s/*]+/, "");
      const found = BANNED_WORDS.filter(({ what }) => what.test(comment));
      return found.map(({ instead }) => `${path}:${index + 1} ${comment} (write ${instead})`);
    });
  });
}

/** Text in quotes is not counted: it cannot be broken without changing it. Nor is a regular expression on its own line. */
function withoutText(line: string): string {
  return line.replaceAll(/"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|^\s*\/.*\/,?$/g, '""');
}

function reachedFrom(entrances: readonly string[], files: readonly SourceFile[]): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const seen = new Set<string>();
  const todo = [...entrances];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    todo.push(...(byPath.get(path)?.imports ?? []).flatMap(({ target }) => target ?? []));
  }
  return seen;
}

/** Files that a test starts as processes of their own. */
function startedBy({ path, code }: SourceFile): readonly string[] {
  return [...code.matchAll(/new URL\("([^"]+\.ts)", import\.meta\.url\)/g)].map(([, name = ""]) =>
    posix.join(posix.dirname(path), name),
  );
}

describe("the source", () => {
  test("is seen by these checks", () => {
    expect(source.length).toBeGreaterThan(100);
    expect(tests.length).toBeGreaterThan(30);
    expect(source.flatMap(({ imports }) => imports).length).toBeGreaterThan(300);
  });

  test("has only the rooms of the table, and every room of the table", () => {
    const rooms = new Set(source.map(({ path }) => roomOf(path)).filter((room) => room !== ""));
    expect(rooms).toEqual(new Set([...Object.keys(ROOMS), "cli"]));
  });

  test("imports only what the room table allows, through the index, by names that end in .ts", () => {
    expect(wrongImports(source, new Set(source.map(({ path }) => path)))).toEqual([]);
  });

  test("has in hil-tests/, which users copy, suites on the public bench only, and no file that they need from elsewhere", () => {
    const { name, exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const entries = new Set(Object.keys(exports).map((path) => posix.join(name, path)));
    const suites = sourceFiles("hil-tests");
    expect(suites.length).toBeGreaterThan(5);
    expect(notForUsers(suites, entries)).toEqual([]);
    expect(suites.filter(({ code }) => !/\bbench\(/.test(code)).map(({ path }) => path)).toEqual([]);
    const asked = suites.flatMap(({ code, path }) =>
      /\.\.\/|"(?:hil-tests|src|scenarios)\//.test(code) ? [path] : [],
    );
    expect(asked).toEqual([]);
  });

  test("has the inner rooms of the table in each room that has folders, and imports between them one way", () => {
    const inner = new Map<string, Set<string>>();
    for (const file of source) {
      const room = roomOf(file.path) ?? "";
      const folder = innerRoomOf(file.path);
      if (file.isTest || folder === undefined) continue;
      inner.set(room, (inner.get(room) ?? new Set()).add(folder));
    }
    for (const [room, folders] of inner) {
      if (folders.size > 1)
        expect([room, Object.keys(INNER_ROOMS[room] ?? {}).toSorted()]).toEqual([room, [...folders].toSorted()]);
    }
    for (const rows of Object.values(INNER_ROOMS)) expect(ringOf(new Map(Object.entries(rows)))).toBeUndefined();
    expect(wrongInside(source)).toEqual([]);
  });

  test("has no folder of more than 20 source files", () => {
    const count = new Map<string, number>();
    for (const { path, isTest } of source) {
      const folder = posix.dirname(path);
      if (!isTest || path.includes("/testing/")) count.set(folder, (count.get(folder) ?? 0) + 1);
    }
    expect([...count].filter(([, files]) => files > FOLDER_FILES_MAX)).toEqual([]);
  });

  test("has no ring of rooms, and no ring of files, imports of types included", () => {
    const byRoom = new Map<string, string[]>();
    const byFile = new Map<string, string[]>();
    for (const { path, imports, isTest } of source) {
      if (isTest) continue;
      const room = roomOf(path) ?? "";
      const targets = imports.flatMap(({ target }) => target ?? []);
      const rooms = targets.map((target) => roomOf(target) ?? "").filter((other) => other !== room);
      byRoom.set(room, [...(byRoom.get(room) ?? []), ...rooms]);
      byFile.set(path, targets);
    }
    expect(ringOf(byRoom)).toBeUndefined();
    expect(ringOf(byFile)).toBeUndefined();
  });

  test("takes time, chance, output, exits and foreign JSON only through their doors", () => {
    expect(banned(source)).toEqual([]);
  });

  test("speaks the field's language in its comments", () => {
    expect(bannedWords(source)).toEqual([]);
  });

  test("has no file over 400 lines and no line over 120 characters", () => {
    const long = source.filter(({ lines }) => lines.length > FILE_LINES_MAX).map(({ path }) => path);
    expect(long.filter((path) => LONG_FILES[path] === undefined)).toEqual([]);
    expect(Object.keys(LONG_FILES).filter((path) => !long.includes(path))).toEqual([]);
    const wide = source.flatMap(({ path, lines }) =>
      lines.flatMap((line, index) => (withoutText(line).length > LINE_CHARACTERS_MAX ? `${path}:${index + 1}` : [])),
    );
    expect(wide).toEqual([]);
  });

  test("has no file that nothing uses", () => {
    const program = reachedFrom(ENTRANCES, source);
    const started = source.filter(({ isTest }) => isTest).flatMap(startedBy);
    const entrances = [...ENTRANCES, ...tests.map(({ path }) => path), ...started];
    const used = reachedFrom(entrances, [...source, ...tests]);
    const dead = source.filter(({ path, isTest }) => !(isTest ? used : program).has(path)).map(({ path }) => path);
    expect(dead).toEqual([]);
  });

  test("has no test file without an expectation, and none that sleeps on the machine's clock", () => {
    const idle = tests.filter(({ code }) => !/\bexpect\(|\bfc\.assert\(/.test(code)).map(({ path }) => path);
    expect(idle).toEqual([]);
    const focused = tests.filter(({ code }) => /\b(test|it|describe)\.only\b|\bfit\(|\bfdescribe\(/.test(code));
    expect(focused.map(({ path }) => path)).toEqual([]);
  });
});

describe("the checks themselves", () => {
  const known = new Set(["src/core/index.ts", "src/core/deep.ts", "src/board/index.ts", "src/serial/a.ts"]);
  const importing = (line: string) => wrongImports([parsed("src/serial/a.ts", line)], known);

  test.each([
    ['import { a } from "../board/index.ts";'],
    ['import type { A } from "../board/index.ts";'],
    ['export * from "../board/index.ts";'],
    ['export type { A } from "../board/index.ts";'],
    ['const a = await import("../board/index.ts");'],
    ['let a: import("../board/index.ts").A;'],
    ['import "../board/index.ts";'],
    ['import {\n  a,\n  type B,\n} from "../board/index.ts";'],
  ])("find the forbidden room in %j", (line) => {
    expect(importing(line)).toEqual(["src/serial/a.ts imports board"]);
  });

  test("let allowed imports and comments pass, and find deep ones, odd endings and missing files", () => {
    expect(importing('import { a } from "../core/index.ts"; import { z } from "zod";')).toEqual([]);
    expect(importing('// import { a } from "../board/index.ts";\n/* from "../board/index.ts" */')).toEqual([]);
    expect(importing('import { a } from "../core/deep.ts";')[0]).toMatch(/past the index/);
    const rig = 'import { a } from "../core/testing/rig.ts";';
    const withRig = new Set([...known, "src/core/testing/rig.ts"]);
    expect(wrongImports([parsed("src/serial/a.test.ts", rig)], withRig)).toEqual([]);
    expect(wrongImports([parsed("src/serial/a.ts", rig)], withRig)[0]).toMatch(/past the index/);
    expect(importing('import { a } from "../core/index.js";')[0]).toMatch(/does not end in \.ts/);
    expect(importing('import { a } from "./gone.ts";')[0]).toMatch(/not there/);
    expect(importing('import { a } from "../../scripts/x.ts";')[0]).toMatch(/outside src/);
  });

  test.each([
    "const a = new Date();",
    "const a = new Date;",
    "Date.now();",
    "JSON.parse(text);",
    "globalThis.setTimeout(a, 1);",
    "process.hrtime.bigint();",
    'import { setTimeout } from "node:timers/promises";',
    "console.log(1);",
    "export const enum A {}",
    'throw new Error("x");',
    "const a = { ...(b.c === undefined ? {} : { c: b.c }) };",
  ])("find %j", (line) => {
    expect(banned([parsed("src/serial/a.ts", line)])).not.toEqual([]);
  });

  test("find a word of a private dialect in comments, and not in code or as another word", () => {
    const words = (text: string) => bannedWords([parsed("src/serial/a.ts", text)]);
    expect(words("/** Answers whether it runs. */\nconst a = 1;")).toHaveLength(1);
    expect(words("const a = 1; // 16 when left out")).toHaveLength(1);
    expect(words("/**\n * Looks, and\n * answers the list.\n */")).toHaveLength(1);
    expect(words('const a = "Answers what is asked";\n/** A board that answers. Left out of a list. */')).toEqual([]);
  });

  test("let a date be made of a time that is given, and a clock's own files read the machine's", () => {
    expect(banned([parsed("src/image/a.ts", "new Date(unixMs).getFullYear();")])).toEqual([]);
    expect(banned([parsed("src/core/clock.ts", "process.hrtime.bigint(); setTimeout(a, 1);")])).toEqual([]);
    expect(banned([parsed("src/core/clocks.ts", "process.hrtime.bigint();")])).toHaveLength(1);
  });

  test("find what a user's project could not import, and let an integration test import every room by its index", () => {
    const entries = new Set(["mcuboot-hil", "mcuboot-hil/jest"]);
    const wrong = (line: string) => notForUsers([parsed("hil-tests/a.test.ts", line)], entries);
    expect(wrong('import { bench } from "mcuboot-hil/jest"; import { join } from "node:path";')).toEqual([]);
    expect(wrong('import { Twin } from "../src/twin/index.ts";')).toHaveLength(1);
    expect(wrong('import { Twin } from "mcuboot-hil/twin";')).toHaveLength(1);
    const from = (target: string) =>
      wrongImports([parsed("src/serial/integration/a.test.ts", `import { a } from "../../${target}";`)], known);
    expect(from("board/index.ts")).toEqual([]);
    expect(from("core/deep.ts")).toHaveLength(1);
  });

  test("find an import against the table of inner rooms, and let one along it pass", () => {
    const inside = (path: string, line: string) => wrongInside([parsed(path, line)]);
    const up = 'import { a } from "../network/http.ts";';
    expect(inside("src/power/driver/a.ts", up)).toEqual(["src/power/driver/a.ts imports src/power/network/http.ts"]);
    expect(inside("src/power/driver/a.test.ts", up)).toEqual([]);
    expect(inside("src/power/network/a.ts", 'import type { A } from "../driver/switch.ts";')).toEqual([]);
    expect(inside("src/power/network/a.ts", 'import type { A } from "../index.ts";')).toHaveLength(1);
    expect(inside("src/power/network/a.ts", 'import { a } from "../../core/index.ts";')).toEqual([]);
  });

  test("see a ring", () => {
    expect(
      ringOf(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["a"]],
        ]),
      ),
    ).toEqual(["a", "b", "c", "a"]);
    expect(
      ringOf(
        new Map([
          ["a", ["b", "c"]],
          ["b", ["c"]],
        ]),
      ),
    ).toBeUndefined();
  });
});
