import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { POWER_DRIVERS } from "../src/power/index.ts";

const NAMES = POWER_DRIVERS.map(({ name }) => name);

/** First cells of the rows of a page's table whose header begins so: the names in backquotes. */
function firstCells(page: string, header: string): readonly string[] {
  const lines = readFileSync(new URL(`../docs/${page}`, import.meta.url), "utf8").split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith(header)) + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? row);
}

test.each([
  ["power.md", "| driver |"],
  ["lab.md", "| `driver:` |"],
])("the table of %s names every power driver, and nothing that is none", (page, header) => {
  const named = firstCells(page, header);
  expect([...new Set(named)].toSorted()).toEqual(NAMES.toSorted());
});
