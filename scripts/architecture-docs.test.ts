import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { ARCHITECTURE_PAGE, architecturePage } from "./architecture-docs.ts";

const ROOT = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");

const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(new URL("docs", ROOT))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** `src/power/KIND/NAME.ts`: the reader puts a name there. */
const PLACEHOLDER = /\b[A-Z]{3,}\b/;

/** Places that a page names: a file, and names that stand behind it (`file`, then `name`, `name`; a cell of a table counts). */
function placesOf(page: string): readonly { readonly file: string; readonly names: readonly string[] }[] {
  const places = read(page).matchAll(/`(src\/[\w./-]+\.ts)`((?:(?: \|)? `\w+`,?)*)/g);
  return [...places].map(([, file = "", names = ""]) => ({
    file,
    names: [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  }));
}

/** True when a file declares that name: a function, class, interface, constant or method. */
function declares(file: string, name: string): boolean {
  const start = "^(?:export )?(?:async )?(?:function\\*?|class|interface|type|const)";
  const method = "^ {2}(?:static |async |get )*";
  return new RegExp(`${start} ${name}\\b|${method}${name}\\(`, "m").test(read(file));
}

test.each(PAGES)("every file below src that %s names exists, and declares what the page says", (page) => {
  const paths = [...read(page).matchAll(/`(src\/[\w./-]*\w\/?)`/g)].map(([, path = ""]) => path);
  expect(paths.filter((path) => !PLACEHOLDER.test(path) && !existsSync(new URL(path, ROOT)))).toEqual([]);
  const missing = placesOf(page).flatMap(({ file, names }) =>
    names.filter((name) => !declares(file, name)).map((name) => `${name} in ${file}`),
  );
  expect(missing).toEqual([]);
});

test("the five seams and the way of a cut are among the names", () => {
  const named = placesOf("docs/architecture.md").filter(({ names }) => names.length > 0);
  expect(named.length).toBeGreaterThan(20);
  expect(named.map(({ names }) => names.join())).toEqual(expect.arrayContaining(["PowerSwitch", "cutPower,cutByHost"]));
});

test("five steps lead from the list of pages to the line that cuts power, and each file makes the call that is named", () => {
  const page = read("docs/architecture.md");
  expect(read("docs/README.md")).toContain("architecture.md#one-cut-followed-to-the-bottom");
  const steps = [...page.matchAll(/^\d\. `(src\/[\w./-]+\.ts)`.*: calls `([^`]+)`[;.]$/gm)];
  expect(steps).toHaveLength(4);
  expect(steps.filter(([, file = "", call = ""]) => !read(file).includes(call)).map(([step]) => step)).toEqual([]);
  expect(steps.at(-1)?.[0]).toContain("line.send(lcusFrame");
});

test("a name that a file does not declare is found", () => {
  expect(declares("src/power/driver/switch.ts", "PowerSwitch")).toBe(true);
  expect(declares("src/power/driver/switch.ts", "Powerswitch")).toBe(false);
  expect(declares("src/twin/machine.ts", "powerOff")).toBe(true);
});

test("the table of rooms is the linter's (else: npx tsx scripts/architecture-docs.ts)", () => {
  const page = readFileSync(ARCHITECTURE_PAGE, "utf8");
  expect(page).toBe(architecturePage(page));
});

test("docs/README.md leads to every page", () => {
  const map = read("docs/README.md");
  const pages = PAGES.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
  expect(pages.filter((page) => !map.includes(`](${page.slice("docs/".length)}`))).toEqual([]);
});
