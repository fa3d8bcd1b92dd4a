import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hex } from "../../core/index.ts";
import { decodeCommandBlock, encodeCommandBlock, PCD_MAGICS } from "./command-block.ts";

const word = fc.integer({ min: 0, max: 0xffff_ffff });

describe("the command block of the network core's bootloader", () => {
  test("comes back as it was written", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PCD_MAGICS), word, word, word, (row, dataAddress, bytes, flashOffset) => {
        const block = { status: row.name, dataAddress, bytes, flashOffset };
        expect(decodeCommandBlock(encodeCommandBlock(block))).toEqual(block);
      }),
    );
  });

  test("is four little-endian words, the magic of the command first", () => {
    const block = { status: "copy", dataAddress: 0x8_0200, bytes: 0x4000, flashOffset: 0x8800 } as const;
    expect(hex(encodeCommandBlock(block))).toBe("b6b3b4b5000208000040000000880000");
  });

  test("of any other magic, such as the noise of RAM after power-on, reads as failed", () => {
    const magics = PCD_MAGICS.map((row) => row.magic);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (noise) => {
        const first = new DataView(noise.buffer, noise.byteOffset).getUint32(0, true);
        fc.pre(!magics.some((magic) => magic === first));
        expect(decodeCommandBlock(noise).status).toBe("failed");
      }),
    );
  });
});
