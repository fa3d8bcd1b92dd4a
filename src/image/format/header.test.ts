import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fromHex, hex } from "../../core/index.ts";
import { decodeHeader, encodeHeader, FLAG, flagNames, HEADER, HEADER_BYTES, IMAGE_MAGIC } from "./header.ts";

const uint32 = fc.nat(0xffff_ffff);
const header = fc.record({
  magic: uint32,
  loadAddress: uint32,
  headerBytes: fc.nat(0xffff),
  protectedTlvBytes: fc.nat(0xffff),
  bodyBytes: uint32,
  flags: uint32,
  version: fc.record({ major: fc.nat(0xff), minor: fc.nat(0xff), revision: fc.nat(0xffff), build: uint32 }),
  reserved: uint32,
});

const sample = {
  magic: IMAGE_MAGIC,
  loadAddress: 0,
  headerBytes: 512,
  protectedTlvBytes: 0,
  bodyBytes: 1024,
  flags: FLAG.ENCRYPTED_AES128,
  version: { major: 1, minor: 2, revision: 3, build: 4 },
  reserved: 0,
};

describe("header", () => {
  test("the table covers 32 bytes without a hole or an overlap", () => {
    const ends = HEADER.map((row) => row.offset + row.bytes);
    expect(HEADER.map((row) => row.offset)).toEqual([0, ...ends.slice(0, -1)]);
    expect(ends.at(-1)).toBe(HEADER_BYTES);
  });

  test("what is encoded is decoded to the same header, in both byte orders", () => {
    fc.assert(
      fc.property(header, fc.constantFrom("little" as const, "big" as const), (sent, endian) =>
        expect(decodeHeader(encodeHeader(sent, endian), endian)).toEqual(sent),
      ),
    );
  });

  test("fields lie where MCUboot's struct has them", () => {
    const bytes = "3db8f396 00000000 0002 0000 00040000 04000000 01 02 0300 04000000 00000000";
    expect(hex(encodeHeader(sample))).toBe(hex(fromHex(bytes)));
  });

  test("a big-endian header starts with the magic's high byte", () => {
    expect(hex(encodeHeader(sample, "big").subarray(0, 4))).toBe("96f3b83d");
  });

  test.each([0, 10, 31])("%i bytes are refused as shorter than a header", (length) => {
    expect(() => decodeHeader(new Uint8Array(length))).toThrow(/shorter than a header/);
  });

  test("decoding does not judge: erased flash is a header too", () => {
    expect(decodeHeader(new Uint8Array(32).fill(0xff)).magic).toBe(0xffff_ffff);
  });

  test.each([
    ["headerBytes", { headerBytes: 0x1_0000 }],
    ["bodyBytes", { bodyBytes: -1 }],
    ["loadAddress", { loadAddress: 0.5 }],
  ])("a number that does not fit %s is refused by the field's name", (field, change) => {
    expect(() => encodeHeader({ ...sample, ...change })).toThrow(field);
  });

  test("flags are named, and bits without a name left out", () => {
    expect(flagNames(FLAG.ENCRYPTED_AES256 | FLAG.ROM_FIXED | 0x40)).toEqual(["ENCRYPTED_AES256", "ROM_FIXED"]);
  });
});
