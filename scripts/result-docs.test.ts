import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { RESULT_PAGE, resultPage } from "./result-docs.ts";

test("the table of docs/ci.md says what the program writes (else: npx tsx scripts/result-docs.ts)", () => {
  const page = readFileSync(RESULT_PAGE, "utf8");
  expect(page).toBe(resultPage(page));
  expect(page).toContain("| `sarif` | `hil.sarif` |");
});

test("a page without a place for the table is an error", () => {
  expect(() => resultPage("# Results\n")).toThrow(/no place/);
});
