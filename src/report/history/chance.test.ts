import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import { driftOf, isNewlyFlaky, newlyFlakyByChance, noiseOf } from "./chance.ts";

const seen = (strip: string): boolean[] => Array.from(strip, (mark) => mark === ".");

describe("what happens by chance", () => {
  test("is newly flaky as often as drawn outcomes are", () => {
    const random = Random.fromSeed(5);
    const failing = 0.1;
    const strip: boolean[] = [];
    let told = 0;
    const nights = 40_000;
    for (let night = 0; night < nights; night += 1) {
      strip.push(random.below(10) !== 0);
      if (night >= 15 && isNewlyFlaky(strip.slice(-15))) told += 1;
    }
    expect(told / nights / newlyFlakyByChance(failing)).toBeCloseTo(1, 1);
  });

  test.each([
    ["nothing fails", 0, 0],
    ["everything fails", 1, 0],
  ])("is never newly flaky where %s", (_, failing, chance) => {
    expect(newlyFlakyByChance(failing)).toBe(chance);
  });

  test("counts as noise a failure between two passes, and no regression", () => {
    expect(noiseOf([seen("...x..xxxx"), seen("x.x")])).toEqual({ lone: 1, of: 2 });
    expect(noiseOf([seen("xx.xx")])).toEqual({ lone: 0, of: 0 });
  });
});

describe("a figure of a bench", () => {
  const steady = Array.from({ length: 40 }, (_, at) => 8_000 + (at % 5) * 50);

  test.each([
    ["a fifth more", 9_600, true],
    ["a fifth less", 6_400, true],
    ["the same", 8_100, false],
  ])("with %s in its last week drifts, or not", (_, now, drifts) => {
    expect(driftOf([...steady, ...Array.from({ length: 7 }, () => now)])?.drifts).toBe(drifts);
  });

  test("that was measured a few nights only tells nothing", () => {
    expect(driftOf(steady.slice(0, 20))).toBeUndefined();
  });

  test("does not drift by one odd night", () => {
    expect(driftOf([...steady, 8_000, 8_000, 8_000, 20_000, 8_000, 8_000, 8_000])?.drifts).toBe(false);
  });
});
