import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { FlashContent } from "./flash-content.ts";
import { afterOperation } from "./flash-rules.ts";
import type { FlashOperation } from "./operation.ts";

const SECTOR = 64;
const FLASH = 4 * SECTOR;

const operation = operationOn(SECTOR);

function operationOn(sectorBytes: number): fc.Arbitrary<FlashOperation> {
  return fc.oneof(
    fc.record({
      kind: fc.constant("erase" as const),
      offset: fc.integer({ min: 0, max: 3 }).map((sector) => sector * sectorBytes),
      bytes: fc.constant(sectorBytes),
    }),
    fc.record({
      kind: fc.constant("write" as const),
      offset: fc.integer({ min: 0, max: 4 * sectorBytes - 100 }),
      data: fc.uint8Array({ minLength: 1, maxLength: 100 }),
    }),
  );
}

function applied(model: Uint8Array, change: FlashOperation): Uint8Array {
  const length = change.kind === "erase" ? change.bytes : change.data.length;
  const next = model.slice();
  next.set(afterOperation(model.subarray(change.offset, change.offset + length), change), change.offset);
  return next;
}

describe("flash content", () => {
  // A sector of one page, one of several, and one that is no power of two of them.
  test.each([SECTOR, 2048, 1536])(
    "any operations on sectors of %i bytes leave what a plain array of bytes would hold, and no snapshot changes",
    (sectorBytes) => {
      fc.assert(
        fc.property(fc.array(operationOn(sectorBytes), { maxLength: 20 }), (operations) => {
          const flash = FlashContent.erased(4 * sectorBytes, sectorBytes);
          const states: { copy: FlashContent; model: Uint8Array }[] = [];
          let model = new Uint8Array(4 * sectorBytes).fill(0xff);
          for (const change of operations) {
            states.push({ copy: flash.snapshot(), model });
            flash.apply(change);
            model = new Uint8Array(applied(model, change));
          }
          states.push({ copy: flash, model });
          for (const state of states) expect([...state.copy.read(0, 4 * sectorBytes)]).toEqual([...state.model]);
        }),
        { numRuns: 50 },
      );
    },
  );

  test("two flashes have one identity exactly when their bytes are equal", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 8 }), fc.array(operation, { maxLength: 8 }), (first, second) => {
        const [a, b] = [first, second].map((operations) => {
          const flash = FlashContent.erased(FLASH, SECTOR);
          for (const change of operations) flash.apply(change);
          return flash;
        }) as [FlashContent, FlashContent];
        const equal = Buffer.compare(a.read(0, FLASH), b.read(0, FLASH)) === 0;
        expect(a.identity() === b.identity()).toBe(equal);
      }),
    );
  });

  test("a snapshot that changes leaves the original and its identity alone", () => {
    const flash = FlashContent.erased(FLASH, SECTOR);
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

  test("a part of the flash is the same thing to remember as long as its bytes are, and in every copy", () => {
    const flash = FlashContent.erased(64 * 4096);
    const copy = flash.snapshot();
    const before = partsOf(flash);
    flash.load(5 * 4096 + 100, Uint8Array.of(1));
    const after = partsOf(flash);
    const changed = after.filter((part, at) => part.group !== before[at]?.group);
    expect(changed.map(({ offset, bytes }) => offset <= 5 * 4096 && offset + bytes > 5 * 4096)).toEqual([true]);
    expect(partsOf(copy).map(({ group }) => group)).toEqual(before.map(({ group }) => group));
  });

  test("names of a range's pages are equal where its bytes are, change with them, and are none in doubt", () => {
    const flash = FlashContent.erased(64 * 4096);
    flash.load(4096 + 500, Uint8Array.of(1, 2, 3));
    flash.load(9 * 4096 + 500, Uint8Array.of(1, 2, 3));
    // Two pages each: 500 to 520 lies across their border.
    const name = flash.pageNames(4096 + 500, 20);
    expect(flash.pageNames(9 * 4096 + 500, 20)).toBe(name);
    flash.load(4096 + 515, Uint8Array.of(4));
    expect(flash.pageNames(4096 + 500, 20)).not.toBe(name);
    const copy = flash.snapshot();
    copy.unsettle(9 * 4096 + 500, { first: Uint8Array.of(1), later: Uint8Array.of(0) });
    expect(copy.pageNames(9 * 4096 + 500, 20)).toBeUndefined();
    expect(flash.pageNames(9 * 4096 + 500, 20)).toBe(name);
  });

  test("the SHA-256 is that of the bytes", () => {
    const flash = FlashContent.erased(FLASH, SECTOR);
    flash.load(60, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(flash.sha256(32, 64)).toBe(createHash("sha256").update(flash.read(32, 64)).digest("hex"));
  });

  test("a size that is no whole number of sectors and a range outside are refused", () => {
    expect(() => FlashContent.erased(100, SECTOR)).toThrow("no whole number of sectors");
    const flash = FlashContent.erased(FLASH, SECTOR);
    expect(() => flash.read(FLASH - 1, 2)).toThrow(RangeError);
    expect(() => flash.apply({ kind: "write", offset: FLASH, data: Uint8Array.of(0) })).toThrow(RangeError);
  });
});

describe("bits in doubt", () => {
  const old = Uint8Array.from({ length: SECTOR }, (_, at) => at);
  const erased = new Uint8Array(SECTOR).fill(0xff);
  const half = (reads: number): FlashContent => {
    const flash = FlashContent.erased(FLASH, SECTOR);
    flash.load(0, old);
    flash.apply({ kind: "erase", offset: 0, bytes: SECTOR }, { shows: "before", reads });
    return flash;
  };

  test("read one way so often as was said, then the other way for good", () => {
    const flash = half(3);
    const reads = Array.from({ length: 5 }, () => flash.read(0, SECTOR)[1]);
    expect(reads).toEqual([1, 1, 1, 0xff, 0xff]);
    expect(flash.isDoubtful()).toBe(false);
  });

  test("count the reads of their own sector only, and each copy counts its own", () => {
    const flash = half(1);
    flash.read(SECTOR, SECTOR);
    const copy = flash.snapshot();
    expect([copy.read(0, 1)[0], copy.read(1, 1)[0]]).toEqual([0, 0xff]);
    expect(flash.read(1, 1)[0]).toBe(1);
  });

  test("are part of what a content is called: the reading, the other one, and when it turns", () => {
    const names = [half(1), half(2), half(1)].map((flash) => flash.identity());
    expect(names[0]).not.toBe(names[1]);
    expect(names[0]).toBe(names[2]);
    const turned = half(1);
    turned.read(0, 1);
    const settled = FlashContent.erased(FLASH, SECTOR);
    expect([turned.identity(), turned.identity() === names[0]]).toEqual([settled.identity(), false]);
  });

  test("are never taken for something known: their sector has no name, and every other one has", () => {
    const flash = half(2);
    expect(flash.identity(0, SECTOR)).toBeUndefined();
    expect(flash.identity(SECTOR, SECTOR)).toBe(flash.identity(SECTOR, SECTOR));
  });

  test("are gone when they are erased, programmed or loaded, and stay otherwise", () => {
    const programmed = half(9);
    programmed.apply({ kind: "write", offset: 0, data: new Uint8Array(SECTOR) });
    const wiped = half(9);
    wiped.apply({ kind: "erase", offset: 0, bytes: SECTOR });
    const loaded = half(9);
    loaded.load(0, old);
    const elsewhere = half(9);
    elsewhere.apply({ kind: "write", offset: SECTOR, data: new Uint8Array(4) });
    expect([programmed, wiped, loaded, elsewhere].map((flash) => flash.isDoubtful())).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(wiped.read(0, SECTOR)).toEqual(erased);
  });

  test("can be looked at without turning them", () => {
    const flash = half(1);
    expect(flash.still().read(0, SECTOR)).toEqual(old);
    expect([...(flash.doubt(0, 3) ?? [])]).toEqual([0xff, 0xfe, 0xfd]);
    expect(flash.doubt(SECTOR, 4)).toBeUndefined();
    expect(flash.read(0, 4)).toEqual(old.subarray(0, 4));
  });
});

function partsOf(flash: FlashContent) {
  const parts: { readonly group: object; readonly offset: number; readonly bytes: number }[] = [];
  flash.eachPart(0, flash.bytes, (group, offset, bytes) => parts.push({ group, offset, bytes }));
  return parts;
}
