import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ConfigurationError } from "../../src/core/index.ts";
import { fuzzed } from "./fuzz/fuzz-one.ts";
import type { FuzzSource } from "./fuzz/source.ts";
import { fuzzSources, shareOf } from "./fuzz/sources.ts";

/** A sample of the nightly's 10 million. */
const COUNT = 6_000;
const SEED = 20_261_130;
const sources = fuzzSources(mkdtempSync(join(tmpdir(), "fuzz-")));

describe("damaged inputs end in a value or in one of our errors", () => {
  test.each(sources)("$name", async (source) => {
    const count = Math.max(40, shareOf(source, sources, COUNT));
    const { bad, read, refused } = await fuzzed(source, { count, seed: SEED });
    expect(bad).toEqual([]);
    expect(read + refused).toBe(count);
  });
});

describe("the fuzzer", () => {
  const source = (ask: FuzzSource["ask"]): FuzzSource => {
    return { name: "x", from: "file", kind: "text", share: 1, seeds: () => ["a: 1\n"], ask };
  };

  test("tells of an error that is none of ours with its input, and counts those that are", async () => {
    const ours = await fuzzed(
      source(() => {
        throw new ConfigurationError("no.");
      }),
      { count: 7, seed: 1 },
    );
    expect(ours).toMatchObject({ inputs: 7, read: 0, refused: 7, bad: [] });
    const others = await fuzzed(
      source(() => {
        throw new TypeError("oops");
      }),
      { count: 1, seed: 1 },
    );
    expect(others.bad).toEqual([expect.stringMatching(/^x, input 0 of seed 1: TypeError: oops/)]);
  });

  test("makes the same input of the same number, whatever came before", async () => {
    const seen: string[] = [];
    const keeping = source((input) => void seen.push(Buffer.from(input).toString("hex")));
    await fuzzed(keeping, { count: 20, seed: 3 });
    await fuzzed(keeping, { count: 1, from: 19, seed: 3 });
    expect(seen[20]).toBe(seen[19]);
    expect(new Set(seen).size).toBeGreaterThan(10);
  });

  test("lets what a stream left for the event loop's next turn go, some inputs later", async () => {
    let [waiting, most] = [0, 0];
    const leaving = source(() => {
      waiting += 1;
      most = Math.max(most, waiting);
      process.nextTick(() => void (waiting -= 1));
    });
    await fuzzed(leaving, { count: 1_000, seed: 4 });
    expect(most).toBeLessThan(100);
  });
});
