import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Random } from "./random.ts";

describe("Random", () => {
  test("draws the same from the same seed, for ever", () => {
    const random = Random.fromSeed(1);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([159603321, 2966631437, 309730510]);
  });

  test("a draw in one fork shifts nothing in another", () => {
    const quiet = Random.fromSeed(7);
    const busy = Random.fromSeed(7);
    busy.fork("uart").bytes(1000);
    busy.uint32();
    expect(busy.fork("cuts").bytes(16)).toEqual(quiet.fork("cuts").bytes(16));
  });

  test("below stays below its limit", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
        const drawn = Random.fromSeed(seed).below(limit);
        expect(drawn).toBeGreaterThanOrEqual(0);
        expect(drawn).toBeLessThan(limit);
      }),
    );
  });

  test.each([0, -1, Number.NaN, 2 ** 32 + 1])("nothing is drawn below %d, instead of for ever", (limit) => {
    expect(() => Random.fromSeed(1).below(limit)).toThrow(`no number is drawn below ${limit}`);
  });

  test("a chance of one in four comes about one time in four", () => {
    const random = Random.fromSeed("dice");
    const hits = Array.from({ length: 4000 }, () => random.chance({ of: 1, in: 4 })).filter(Boolean).length;
    expect(hits).toBeGreaterThan(900);
    expect(hits).toBeLessThan(1100);
  });
});
