import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import config from "../jest.config.ts";
import { builtInBoards } from "../src/board/index.ts";
import { PROFILE_FIELDS } from "../src/board/profile/schema.ts";
import { builtInScenarios } from "../src/campaign/index.ts";
import { GENERATIONS } from "../src/mcuboot/index.ts";

/** Sentences of the pages that were not true once. Each test holds one to what it speaks of. */
const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const PACKAGE = JSON.parse(read("package.json"));
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(new URL("../docs", import.meta.url))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

test("README: npm test is all tests that need Node alone, which are those of every project but the peers'", () => {
  const projects = (config.projects ?? []).map((project) =>
    typeof project === "string" ? project : project["displayName"],
  );
  const [, selected = ""] = /--selectProjects ([\w ]+)$/.exec(PACKAGE.scripts.test) ?? [];
  expect([...selected.split(" "), "peers"].toSorted()).toEqual(projects.map(String).toSorted());
  expect(read("README.md")).toContain("npm test        # all tests that need Node alone");
});

test("README: bootloaders of every NCS from 1.7 on have a row, none is left out between two of them", () => {
  const covered = GENERATIONS.flatMap(({ ncs }) => {
    const [, first, last = first] = /^(\d\.\d+)(?: to (\d\.\d+))?/.exec(ncs) ?? [];
    return first === undefined ? [] : [first, last ?? first];
  });
  const numbers = [...new Set(covered)].map((release) => release.split(".").map(Number)).toSorted(byRelease);
  expect(numbers[0]).toEqual([1, 7]);
  const gaps = numbers.slice(1).filter(([major = 0, minor = 0], index) => {
    const [majorBefore = 0, minorBefore = 0] = numbers[index] ?? [];
    const follows = major === majorBefore ? minor === minorBefore + 1 : major === majorBefore + 1 && minor === 0;
    return !follows;
  });
  expect(gaps).toEqual([]);
  expect(read("README.md")).toContain("MCUboot of every NCS from 1.7 to today");
});

function byRelease([major = 0, minor = 0]: number[], [otherMajor = 0, otherMinor = 0]: number[]): number {
  return major - otherMajor || minor - otherMinor;
}

test("no page counts what grows: so many switches, boards, commands or faults", () => {
  const counted = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\b(?:twenty|thirty|\d\d) (?:other |more )?(?:switches|drivers|boards|commands)\b/gi)].map(
      ([words]) => `${page}: ${words}`,
    ),
  );
  // Boards of a made-up lab are counted by who made it up.
  expect(counted.filter((found) => !/history\.md|report\.md/.test(found))).toEqual([]);
});

test("every board and scenario that a page names for hil run is in the package", () => {
  const packed = new Set<string>(PACKAGE.files);
  expect(["boards", "scenarios"].filter((folder) => !packed.has(folder))).toEqual([]);
  const boards = builtInBoards();
  const scenarios = builtInScenarios();
  const named = PAGES.flatMap((page) =>
    [...read(page).matchAll(/hil run ((?:faults|field|qemu|twin)[\w/.-]*) --board ([\w/.-]+)/g)].map(
      ([, scenario = "", board = ""]) => ({ page, scenario, board }),
    ),
  );
  expect(named.length).toBeGreaterThan(26);
  const missing = named.filter(({ scenario, board }) => !scenarios.includes(scenario) || !boards.includes(board));
  expect(missing.filter(({ board }) => !board.endsWith(".yaml"))).toEqual([]);
});

test("a program that users call and the package lacks is said to be in a clone of the repository", () => {
  const packed = (file: string) =>
    PACKAGE.files.some((entry: string) => file === entry || file.startsWith(`${entry}/`));
  const called = PAGES.filter(packed).flatMap((page) =>
    read(page)
      .split("\n")
      .flatMap((line) =>
        [...line.matchAll(/npx tsx (peers\/[\w/-]+\.ts)/g)].map(([, file = ""]) => ({ page, line, file })),
      ),
  );
  expect(called.length).toBeGreaterThan(2);
  expect(called.filter(({ file, line }) => packed(file) || !/in a clone/.test(line))).toEqual([]);
  expect(called.filter(({ file }) => !existsSync(new URL(`../${file}`, import.meta.url)))).toEqual([]);
  expect(read("README.md")).toMatch(
    /files that pages name below `src`, `scripts`, `bench`, `peers`.*\nare in the repository/,
  );
});

interface Field {
  readonly properties?: Readonly<Record<string, Field>>;
  readonly [more: string]: unknown;
}

/** Names of all fields of a schema, in whatever form they stand. */
function fieldNames(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(fieldNames);
  const { properties = {}, ...more } = schema as Field;
  return [
    ...Object.entries(properties).flatMap(([name, field]) => [name, ...fieldNames(field)]),
    ...Object.values(more).flatMap(fieldNames),
  ];
}

test.each(["boards/profile.schema.json", "scenarios/scenario.schema.json"])(
  "docs/commands.md has every field of %s, those of images.network, too",
  (file) => {
    const page = read("docs/commands.md");
    const rows = [...page.matchAll(/^\| `([\w.*[\]-]+)` \| ([^|]*) \|/gm)];
    const told = new Set([
      ...rows.flatMap(([, path = ""]) => path.replaceAll("[]", "").split(".")),
      // Of a field that holds several: their names stand in braces.
      ...rows.flatMap(([, , kind = ""]) =>
        [...kind.matchAll(/\{ ([^}]*) \}/g)].flatMap(([, names = ""]) => names.split(", ")),
      ),
      // Mappings of one form are told once: images.*, slots.*
      ...["old", "new", "primary", "secondary"],
    ]);
    const names = fieldNames(JSON.parse(read(file)));
    expect(names.length).toBeGreaterThan(30);
    expect([...new Set(names)].filter((name) => !told.has(name))).toEqual([]);
    expect(page).toContain("| `images.network.*.version` |");
  },
);

test("docs/profile.md tells of every provider that a profile can name", () => {
  const row = /^\| `provider` \|.*$/m.exec(read("docs/profile.md"))?.[0] ?? "";
  const told = [...row.matchAll(/`(\w+)`: /g)].map(([, name = ""]) => name);
  expect(told.toSorted()).toEqual([...PROFILE_FIELDS.shape.provider.options].toSorted());
});
