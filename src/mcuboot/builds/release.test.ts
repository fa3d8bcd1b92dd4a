import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { GENERATIONS } from "./generations.ts";
import { compareReleases, isWithin, type Release } from "./release.ts";

const releases: readonly Release[] = ["1.7", "1.7.99", "1.9", "1.10", "1.10.99", "2.0", "2.2", "2.10"];

describe("releases of MCUboot", () => {
  test("are ordered as they came out: 1.10 after 1.9, and 1.10.99 between 1.10 and 2.0", () => {
    const place = fc.nat({ max: releases.length - 1 });
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [first, second] = [releases[a], releases[b]] as [Release, Release];
        expect(Math.sign(compareReleases(first, second))).toBe(Math.sign(a - b));
      }),
    );
  });

  test("lie in a range with its first and its last, and in every range without bounds", () => {
    expect(releases.filter((release) => isWithin(release, { from: "1.10", to: "2.0" }))).toEqual([
      "1.10",
      "1.10.99",
      "2.0",
    ]);
    expect(releases.filter((release) => isWithin(release, { to: "1.7.99" }))).toEqual(["1.7", "1.7.99"]);
    expect(releases.filter((release) => isWithin(release, {}))).toEqual(releases);
  });

  test("stand in the table of generations in the order in which they came out", () => {
    const ours = GENERATIONS.map(({ release }) => release);
    expect(ours.toSorted(compareReleases)).toEqual(ours);
  });
});
