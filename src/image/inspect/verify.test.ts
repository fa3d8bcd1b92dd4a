import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, isKind } from "../../core/index.ts";
import { buildImage } from "../build/build.ts";
import type { ImageOptions } from "../build/build-options.ts";
import { parseImage } from "../format/parse.ts";
import { parseVersion } from "../format/version.ts";
import { generateKey } from "../keys/key-generate.ts";
import { loadPrivateKey } from "../keys/keys.ts";
import { verifyImage } from "./verify.ts";

const signing = loadPrivateKey(generateKey("ecdsa-p256"));
const device = loadPrivateKey(generateKey("ecdsa-p256"));
const stranger = loadPrivateKey(generateKey("ecdsa-p256"));
const options: ImageOptions = {
  version: parseVersion("1.2.3"),
  headerBytes: 0x40,
  padHeader: true,
  securityCounter: 1,
  signer: { kind: "key", key: signing },
};
const payload = new Uint8Array(200).fill(0x42);
const plain = buildImage(payload, options).bytes;
const encrypted = buildImage(payload, { ...options, encryption: { key: device } }).bytes;

describe("a plain signed image", () => {
  test("is good with its key; nothing was decrypted", () => {
    const verdict = verifyImage(plain, { publicKey: signing.public });
    expect(verdict).toMatchObject({
      ok: true,
      hash: { result: "valid" },
      signature: { result: "valid" },
      keyHash: { result: "valid" },
      decryption: { result: "unchecked", reason: "the image is not encrypted" },
    });
  });

  test("is good by its hash alone when no key is given, and says that nobody looked at the signature", () => {
    expect(verifyImage(plain)).toMatchObject({ ok: true, signature: { result: "unchecked" } });
  });

  test("is not good for a stranger's key, though its hash is", () => {
    expect(verifyImage(plain, { publicKey: stranger })).toMatchObject({
      ok: false,
      hash: { result: "valid" },
      signature: { result: "invalid" },
      keyHash: { result: "invalid" },
    });
  });

  test("is not good when any one bit of it is turned", () => {
    fc.assert(
      fc.property(fc.nat(plain.length - 1), fc.nat(7), (index, bit) => {
        const damaged = Uint8Array.from(plain);
        damaged[index] = (damaged[index] ?? 0) ^ (1 << bit);
        expect(goodness(damaged)).not.toBe("good");
      }),
      { numRuns: 300 },
    );
  });

  test("is refused by a typed error wherever it is cut off", () => {
    for (let length = 0; length < plain.length; length += 1)
      expect(goodness(plain.subarray(0, length))).toBe("no image");
  });

  test("stays good with anything after it", () => {
    expect(goodness(concat(plain, new Uint8Array(64).fill(0xff)))).toBe("good");
  });
});

describe("an encrypted image", () => {
  test("cannot be judged without its key: unchecked is neither valid nor invalid", () => {
    expect(verifyImage(encrypted, { publicKey: signing })).toMatchObject({
      ok: false,
      hash: { result: "unchecked" },
      signature: { result: "unchecked" },
      decryption: { result: "unchecked" },
    });
  });

  test("is checked over its plain body with the device's key", () => {
    const verdict = verifyImage(encrypted, { publicKey: signing, decryptKey: device });
    expect(verdict).toMatchObject({
      ok: true,
      hash: { result: "valid" },
      signature: { result: "valid" },
      decryption: { result: "valid" },
    });
    expect(verdict.plainBody?.subarray(0, payload.length)).toEqual(payload);
  });

  test("is not opened by another key of the same kind, nor by one of another kind", () => {
    for (const decryptKey of [stranger, loadPrivateKey(generateKey("x25519"))]) {
      expect(verifyImage(encrypted, { decryptKey })).toMatchObject({
        ok: false,
        hash: { result: "unchecked" },
        decryption: { result: "invalid" },
      });
    }
  });

  test("stored plain (--clear) is checked without a key", () => {
    const clear = buildImage(payload, { ...options, encryption: { key: device, clear: true } }).bytes;
    expect(verifyImage(clear, { publicKey: signing })).toMatchObject({ ok: true, decryption: { result: "unchecked" } });
    expect(verifyImage(clear, { decryptKey: stranger })).toMatchObject({ ok: false, hash: { result: "valid" } });
  });
});

describe("structure", () => {
  test.each<[string, number, number[], RegExp]>([
    ["another magic", 0, [0], /header magic is wrong/],
    ["the magic of version 1", 0, [0x3c], /before MCUboot 1.0/],
    ["a header below 32 bytes", 8, [31, 0], /smaller than a header/],
    ["a body that runs past the file", 12, [0xff, 0xff], /runs past the end of the file/],
    ["both AES flags", 16, [0x0c], /AES-128 and with AES-256/],
    ["a protected size the area does not have", 10, [13, 0], /do not agree/],
    ["a protected area the header does not know", 10, [0, 0], /marked protected/],
  ])("%s is refused", (_, offset, bytes, reason) => {
    const damaged = Uint8Array.from(plain);
    damaged.set(bytes, offset);
    expect(paragraphOf(damaged)).toMatch(reason);
  });

  test("erased flash and big-endian images are told apart", () => {
    expect(paragraphOf(new Uint8Array(64).fill(0xff))).toMatch(/erased flash/);
    const big = buildImage(payload, { ...options, endian: "big" }).bytes;
    expect(paragraphOf(big)).toMatch(/big-endian/);
    expect(parseImage(big, { endian: "big" }).header.bodyBytes).toBe(payload.length);
  });
});

function goodness(bytes: Uint8Array): string {
  try {
    return verifyImage(bytes, { publicKey: signing }).ok ? "good" : "bad";
  } catch (error) {
    return isKind(error, "image") ? "no image" : String(error);
  }
}

function paragraphOf(bytes: Uint8Array): string {
  try {
    parseImage(bytes);
    return "accepted";
  } catch (error) {
    return isKind(error, "image") ? error.paragraph() : String(error);
  }
}
