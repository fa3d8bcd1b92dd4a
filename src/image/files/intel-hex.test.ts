import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { flatten, formatIntelHex, joinSegments, parseIntelHex } from "./intel-hex.ts";

const segment = fc.record({
  address: fc.nat(0x30_0000),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
});

describe("Intel HEX", () => {
  test("what is written is read back: same bytes at the same addresses", () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (pieces) => {
        const sorted = [...pieces].sort((a, b) => a.address - b.address);
        const overlaps = sorted.some((piece, index) => {
          const next = sorted[index + 1];
          return next !== undefined && piece.address + piece.bytes.length > next.address;
        });
        fc.pre(!overlaps);
        const sent = joinSegments(pieces);
        expect(parseIntelHex(formatIntelHex(sent))).toEqual(sent);
      }),
    );
  });

  test("below 64 KiB there is no address record", () => {
    expect(formatIntelHex([{ address: 0, bytes: Uint8Array.of(1, 2) }])).toBe(":020000000102FB\n:00000001FF\n");
  });

  test("a record ends at a 64 KiB border, and the next names its upper half", () => {
    expect(formatIntelHex([{ address: 0xffff, bytes: Uint8Array.of(1, 2) }])).toBe(
      ":020000040000FA\n:01FFFF000100\n:020000040001F9\n:0100000002FD\n:00000001FF\n",
    );
  });

  test("a long run of records is read: more of them than a call may have arguments", () => {
    const bytes = new Uint8Array(16 * 130_000).map((_, index) => index % 251);
    const [read] = parseIntelHex(formatIntelHex([{ address: 0x1000, bytes }]));
    expect(read?.address).toBe(0x1000);
    expect(Buffer.compare(read?.bytes ?? new Uint8Array(), bytes)).toBe(0);
  });

  test.each([
    [0xffff_fe00, 0x200, true],
    [0xffff_fe00, 0x201, false],
    [0x1_0000_0000, 1, false],
    [-1, 1, false],
  ])("bytes at %i, %i of them, fit the format: %s", (address, length, fits) => {
    const write = () => formatIntelHex([{ address, bytes: new Uint8Array(length) }]);
    if (fits) expect(parseIntelHex(write())[0]?.address).toBe(address);
    else expect(write).toThrow(/32 bits/);
  });

  test("holes are filled, and the lowest address is kept", () => {
    const text = ":0100100001EE\n:0100130004E8\n:00000001FF\n";
    expect(flatten(parseIntelHex(text))).toEqual({ address: 0x10, bytes: Uint8Array.of(1, 0xff, 0xff, 4) });
  });

  test("extended segment addresses count in sixteens", () => {
    const [only] = parseIntelHex(":020000021000EC\n:0100000001FE\n:00000001FF\n");
    expect(only?.address).toBe(0x1_0000);
  });

  test.each([
    ["a wrong checksum", ":0100000001FF", /line 1 .*checksum/],
    ["no end record", ":0100000001FE\n", /no end record/],
    ["records behind the end", ":00000001FF\n:0100000001FE\n", /line 2 behind its end record in line 1/],
    ["no colon", "0100000001FE", /colon/],
    ["other length than announced", ":0200000001FD", /2 data bytes/],
    ["an unknown type", ":0100000901F5", /type 9/],
    ["an address record without two bytes", ":0100000401FA", /two data bytes/],
    ["letters", ":01000000zzFE", /hex digits/],
  ])("%s is refused", (_, line, reason) => {
    expect(() => parseIntelHex(line)).toThrow(reason);
  });

  test("a byte given twice is refused", () => {
    expect(() => parseIntelHex(":0100000001FE\n:0100000002FD\n:00000001FF\n")).toThrow(/0x0 twice/);
  });

  test("a file without data, and one that spans gigabytes, cannot be flattened", () => {
    expect(() => flatten(parseIntelHex(":00000001FF\n"))).toThrow(/no data/);
    expect(() => flatten([segmentAt(0), segmentAt(0x7fff_0000)])).toThrow(/spans/);
  });
});

function segmentAt(address: number): { address: number; bytes: Uint8Array } {
  return { address, bytes: Uint8Array.of(1) };
}
