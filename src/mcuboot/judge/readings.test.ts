import { describe, expect, test } from "@jest/globals";
import { FlashContent } from "../flash/flash-content.ts";
import { everyWay, ReadingFlash } from "./readings.ts";

const SECTOR = 4096;

/** A flash whose byte 8 was 0x01 and is being erased. */
function doubtful(): FlashContent {
  const flash = FlashContent.erased(2 * SECTOR);
  flash.load(8, Uint8Array.of(0x01));
  flash.unsettle(8, { first: Uint8Array.of(0x01), later: Uint8Array.of(0xff) });
  return flash;
}

describe("every way through questions", () => {
  test("is gone once, whatever earlier answers make of the later questions", () => {
    const ways = everyWay((choose) => {
      const first = choose(2);
      return first === 0 ? "short" : `long ${choose(3)}`;
    }, 100);
    expect(ways).toEqual(["short", "long 0", "long 1", "long 2"]);
  });

  test("ends at a limit, and is one way where nothing is asked", () => {
    expect(everyWay((choose) => choose(1000), 7)).toHaveLength(7);
    expect(everyWay(() => "only", 100)).toEqual(["only"]);
  });
});

describe("a flash with bits in doubt", () => {
  test("reads a field as it was, erased, and in between", () => {
    const ways = everyWay((choose) => new ReadingFlash(doubtful(), choose).read(8, 1)[0], 100);
    expect(new Set(ways)).toEqual(new Set([0x01, 0x0f, 0x81, 0xff]));
  });

  test("reads it the same again, or changes once and never back", () => {
    const reads = everyWay((choose) => {
      const flash = new ReadingFlash(doubtful(), choose);
      return Array.from({ length: 4 }, () => flash.read(8, 1)[0]);
    }, 1000);
    for (const values of reads) {
      const changes = values.filter((value, at) => at > 0 && value !== values[at - 1]).length;
      expect(changes).toBeLessThanOrEqual(1);
    }
    const texts = reads.map((values) => values.join());
    expect(texts).toEqual(expect.arrayContaining(["1,1,1,1", "1,255,255,255", "255,255,255,1"]));
    expect(new Set(texts).size).toBe(texts.length);
    // Four values to begin with, and three places to change to three others.
    expect(texts).toHaveLength(4 * (1 + 3 * 3));
  });

  test("asks nothing where nothing is in doubt", () => {
    const asked = everyWay((choose) => [...new ReadingFlash(doubtful(), choose).read(SECTOR, 4)].join(), 100);
    expect(asked).toEqual(["255,255,255,255"]);
  });

  test("tells what it was read as first", () => {
    const contents = everyWay((choose) => {
      const flash = new ReadingFlash(doubtful(), choose);
      flash.read(8, 1);
      return flash.resolved.isDoubtful() ? "in doubt" : flash.resolved.read(8, 1)[0];
    }, 100);
    expect(new Set(contents)).toEqual(new Set([0x01, 0x0f, 0x81, 0xff]));
  });
});
