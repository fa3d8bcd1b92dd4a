import { describe, expect, test } from "@jest/globals";
import { hex } from "../../core/index.ts";
import {
  imgtoolTrailer,
  imgtoolTrailerBytes,
  type MaxAlign,
  maxAlignOfMagic,
  type TrailerShape,
  trailerBytes,
  trailerLayout,
  trailerMagic,
} from "./trailer.ts";

const shape: TrailerShape = {
  maxAlign: 8,
  writeBytes: 4,
  maxSectors: 128,
  statesPerSector: 3,
  keySlotBytes: 0,
  hasTlvSizes: false,
};

const swap = { writeBytes: 4, maxAlign: 8, maxSectors: 128, overwriteOnly: false, keySlotBytes: 0 } as const;

describe("trailer", () => {
  test.each([
    [8, 24, 32, 40, 48],
    [16, 32, 48, 64, 80],
    [32, 64, 96, 128, 160],
  ])("with alignment %i the flags lie where MCUboot looks for them", (maxAlign, imageOk, copyDone, info, size) => {
    const { fields } = trailerLayout({ ...shape, maxAlign: maxAlign as MaxAlign });
    expect(fields.magic).toEqual({ fromEnd: 16, bytes: 16 });
    expect([fields.imageOk, fields.copyDone, fields.swapInfo, fields.swapSize].map((place) => place.fromEnd)).toEqual([
      imageOk,
      copyDone,
      info,
      size,
    ]);
  });

  test("swap using offset has one field more, between swap_info and swap_size", () => {
    const { fields, totalBytes } = trailerLayout({ ...shape, statesPerSector: 2, hasTlvSizes: true });
    expect(fields.tlvSizes?.fromEnd).toBe(48);
    expect(fields.swapSize.fromEnd).toBe(56);
    expect(totalBytes).toBe(56 + 128 * 2 * 4);
  });

  test("keys are kept below swap_size, slot 0 first, each filled up to the alignment", () => {
    const { fields } = trailerLayout({ ...shape, maxAlign: 32, keySlotBytes: 16 });
    expect(fields.key0).toEqual({ fromEnd: 192, bytes: 32 });
    expect(fields.key1).toEqual({ fromEnd: 224, bytes: 32 });
    expect(trailerLayout(shape).fields.key0).toBeUndefined();
  });

  test("the status area is the trailer's lowest part", () => {
    const { fields, totalBytes } = trailerLayout({ ...shape, keySlotBytes: 32 });
    expect(fields.status).toEqual({ fromEnd: totalBytes, bytes: 128 * 3 * 4 });
  });

  test.each([
    [4, 8, 0, 1584],
    [8, 8, 0, 3120],
    [1, 8, 0, 432],
    [4, 8, 16, 1616],
  ])("align %i, max-align %i, key %i: imgtool reserves %i bytes", (writeBytes, maxAlign, keySlotBytes, bytes) => {
    expect(imgtoolTrailerBytes({ ...swap, writeBytes, maxAlign: maxAlign as MaxAlign, keySlotBytes })).toBe(bytes);
  });

  test("overwrite-only reserves two flags and the magic, and never sets image_ok", () => {
    const overwrite = { ...swap, overwriteOnly: true };
    const bytes = imgtoolTrailer(overwrite, { confirmed: true, erasedValue: 0xff, endian: "little" });
    expect(imgtoolTrailerBytes(overwrite)).toBe(32);
    expect(hex(bytes)).toBe(`${"ff".repeat(16)}77c295f360d2ef7f3552500f2cb67980`);
  });

  test("only what is given is written; all else reads as erased", () => {
    const layout = trailerLayout({ ...shape, maxSectors: 0 });
    const bytes = trailerBytes(layout, { imageOk: true, swapInfo: 0x12, swapSizeBytes: 0x0001_0203 });
    expect(hex(bytes)).toBe(
      `03020100ffffffff12${"ff".repeat(7)}${"ff".repeat(8)}01${"ff".repeat(7)}77c295f360d2ef7f3552500f2cb67980`,
    );
  });

  test.each([8, 16, 32] as const)("the magic of alignment %i is known again", (maxAlign) => {
    expect(maxAlignOfMagic(trailerMagic(maxAlign))).toBe(maxAlign);
  });

  test("an alignment without a magic is refused", () => {
    expect(() => trailerMagic(64 as MaxAlign)).toThrow(/use 8, 16 or 32/);
  });
});
