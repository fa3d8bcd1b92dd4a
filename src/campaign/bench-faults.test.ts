import { describe, expect, test } from "@jest/globals";
import { benchFaults, brokenRun, wrongWith } from "./testing/bench-faults.ts";

/** `npx tsx scripts/nightly/bench-faults.ts` plants them all. */
const EVERY = 4;
const SUITE_MS = 120_000;

describe("a bench that breaks once", () => {
  test("is planted in over a hundred ways, each with a name of its own", () => {
    const names = benchFaults().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(100);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(benchFaults().filter((_, order) => order % EVERY === 0))(
    "has no part in a verdict: $name",
    async (fault) => {
      expect(wrongWith(await brokenRun(fault))).toBeUndefined();
    },
    SUITE_MS,
  );
});
