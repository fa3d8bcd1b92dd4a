import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Random } from "../../core/index.ts";
import { cutsAtEvery, type SwapWindow, spreadCuts } from "./plan.ts";

const WINDOW: SwapWindow = { startUs: 300_000, endUs: 20_300_000, appUpUs: 20_700_000 };

const windows = fc
  .record({
    startUs: fc.integer({ min: 2, max: 2_000_000 }),
    spanUs: fc.integer({ min: 1, max: 1_800_000_000 }),
    upUs: fc.integer({ min: 2, max: 10_000_000 }),
  })
  .map(({ startUs, spanUs, upUs }) => ({ startUs, endUs: startUs + spanUs, appUpUs: startUs + spanUs + upUs }));

function moments(window: SwapWindow, count: number, seed = 1): number[] {
  return spreadCuts(window, count, Random.fromSeed(seed)).map((cut) => {
    if (cut.kind !== "time") throw new RangeError("a spread cut falls at a time");
    return cut.afterResetUs;
  });
}

describe("cuts spread over a swap", () => {
  test("are as many as were asked for, numbered from 1, in order of time", () => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 0, max: 200 }), fc.integer(), (window, count, seed) => {
        const cuts = spreadCuts(window, count, Random.fromSeed(seed));
        expect(cuts.map((cut) => cut.index)).toEqual(Array.from({ length: count }, (_, order) => order + 1));
        const times = moments(window, count, seed);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.every((time) => Number.isSafeInteger(time) && time >= 0)).toBe(true);
      }),
    );
  });

  test("fall one into each equal part of the swap", () => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 1, max: 100 }), fc.integer(), (window, count, seed) => {
        const edges = count >= 8 ? 1 : 0;
        const inside = moments(window, count, seed).slice(edges, count - edges);
        const span = window.endUs - window.startUs;
        fc.pre(span >= inside.length);
        for (const [part, time] of inside.entries()) {
          expect(time).toBeGreaterThanOrEqual(window.startUs + Math.floor((span * part) / inside.length));
          expect(time).toBeLessThan(window.startUs + Math.floor((span * (part + 1)) / inside.length));
        }
      }),
    );
  });

  test("include one before and one after the swap from 8 on, and none below", () => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 1, max: 40 }), fc.integer(), (window, count, seed) => {
        const times = moments(window, count, seed);
        const before = times.filter((time) => time < window.startUs).length;
        const after = times.filter((time) => time > window.endUs && time < window.appUpUs).length;
        const inside = times.filter((time) => time >= window.startUs && time <= window.endUs).length;
        expect([before, inside, after]).toEqual(count < 8 ? [0, count, 0] : [1, count - 2, 1]);
      }),
    );
  });

  test("are the same for a seed and others for another", () => {
    expect(moments(WINDOW, 40, 1)).toEqual(moments(WINDOW, 40, 1));
    expect(moments(WINDOW, 40, 1)).not.toEqual(moments(WINDOW, 40, 2));
  });

  test("are all there for a swap that is shorter than they are many", () => {
    expect(moments({ startUs: 0, endUs: 3, appUpUs: 3 }, 10)).toHaveLength(10);
  });
});

test("cuts at every operation of a kind keep the operations' own numbers", () => {
  const operations = ["erase", "write", "erase", "write"].map((kind, index) => ({ index, operation: { kind } }));
  const at = (kind: "erase" | "write" | "operation") =>
    cutsAtEvery(kind, operations).map((cut) => [cut.index, cut.kind === "operation" ? cut.operation : undefined]);
  expect(at("erase")).toEqual([
    [1, 0],
    [2, 2],
  ]);
  expect(at("operation").map(([, operation]) => operation)).toEqual([0, 1, 2, 3]);
});
