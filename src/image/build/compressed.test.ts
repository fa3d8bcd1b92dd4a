import { describe, expect, test } from "@jest/globals";
import { hex } from "../../core/index.ts";
import { FLAG } from "../format/header.ts";
import { parseImage } from "../format/parse.ts";
import { TLV } from "../format/tlvs.ts";
import { parseVersion } from "../format/version.ts";
import { verifyImage } from "../inspect/verify.ts";
import { generateKey } from "../keys/key-generate.ts";
import { loadPrivateKey } from "../keys/keys.ts";
import { buildImage } from "./build.ts";
import type { CompressionOptions, ImageOptions, LzmaParameters } from "./build-options.ts";
import { LZMA_DEFAULTS } from "./compressed.ts";

const key = loadPrivateKey(generateKey("ed25519"));
const device = loadPrivateKey(generateKey("x25519"));
const payload = new Uint8Array(3000).fill(0x42);
const options: ImageOptions = {
  version: parseVersion("1.0.0"),
  headerBytes: 0x40,
  padHeader: true,
  signer: { kind: "key", key },
  securityCounter: 1,
};

/** An encoder that answers with `bytes` bytes: only sizes and places matter here. */
function encoderOf(bytes: number, change: Partial<LzmaParameters> = {}): CompressionOptions {
  return { encode: () => new Uint8Array(bytes).fill(0x11), parameters: { ...LZMA_DEFAULTS, ...change } };
}

describe("a compressed image", () => {
  const built = buildImage(payload, { ...options, compression: encoderOf(500) });
  const { header, body, protectedArea } = parseImage(built.bytes);

  test("holds the stream behind two bytes that name its parameters", () => {
    expect(hex(body.subarray(0, 3))).toBe("0a6611");
    expect(header).toMatchObject({ bodyBytes: 502, flags: FLAG.COMPRESSED_LZMA2 });
    expect(built.compression).toEqual({ originalBytes: 3000, compressedBytes: 500, used: true });
  });

  test("tells size, hash and signature of the image it decompresses to, which is the one built without compression", () => {
    const plain = buildImage(payload, options);
    const told = protectedArea?.entries.map(({ type, data }) => [type, hex(data)]);
    expect(told).toEqual([
      [TLV.SEC_CNT, "01000000"],
      [TLV.DECOMP_SIZE, "b80b0000"],
      [TLV.DECOMP_SHA, hex(plain.digest)],
      [TLV.DECOMP_SIGNATURE, hex(plain.signature ?? new Uint8Array(0))],
    ]);
    expect(verifyImage(built.bytes, { publicKey: key }).ok).toBe(true);
  });

  test("that is encrypted tells the length of its stream before the padding", () => {
    const encrypted = { ...options, encryption: { key: device }, compression: encoderOf(501, { armThumb: true }) };
    const parsed = parseImage(buildImage(payload, encrypted).bytes);
    expect(parsed.header).toMatchObject({
      bodyBytes: 512,
      flags: FLAG.COMPRESSED_LZMA2 | FLAG.COMPRESSED_ARM_THUMB | FLAG.ENCRYPTED_AES128,
    });
    const length = parsed.protectedArea?.entries.find((tlv) => tlv.type === TLV.COMP_DEC_SIZE);
    expect(hex(length?.data ?? new Uint8Array(0))).toBe("f7010000");
  });

  test("stays non-bootable when it was to be", () => {
    const parsed = parseImage(buildImage(payload, { ...options, nonBootable: true, compression: encoderOf(9) }).bytes);
    expect(parsed.header.flags & FLAG.NON_BOOTABLE).not.toBe(0);
  });
});

test("a compressed image must fit its slot unpacked", () => {
  const compression = encoderOf(9);
  const sized = (slotBytes: number) => buildImage(payload, { ...options, compression, slotBytes });
  const { length } = buildImage(payload, options).image;
  const trailerBytes = 128 * 3 + 4 * 8 + 16;
  expect(() => sized(length + trailerBytes - 1)).toThrow(
    `Image size (0x${length.toString(16)}) + trailer (0x1b0) exceeds requested size`,
  );
  expect(sized(length + trailerBytes).compression?.used).toBe(true);
});

describe("compression that makes nothing smaller", () => {
  test("leaves the plain image", () => {
    const built = buildImage(payload, { ...options, compression: encoderOf(2999) });
    expect(built.image).toEqual(buildImage(payload, options).image);
    expect(built.compression?.used).toBe(false);
  });

  test("is refused with encryption: the plain image would go out marked as encrypted", () => {
    const encrypted = { ...options, encryption: { key: device }, compression: encoderOf(2999) };
    expect(() => buildImage(payload, encrypted)).toThrow(/would not be encrypted/);
  });
});

test("a dictionary beyond what two bytes can name is refused", () => {
  const compression = encoderOf(1, { dictionaryBytes: 2 ** 33 });
  expect(() => buildImage(payload, { ...options, compression })).toThrow(/too large for LZMA2/);
});
