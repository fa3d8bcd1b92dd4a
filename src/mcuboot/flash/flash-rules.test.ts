import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { afterOperation, brokenRule, type Torn } from "./flash-rules.ts";
import type { FlashOperation } from "./operation.ts";

const write = (data: Uint8Array, offset = 0): FlashOperation => ({ kind: "write", offset, data });
const erase = (bytes: number, offset = 0): FlashOperation => ({ kind: "erase", offset, bytes });
const bytes = fc.uint8Array({ minLength: 4, maxLength: 64 });

describe("flash rules", () => {
  test("a write never sets a bit, and an erase never clears one, torn or not", () => {
    const torn = fc.option(fc.constantFrom<Torn>("head", "tail", "bits", { prefixBytes: 5 }), { nil: undefined });
    fc.assert(
      fc.property(bytes, bytes, torn, (before, data, how) => {
        const padded = Uint8Array.from(before, (_, index) => data[index % data.length] ?? 0);
        const written = afterOperation(before, write(padded), how);
        const erased = afterOperation(before, erase(before.length), how);
        return before.every(
          (old, index) => ((written[index] ?? 0) & ~old) === 0 && ((erased[index] ?? 0) & old) === old,
        );
      }),
    );
  });

  test("halves of a torn write are of its bytes, odd lengths rounded down", () => {
    const before = new Uint8Array(5).fill(0xff);
    const data = Uint8Array.of(1, 2, 3, 4, 5);
    expect([...afterOperation(before, write(data), "head")]).toEqual([1, 2, 0xff, 0xff, 0xff]);
    expect([...afterOperation(before, write(data), "tail")]).toEqual([0xff, 0xff, 3, 4, 5]);
  });

  test("torn bits reach the low half of each byte only", () => {
    expect([...afterOperation(Uint8Array.of(0xff), write(Uint8Array.of(0x01)), "bits")]).toEqual([0xf1]);
    expect([...afterOperation(Uint8Array.of(0x21), erase(1), "bits")]).toEqual([0x2f]);
  });

  test("a write of half a word, an erase of half a sector and a bit that would have to be set are refused", () => {
    const rules = { sectorBytes: 16, writeBytes: 4 };
    const blank = new Uint8Array(16).fill(0xff);
    expect(brokenRule(blank, erase(16), rules)).toBeUndefined();
    expect(brokenRule(blank, erase(8), rules)).toMatch("not a whole number");
    expect(brokenRule(blank.subarray(0, 4), write(new Uint8Array(4), 2), rules)).toMatch("4-byte units");
    expect(brokenRule(Uint8Array.of(0, 0, 0, 0), write(Uint8Array.of(0, 0, 1, 0), 0x100), rules)).toMatch(
      "set a bit at 0x102",
    );
    expect(brokenRule(Uint8Array.of(0, 0, 1, 0), write(Uint8Array.of(0, 0, 1, 0)), rules)).toBeUndefined();
  });
});
