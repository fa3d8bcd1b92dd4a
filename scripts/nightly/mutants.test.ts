import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { MutantSuites, mutated } from "./mutant-run.ts";
import { MUTANTS } from "./mutant-table.ts";

const SUITE_MS = 300_000;

describe("mutants of the model", () => {
  test("are at least 43, each with its place in the source exactly once", () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(43);
    for (const mutant of MUTANTS) {
      const source = readFileSync(fileURLToPath(new URL(`../../src/mcuboot/${mutant.file}`, import.meta.url)), "utf8");
      expect(mutated(source, mutant)).not.toBe(source);
    }
    expect(new Set(MUTANTS.map((row) => `${row.file} ${row.find} ${row.replace}`)).size).toBe(MUTANTS.length);
  });

  test("whose place is gone are an error, not a pass", () => {
    const mutant = { file: "boot/boot.ts", find: "no such text", replace: "", rule: "none" };
    expect(() => mutated("some source", mutant)).toThrow("0 times");
  });

  test(
    "three of them are noticed (all: npx tsx scripts/nightly/mutants.ts)",
    async () => {
      using suites = new MutantSuites();
      const noticed = [];
      for (const order of [0, 21, 42]) noticed.push(MUTANTS[order] && (await suites.try(MUTANTS[order])));
      expect(noticed).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^(golden traces|unit tests)$/)));
    },
    SUITE_MS,
  );
});
