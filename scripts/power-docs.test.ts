import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { POWER_DRIVERS } from "../src/power/index.ts";
import { POWER_PAGE, powerPage, SWITCH_ROWS } from "./power-docs.ts";

test("the table of switches has a row for every power driver, and none for what is no driver", () => {
  const named = new Set(SWITCH_ROWS.map(({ driver }) => driver));
  expect([...named].toSorted()).toEqual(POWER_DRIVERS.map(({ name }) => name).toSorted());
});

test("the table of docs/power.md says what the drivers' facts say (else: npx tsx scripts/power-docs.ts)", () => {
  const page = readFileSync(POWER_PAGE, "utf8");
  expect(page).toBe(powerPage(page));
  expect(page).toContain("| only with `variant` a, b or c; else blind |");
});

test("a page without a place for the table is an error", () => {
  expect(() => powerPage("# Power switches\n")).toThrow(/no place/);
});
