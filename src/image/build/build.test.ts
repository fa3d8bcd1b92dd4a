import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fromHex, hex, Random } from "../../core/index.ts";
import { seededRandomness } from "../crypto/randomness.ts";
import { imageSegments } from "../files/hex-image.ts";
import { FLAG } from "../format/header.ts";
import { parseImage, tlvsOf } from "../format/parse.ts";
import { TLV } from "../format/tlvs.ts";
import { parseVersion } from "../format/version.ts";
import { verifyImage } from "../inspect/verify.ts";
import { generateKey } from "../keys/key-generate.ts";
import { loadPrivateKey } from "../keys/keys.ts";
import { buildImage } from "./build.ts";
import type { ImageOptions } from "./build-options.ts";

const signing = loadPrivateKey(generateKey("ecdsa-p256"));
const device = loadPrivateKey(generateKey("ecdsa-p256"));
const base: ImageOptions = { version: parseVersion("1.2.3+4"), headerBytes: 0x200, padHeader: true };
const signer = { kind: "key", key: signing } as const;
const encryption = { key: device.public } as const;
const payload = new Uint8Array(1000).fill(0x42);

describe("a built image", () => {
  test("verifies and decrypts to its payload, whatever the payload and the header size", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 32, max: 600 }),
        fc.boolean(),
        (body, room, clear) => {
          const options = { ...base, headerBytes: room, signer, encryption: { ...encryption, clear } };
          const verdict = verifyImage(buildImage(body, options).bytes, { publicKey: signing, decryptKey: device });
          expect(verdict.ok).toBe(true);
          expect(verdict.plainBody?.subarray(0, body.length)).toEqual(body);
          // Header and body together end on a cipher block; the fill is zeros.
          expect((room + (verdict.plainBody?.length ?? 0)) % 16).toBe(0);
          expect(verdict.plainBody?.subarray(body.length).every((byte) => byte === 0)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("differs from its --clear twin of one seed in the body alone", () => {
    const build = (clear: boolean): Uint8Array => {
      const randomness = seededRandomness(Random.fromSeed(5));
      return buildImage(payload, { ...base, signer, encryption: { ...encryption, clear }, randomness }).bytes;
    };
    const [plain, stored] = [build(true), build(false)];
    const differing = [...plain.keys()].filter((index) => plain[index] !== stored[index]);
    expect(Math.min(...differing)).toBeGreaterThanOrEqual(0x200);
    expect(Math.max(...differing)).toBeLessThan(0x200 + 1008);
    expect(plain).toHaveLength(stored.length);
  });

  test("holds its TLVs in imgtool's order", () => {
    const options: ImageOptions = {
      ...base,
      signer,
      encryption,
      securityCounter: "auto",
      bootRecord: "APP",
      dependencies: [{ image: 1, version: parseVersion("2.0.0") }],
      vid: new Uint8Array(16),
      customTlvs: [{ type: 0xa0, data: Uint8Array.of(1) }],
    };
    const parsed = parseImage(buildImage(payload, options).bytes);
    expect(parsed.protectedArea?.entries.map((tlv) => tlv.type)).toEqual([
      TLV.SEC_CNT,
      TLV.BOOT_RECORD,
      TLV.DEPENDENCY,
      TLV.UUID_VID,
      0xa0,
    ]);
    expect(parsed.area.entries.map((tlv) => tlv.type)).toEqual([TLV.SHA256, TLV.KEYHASH, TLV.ECDSASIG, TLV.ENCEC256]);
  });

  test("counts its version into an automatic security counter, without the build number", () => {
    const [counter] = tlvsOf(parseImage(buildImage(payload, { ...base, securityCounter: "auto" }).bytes));
    expect(hex(counter?.data ?? new Uint8Array(0))).toBe("03000201");
  });

  test("has a boot record whose measurement comes last, as zeros", () => {
    const [record] = tlvsOf(parseImage(buildImage(payload, { ...base, bootRecord: "CoFM" }).bytes));
    const signerId = "00".repeat(32);
    expect(hex(record?.data ?? new Uint8Array(0))).toBe(
      `a50164436f464d0465312e322e33055820${signerId}0666534841323536025820${"00".repeat(32)}`,
    );
  });

  test("fills its slot and ends in a trailer when padded", () => {
    const { bytes } = buildImage(payload, { ...base, slotBytes: 0x2000, writeBytes: 4, trailer: "confirm" });
    expect(bytes).toHaveLength(0x2000);
    expect(hex(bytes.subarray(-24))).toBe(`01${"ff".repeat(7)}77c295f360d2ef7f3552500f2cb67980`);
  });

  test("is refused at one byte less than image and trailer need, and not at that size", () => {
    const { image } = buildImage(payload, base);
    const fits = image.length + 1584;
    const options = { ...base, writeBytes: 4 };
    expect(buildImage(payload, { ...options, slotBytes: fits }).bytes).toHaveLength(image.length);
    expect(() => buildImage(payload, { ...options, slotBytes: fits - 1 })).toThrow(
      `Image size (0x${image.length.toString(16)}) + trailer (0x630) exceeds requested size 0x${(fits - 1).toString(16)}`,
    );
  });

  test("keeps clean header room of the payload as zeros, and puts its flags", () => {
    const { bytes } = buildImage(new Uint8Array(0x300), { ...base, padHeader: false, romFixed: 0x1_0000 });
    expect(bytes.subarray(32, 0x200).every((byte) => byte === 0)).toBe(true);
    expect(parseImage(bytes).header).toMatchObject({ flags: FLAG.ROM_FIXED, loadAddress: 0x1_0000, bodyBytes: 0x100 });
  });

  test("in a hex file shows only the trailer fields that hold something", () => {
    const slotBytes = 0x4000;
    const built = buildImage(payload, { ...base, slotBytes, writeBytes: 4, trailer: "confirm" });
    const place = { baseAddress: 0x1_0000, slotBytes, overwriteOnly: false };
    const ends = imageSegments(built, { ...place, trailer: "confirm" }).map(({ address, bytes }) => [
      address,
      bytes.length,
    ]);
    expect(ends).toEqual([
      [0x1_0000, built.image.length],
      [0x1_3fe8, 24],
    ]);
    expect(imageSegments(built, { ...place, trailer: "pad" }).at(-1)?.bytes).toHaveLength(16);
    expect(() => imageSegments(built, { ...place, slotBytes: 0, trailer: "pad" })).toThrow(/needs the slot's size/);
  });
});

describe("options are refused", () => {
  const p384 = loadPrivateKey(generateKey("ecdsa-p384"));
  const ed25519 = loadPrivateKey(generateKey("ed25519"));
  const x25519 = loadPrivateKey(generateKey("x25519"));

  test.each<[string, Partial<ImageOptions>, RegExp]>([
    ["encryption for a P-384 key, which no TLV can carry", { encryption: { key: p384 } }, /never be decrypted/],
    ["encryption for an Ed25519 key, which no TLV can carry", { encryption: { key: ed25519 } }, /never be decrypted/],
    ["signing and encryption keys of other kinds", { signer, encryption: { key: x25519 } }, /same type of key/],
    ["HMAC-SHA512 without X25519", { encryption: { ...encryption, hmac: "sha512" } }, /Only|only ECIES-X25519/],
    ["SHA-512 with P-256", { signer, hash: "sha512" }, /allowed sha are one of 256/],
    ["a pure signature with P-256", { signer, pure: true }, /need an Ed25519 key/],
    ["a signature with X25519", { signer: { kind: "key", key: x25519 } }, /cannot sign/],
    ["two addresses", { loadAddress: 1, romFixed: 1 }, /rom_fixed and load_addr/],
    ["a header below 32 bytes", { headerBytes: 31 }, /header size 31/],
    ["a header above 65535 bytes", { headerBytes: 0x1_0000 }, /header size 65536/],
    ["a security counter of 33 bits", { securityCounter: 2 ** 32 }, /security counter/],
    ["a custom TLV with a built-in number", { customTlvs: [{ type: 0x10, data: payload }] }, /conflicts/],
    ["a custom TLV out of range", { customTlvs: [{ type: 0x9f, data: payload }] }, /between 0x00a0 and 0xfffe/],
    [
      "a custom TLV given twice",
      {
        customTlvs: [
          { type: 0xa0, data: payload },
          { type: 0xa0, data: payload },
        ],
      },
      /already exists/,
    ],
    ["a long boot record", { bootRecord: "thirteen char" }, /longer than 12/],
    ["a dependency on image 256", { dependencies: [{ image: 256, version: base.version }] }, /0 to 255/],
    ["a payload that is not clean where the header goes", { padHeader: false }, /does not start with zeros/],
  ])("for %s", (_, change, reason) => {
    expect(() => buildImage(payload, { ...base, ...change })).toThrow(reason);
  });

  test("RSA-3072 for encryption, whose TLV no bootloader takes", () => {
    const key = loadPrivateKey(generateKey("rsa-3072"));
    expect(() => buildImage(payload, { ...base, encryption: { key } })).toThrow(/rsa-3072 cannot encrypt/);
  });
});

test("fixed signatures stand in the image as they were given", () => {
  const signature = fromHex("3006020101020102");
  const { bytes } = buildImage(payload, { ...base, signer: { kind: "fixed", key: signing.public, signature } });
  expect(parseImage(bytes).area.entries.at(-1)?.data).toEqual(signature);
});
