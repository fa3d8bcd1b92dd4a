import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concat, isHilError, Random } from "../../core/index.ts";
import { aesCtr } from "../crypto/body-cipher.ts";
import { seededRandomness } from "../crypto/randomness.ts";
import { parseIntelHex } from "../files/intel-hex.ts";
import { readZip } from "../files/zip.ts";
import { encodeHeader, FLAG } from "../format/header.ts";
import { type ParsedImage, parseImage } from "../format/parse.ts";
import { encodeTlvArea } from "../format/tlv-area.ts";
import { TLV, tlvRow } from "../format/tlvs.ts";
import { verifyImage } from "../inspect/verify.ts";
import { generateKey } from "../keys/key-generate.ts";
import { loadPrivateKey } from "../keys/keys.ts";
import { asked, damaged } from "../testing/fuzz.ts";
import { buildImage } from "./build.ts";
import type { ImageOptions } from "./build-options.ts";

const signing = loadPrivateKey(generateKey("ecdsa-p256"));
const edSigning = loadPrivateKey(generateKey("ed25519"));
const device = loadPrivateKey(generateKey("ecdsa-p256"));
const wide = loadPrivateKey(generateKey("x25519"));

/**
 * In a big-endian image built-in types are a type byte and a zero, custom ones 16-bit numbers: 0x1000 is written with
 * the very bytes of SHA256 (0x10, 0x00), by imgtool too. Nobody can read such a type back.
 */
const readsAsBuiltIn = (type: number) => (type & 0xff) === 0 && tlvRow(type >> 8) !== undefined;

/** What may differ between two images and can be read back from one. */
const wishes = fc.record({
  version: fc.record({
    major: fc.nat(255),
    minor: fc.nat(255),
    revision: fc.nat(65_535),
    build: fc.nat(0xffff_ffff),
  }),
  headerBytes: fc.integer({ min: 32, max: 2048 }),
  bodyBytes: fc.nat(3000),
  loadAddress: fc.nat(0xffff_ffff),
  securityCounter: fc.option(fc.nat(0xffff_ffff)),
  customTlvs: fc.uniqueArray(
    fc.record({
      type: fc.integer({ min: 0xa0, max: 0xfffe }).filter((type) => !readsAsBuiltIn(type)),
      data: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 4, selector: (tlv) => tlv.type },
  ),
  keys: fc.constantFrom("none", "ecdsa", "ed25519", "ecdsa encrypted", "x25519 encrypted"),
  endian: fc.constantFrom("little", "big"),
  keyBits: fc.constantFrom(128, 256),
});
type Wish = typeof wishes extends fc.Arbitrary<infer T> ? T : never;

function optionsOf(wish: Wish, seed: number): ImageOptions {
  const { keys, securityCounter, bodyBytes: _, keyBits, ...plain } = wish;
  const signer = keys.startsWith("ecdsa") ? signing : keys === "none" ? undefined : edSigning;
  const encryptFor = keys === "ecdsa encrypted" ? device : keys === "x25519 encrypted" ? wide : undefined;
  return {
    ...plain,
    padHeader: true,
    ...(securityCounter === null ? {} : { securityCounter }),
    ...(signer === undefined ? {} : { signer: { kind: "key", key: signer } }),
    ...(encryptFor === undefined ? {} : { encryption: { key: encryptFor, keyBits } }),
    randomness: seededRandomness(Random.fromSeed(seed)),
  };
}

/** The wish that a parsed image fulfils. */
function wishOf(image: ParsedImage, wish: Wish): Wish {
  const entries = image.protectedArea?.entries ?? [];
  const counter = entries.find((tlv) => tlv.type === TLV.SEC_CNT)?.data;
  const little = image.endian === "little";
  return {
    ...wish,
    version: image.header.version,
    headerBytes: image.header.headerBytes,
    loadAddress: image.header.loadAddress,
    securityCounter:
      counter === undefined ? null : new DataView(counter.buffer, counter.byteOffset).getUint32(0, little),
    customTlvs: entries
      .filter((tlv) => tlv.type >= 0xa0)
      .map(({ type, data }) => ({ type, data: Uint8Array.from(data) })),
    endian: image.endian,
    keyBits: (image.header.flags & FLAG.ENCRYPTED_AES256) === 0 ? 128 : 256,
  };
}

describe("images", () => {
  test("build, parse, build again from what was read: the same bytes", () => {
    fc.assert(
      fc.property(wishes, fc.nat(), (wish, seed) => {
        const payload = Random.fromSeed(seed).bytes(wish.bodyBytes);
        const { image: built } = buildImage(payload, optionsOf(wish, seed));
        const image = parseImage(built, { endian: wish.endian });
        expect(buildImage(payload, optionsOf(wishOf(image, wish), seed)).image).toEqual(built);
      }),
      { numRuns: 150 },
    );
  });

  test("a big-endian custom type with the bytes of a built-in one is read as that one, a little-endian one is not", () => {
    const typesOf = (endian: "little" | "big") => {
      const options = { ...PLAIN, endian, customTlvs: [{ type: 0x1000, data: new Uint8Array(2) }] };
      const { protectedArea } = parseImage(buildImage(new Uint8Array(16), options).image, { endian });
      return protectedArea?.entries.map(({ type }) => type);
    };
    expect([typesOf("little"), typesOf("big")]).toEqual([[0x1000], [TLV.SHA256]]);
  });

  test("parse, then write the parts down again: the same bytes", () => {
    fc.assert(
      fc.property(wishes, fc.nat(), (wish, seed) => {
        const payload = Random.fromSeed(seed).bytes(wish.bodyBytes);
        const { image: built } = buildImage(payload, optionsOf(wish, seed));
        const { header, endian, headerRoom, body, protectedArea, area } = parseImage(built, { endian: wish.endian });
        const again = concat(
          encodeHeader(header, endian),
          headerRoom.subarray(32),
          body,
          ...(protectedArea === undefined ? [] : [encodeTlvArea(protectedArea.entries, true, endian)]),
          encodeTlvArea(area.entries, false, endian),
        );
        expect(again).toEqual(built);
      }),
      { numRuns: 150 },
    );
  });
});

describe("encryption", () => {
  // Every size is in scripts/nightly/fuzz-image.ts; here the edges of blocks, and every 61st.
  const sizes = [0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 255, 256, 257, 4079, 4080, 4081, 4095, 4096];
  for (let bytes = 61; bytes < 4096; bytes += 61) sizes.push(bytes);

  test.each([16, 32])("with an AES key of %i bytes is undone by itself, at all sizes", (keyBytes) => {
    const key = Random.fromSeed(keyBytes).bytes(keyBytes);
    const broken = sizes.filter((bytes) => {
      const plain = Random.fromSeed(bytes).bytes(bytes);
      return !Buffer.from(aesCtr(key, aesCtr(key, plain, 0), 0)).equals(plain);
    });
    expect(broken).toEqual([]);
  });

  test("of whole images gives the payload back at all sizes, and its padding is zeros", () => {
    const broken = sizes.filter((bytes) => {
      const payload = Random.fromSeed(bytes).bytes(bytes);
      const encryption = { key: device };
      const { image } = buildImage(payload, { ...PLAIN, signer: { kind: "key", key: signing }, encryption });
      const { plainBody, ok } = verifyImage(image, { publicKey: signing, decryptKey: device });
      const whole = Buffer.from(plainBody ?? []);
      const padding = whole.subarray(bytes);
      return (
        !ok || !whole.subarray(0, bytes).equals(payload) || padding.some((byte) => byte !== 0) || padding.length > 15
      );
    });
    expect(broken).toEqual([]);
  });
});

const PLAIN = { version: { major: 1, minor: 0, revision: 0, build: 0 }, headerBytes: 0x24, padHeader: true };

describe("any bytes end in a value or a typed error", () => {
  test("images: noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(["value", "error"]).toContain(asked(bytes, { signing, decryptKey: device }));
      }),
      { numRuns: 1000 },
    );
  });

  test("images: thousands of damaged ones", () => {
    const { image } = buildImage(Random.fromSeed("fuzz").bytes(700), {
      ...PLAIN,
      signer: { kind: "key", key: signing },
      encryption: { key: device },
      securityCounter: 7,
      customTlvs: [{ type: 0xa0, data: Uint8Array.of(1, 2, 3) }],
    });
    const random = Random.fromSeed("damage");
    const counts = { value: 0, error: 0 };
    for (let count = 0; count < 3000; count += 1) {
      counts[asked(damaged(random, image), { signing, decryptKey: device })] += 1;
    }
    expect(counts.value + counts.error).toBe(3000);
    // Damage of both kinds: what cannot be read, and what can be read and is wrong.
    expect(Math.min(counts.value, counts.error)).toBeGreaterThan(300);
  });

  test.each([
    ["archives", (bytes: Uint8Array) => readZip(bytes)],
    ["Intel HEX", (bytes: Uint8Array) => parseIntelHex(Buffer.from(bytes).toString("latin1"))],
  ] as const)("%s", async (_, read) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        let outcome = "value";
        try {
          await read(bytes);
        } catch (error) {
          outcome = isHilError(error) ? "typed error" : String(error);
        }
        expect(["value", "typed error"]).toContain(outcome);
      }),
      { numRuns: 1000 },
    );
  });
});
