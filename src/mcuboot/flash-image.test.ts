import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { FlashImage } from "./flash-image.ts";
import { afterOperation } from "./flash-rules.ts";
import type { FlashOperation } from "./steps.ts";

const SECTOR = 64;
const FLASH = 4 * SECTOR;

const operation: fc.Arbitrary<FlashOperation> = fc.oneof(
  fc.record({
    kind: fc.constant("erase" as const),
    offset: fc.integer({ min: 0, max: 3 }).map((sector) => sector * SECTOR),
    bytes: fc.constant(SECTOR),
  }),
  fc.record({
    kind: fc.constant("write" as const),
    offset: fc.integer({ min: 0, max: FLASH - 100 }),
    data: fc.uint8Array({ minLength: 1, maxLength: 100 }),
  }),
);

function applied(model: Uint8Array, change: FlashOperation): Uint8Array {
  const length = change.kind === "erase" ? change.bytes : change.data.length;
  const next = model.slice();
  next.set(afterOperation(model.subarray(change.offset, change.offset + length), change), change.offset);
  return next;
}

describe("flash image", () => {
  test("any operations leave what a plain array of bytes would hold, and no snapshot changes", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
        const flash = FlashImage.erased(FLASH, SECTOR);
        const states: { copy: FlashImage; model: Uint8Array }[] = [];
        let model = new Uint8Array(FLASH).fill(0xff);
        for (const change of operations) {
          states.push({ copy: flash.snapshot(), model });
          flash.apply(change);
          model = new Uint8Array(applied(model, change));
        }
        states.push({ copy: flash, model });
        for (const state of states) expect([...state.copy.read(0, FLASH)]).toEqual([...state.model]);
      }),
      { numRuns: 50 },
    );
  });

  test("two flashes have one identity exactly when their bytes are equal", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 8 }), fc.array(operation, { maxLength: 8 }), (first, second) => {
        const [a, b] = [first, second].map((operations) => {
          const flash = FlashImage.erased(FLASH, SECTOR);
          for (const change of operations) flash.apply(change);
          return flash;
        }) as [FlashImage, FlashImage];
        const equal = Buffer.compare(a.read(0, FLASH), b.read(0, FLASH)) === 0;
        expect(a.identity() === b.identity()).toBe(equal);
      }),
    );
  });

  test("a snapshot that changes leaves the original and its identity alone", () => {
    const flash = FlashImage.erased(FLASH, SECTOR);
    flash.load(0, Uint8Array.of(1, 2, 3));
    const name = flash.identity();
    const copy = flash.snapshot();
    copy.apply({ kind: "erase", offset: 0, bytes: SECTOR });
    copy.load(SECTOR, Uint8Array.of(9));
    expect([...flash.read(0, 3)]).toEqual([1, 2, 3]);
    expect(flash.identity()).toBe(name);
    flash.load(2, Uint8Array.of(7));
    expect(flash.identity()).not.toBe(name);
  });

  test("the SHA-256 is that of the bytes", () => {
    const flash = FlashImage.erased(FLASH, SECTOR);
    flash.load(60, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(flash.sha256(32, 64)).toBe(createHash("sha256").update(flash.read(32, 64)).digest("hex"));
  });

  test("a size that is no whole number of sectors and a range outside are refused", () => {
    expect(() => FlashImage.erased(100, SECTOR)).toThrow("no whole number of sectors");
    const flash = FlashImage.erased(FLASH, SECTOR);
    expect(() => flash.read(FLASH - 1, 2)).toThrow(RangeError);
    expect(() => flash.apply({ kind: "write", offset: FLASH, data: Uint8Array.of(0) })).toThrow(RangeError);
  });
});
