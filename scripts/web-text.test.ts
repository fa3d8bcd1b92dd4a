import { describe, expect, test } from "@jest/globals";
import { roundTicks } from "../web/text.ts";

describe("round places on an axis of a page", () => {
  test("are whole numbers, however few there are: half a microsecond or half a cut is none", () => {
    for (let to = 0; to <= 12; to += 1) {
      const ticks = roundTicks(0, to);
      expect([to, ticks.filter((tick) => !Number.isInteger(tick))]).toEqual([to, []]);
      expect(ticks.length).toBeLessThanOrEqual(8);
    }
    expect(roundTicks(0, 3)).toEqual([0, 1, 2, 3]);
  });

  test("are 1, 2 or 5 of a unit apart", () => {
    expect(roundTicks(0, 100)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(roundTicks(1_450_000, 4_000_000)).toEqual([
      1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
    ]);
  });
});
