import { describe, expect, test } from "@jest/globals";
import type { FirmwareSwept } from "../../board/index.ts";
import { wasNotCut } from "./firmware.ts";

const swept = (operations: readonly number[], cuts: number): FirmwareSwept => ({
  operations,
  cutPoints: operations.reduce((sum, number) => sum + number, 0),
  cuts,
  booted: operations.length,
  findings: [],
});

describe("a sweep of real firmware", () => {
  test.each([
    ["nothing was booted yet", [], 0, true],
    ["the budget ended before the first cut", [300, 301], 0, true],
    ["only the revert writes flash", [0, 12], 0, true],
    ["cuts were made", [300, 301], 5, false],
    ["no boot writes flash: there is nothing to cut", [0, 0], 0, false],
  ])("was not cut? %s", (_, operations, cuts, is) => {
    expect(wasNotCut(swept(operations, cuts))).toBe(is);
  });
});
