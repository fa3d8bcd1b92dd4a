import { describe, expect, test } from "@jest/globals";
import { type StartPlace, startFault } from "./runnable.ts";

const PLACE: StartPlace = { bodyAddress: 0x10200, endAddress: 0x12000, ramEnd: 0x2008_0000 };

/** A vector table's first two words, and nothing else. */
function table(stack: number, reset: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, stack, true);
  new DataView(bytes.buffer).setUint32(4, reset, true);
  return bytes;
}

describe("a processor", () => {
  test.each([
    [0x2008_0000, 0x10201],
    [0x2000_0004, 0x11fff],
  ])("starts with its stack at 0x%x and its reset vector at 0x%x", (stack, reset) => {
    expect(startFault(table(stack, reset), PLACE)).toBeUndefined();
  });

  test.each([
    [0x2008_0004, 0x10201, /stack pointer is 0x20080004, no address in RAM/],
    [0x2000_0000, 0x10201, /no address in RAM/],
    [0x2000_1001, 0x10201, /no address in RAM/],
    [0xffff_ffff, 0xffff_ffff, /stack pointer is 0xffffffff/],
    [0x96f3_b83d, 0, /stack pointer is 0x96f3b83d/],
    [0x2000_1000, 0x10200, /reset vector is 0x10200, no Thumb address from 0x10200 to 0x12000/],
    [0x2000_1000, 0x101ff, /another slot's/],
    [0x2000_1000, 0x12001, /another slot's/],
    [0x2000_1000, 0x0100_8c01, /another core's/],
  ])("does not with 0x%x and 0x%x", (stack, reset, reason) => {
    expect(startFault(table(stack, reset), PLACE)).toMatch(reason);
  });

  test("finds no vector table where VTOR cannot point, and none in less than two words", () => {
    const good = table(0x2000_1000, 0x10301);
    expect(startFault(good, { ...PLACE, bodyAddress: 0x10020 })).toMatch(/VTOR takes multiples of 128/);
    expect(startFault(good, { ...PLACE, bodyAddress: 0x10020, alignBytes: 4 })).toBeUndefined();
    expect(startFault(good.subarray(0, 7), PLACE)).toMatch(/7 bytes: no vector table/);
  });
});
