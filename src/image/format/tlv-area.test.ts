import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, hex, isKind } from "../../core/index.ts";
import { encodeTlvArea, readTlvArea, tlvAreaBytes } from "./tlv-area.ts";
import { CUSTOM_TLV, TLV, TLVS, tlvLabel } from "./tlvs.ts";

const entry = fc.record({ type: fc.nat(0xffff), data: fc.uint8Array({ maxLength: 80 }) });
const entries = fc.array(entry, { maxLength: 12 });

describe("TLV area", () => {
  test("what is encoded is read back, wherever it stands in the file", () => {
    fc.assert(
      fc.property(entries, fc.boolean(), fc.nat(64), (sent, isProtected, offset) => {
        const area = encodeTlvArea(sent, isProtected);
        const read = readTlvArea(concat(new Uint8Array(offset), area, new Uint8Array(7)), offset);
        expect(read.entries.map(({ type, data }) => ({ type, data }))).toEqual(sent);
        expect(read).toMatchObject({ protected: isProtected, offset, end: offset + area.length });
        expect(area).toHaveLength(tlvAreaBytes(sent));
      }),
    );
  });

  test("every truncation is an image error, never a crash or an answer", () => {
    const whole = encodeTlvArea([{ type: TLV.SHA256, data: new Uint8Array(32) }], false);
    for (let length = 0; length < whole.length; length += 1) {
      let thrown: unknown;
      try {
        readTlvArea(whole.subarray(0, length), 0);
      } catch (error) {
        thrown = error;
      }
      expect(isKind(thrown, "image")).toBe(true);
    }
  });

  test("an entry that runs past its area is refused by its name, though the file goes on", () => {
    const area = encodeTlvArea([{ type: TLV.ECDSASIG, data: new Uint8Array(8) }], false);
    area[6] = 0xff;
    expect(() => readTlvArea(concat(area, new Uint8Array(1000)), 0)).toThrow(/ECDSASIG \(0x22\) .*past its end/);
  });

  test("other bytes where an area should be are no TLV area", () => {
    expect(() => readTlvArea(new Uint8Array(16), 0)).toThrow(/no TLV area at offset 0x0/);
  });

  test("an area that claims less than its own header is refused", () => {
    expect(() => readTlvArea(Uint8Array.of(0x07, 0x69, 3, 0), 0)).toThrow(/TLV area/);
  });

  test("in big-endian areas built-in types keep their byte order and custom ones turn", () => {
    const area = encodeTlvArea(
      [
        { type: TLV.SEC_CNT, data: new Uint8Array(0) },
        { type: 0x01a0, data: new Uint8Array(0) },
      ],
      true,
      "big",
    );
    expect(hex(area)).toBe("6908000c5000000001a00000");
    expect(readTlvArea(area, 0, "big").entries.map((tlv) => tlv.type)).toEqual([TLV.SEC_CNT, 0x01a0]);
  });

  test("an area of more than 65535 bytes cannot be written", () => {
    expect(() => encodeTlvArea([{ type: 0xa0, data: new Uint8Array(0xffff) }], true)).toThrow(/too large/);
  });

  test("no two rows of the table share a type, and none is a custom number", () => {
    const types = TLVS.map((row) => row.type);
    expect(new Set(types).size).toBe(types.length);
    expect(Math.max(...types)).toBeLessThan(CUSTOM_TLV.min);
  });

  test("a TLV is named for people by name and number", () => {
    expect([TLV.SHA256, 0xa0, 0x7f].map(tlvLabel)).toEqual(["SHA256 (0x10)", "custom 0x00a0", "unknown 0x007f"]);
  });
});
