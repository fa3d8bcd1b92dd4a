import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs/trust.md"), "utf8");

/** Names of tests and of groups of them: a text before a function, as `test(NAME, …)` and `test.each(ROWS)(NAME, …)` have. */
function namesIn(file: string): readonly string[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  const named = /\(\s*(["`])((?:[^"`\\]|\\.)*)\1,\s*(?:async\b|\(|\w+ =>|\{)/g;
  return [...source.matchAll(named)].map(([, , name = ""]) => name.replaceAll("\\", ""));
}

/** Rows of the page's table: what stops somebody, and the tests that show it: a file, and words of a test's name. */
const ROWS = PAGE.split("\n")
  .filter((line) => line.startsWith("|") && line.includes(".test.ts"))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map((cells) => ({ reach: cells[2] ?? "", tests: cells[4] ?? "" }));

const NAMED = /`([\w./-]+\.test\.ts)`: ([^`;]+)(?:;|$)/g;

describe("docs/trust.md", () => {
  test("has a row for each way in, and names a test in each", () => {
    expect(ROWS.length).toBeGreaterThan(20);
    for (const { reach, tests } of ROWS) expect([reach, [...tests.matchAll(NAMED)].length > 0]).toEqual([reach, true]);
  });

  test.each(ROWS)("names tests that exist: $reach", ({ tests }) => {
    for (const [, file = "", words = ""] of tests.matchAll(NAMED)) {
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
      expect([file, words.trim(), namesIn(file).some((name) => name.includes(words.trim()))]).toEqual([
        file,
        words.trim(),
        true,
      ]);
    }
  });
});
