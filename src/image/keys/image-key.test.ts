import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { isKind, Random } from "../../core/index.ts";
import { seededRandomness } from "../crypto/randomness.ts";
import { TLV, tlvRow } from "../format/tlvs.ts";
import { loadEncryptionKey } from "./encryption-key.ts";
import { KEY_WRAPS, unwrapImageKey, type WrappingKey, wrapImageKey } from "./image-key.ts";
import { generateKey } from "./key-generate.ts";
import { loadPrivateKey, type PrivateKey } from "./keys.ts";

type Opener = PrivateKey | WrappingKey;

function newOpener(keyType: (typeof KEY_WRAPS)[number]["keyType"], keyBytes: number): Opener {
  if (keyType !== "aes-kw") return loadPrivateKey(generateKey(keyType));
  const key = loadEncryptionKey(randomBytes(keyBytes).toString("base64"));
  if (key.role !== "wrapping") throw new RangeError("base64 text is a wrapping key");
  return key;
}

const CASES = KEY_WRAPS.flatMap((row) =>
  [16, 32].map((keyBytes) => ({ ...row, keyBytes, label: tlvRow(row.tlv)?.name })),
);

describe.each(CASES)("$label with an image key of $keyBytes bytes", ({ tlv, keyType, keyBytes }) => {
  const opener = newOpener(keyType, keyBytes);
  const imageKey = new Uint8Array(randomBytes(keyBytes));

  test("gives the key back to its owner, and has a length the bootloader knows", () => {
    const data = wrapImageKey(tlv, imageKey, opener);
    expect(unwrapImageKey(tlv, data, opener)).toEqual(imageKey);
    expect(tlvRow(tlv)?.bytes).toContain(data.length);
  });

  test("gives nothing to another key", () => {
    const data = wrapImageKey(tlv, imageKey, opener);
    expect(kindOf(() => unwrapImageKey(tlv, data, newOpener(keyType, keyBytes)))).toBe("image");
  });

  test("gives nothing when any one bit is wrong, or a byte is missing", () => {
    const data = wrapImageKey(tlv, imageKey, opener);
    for (let index = 0; index < data.length; index += 7) {
      const damaged = Uint8Array.from(data);
      // The top bit of an X25519 point is not looked at (RFC 7748 section 5): the lowest one is.
      damaged[index] = (damaged[index] ?? 0) ^ 1;
      expect(kindOf(() => unwrapImageKey(tlv, damaged, opener))).toBe("image");
    }
    expect(kindOf(() => unwrapImageKey(tlv, data.subarray(1), opener))).toBe("image");
    expect(kindOf(() => unwrapImageKey(tlv, new Uint8Array(0), opener))).toBe("image");
  });

  test("comes out equal for equal seeds", () => {
    const wrap = (): Uint8Array => wrapImageKey(tlv, imageKey, opener, seededRandomness(Random.fromSeed(3)));
    expect(wrap()).toEqual(wrap());
  });
});

describe("image keys", () => {
  test("a key of another kind than the TLV is a wrong request, not a bad image", () => {
    const key = loadPrivateKey(generateKey("x25519"));
    expect(kindOf(() => unwrapImageKey(TLV.ENCEC256, new Uint8Array(113), key))).toBe("configuration");
    expect(kindOf(() => wrapImageKey(TLV.ENCEC256, new Uint8Array(16), key))).toBe("configuration");
  });

  test("an RSA text without the zeros that it begins with is damaged: a bootloader wants all of its bytes", () => {
    const key = loadPrivateKey(generateKey("rsa-2048"));
    const random = seededRandomness(Random.fromSeed(1));
    let data = new Uint8Array([1]);
    for (let tries = 0; data[0] !== 0 && tries < 10_000; tries += 1) {
      data = Uint8Array.from(wrapImageKey(TLV.ENCRSA2048, new Uint8Array(16), key, random));
    }
    expect(data[0]).toBe(0);
    expect(unwrapImageKey(TLV.ENCRSA2048, data, key)).toEqual(new Uint8Array(16));
    expect(kindOf(() => unwrapImageKey(TLV.ENCRSA2048, data.subarray(1), key))).toBe("image");
  });

  test("a TLV that carries no key cannot be unwrapped", () => {
    const key = loadPrivateKey(generateKey("x25519"));
    expect(() => unwrapImageKey(TLV.SHA256, new Uint8Array(32), key)).toThrow(/SHA256 \(0x10\) carries no image key/);
  });

  test("an ephemeral point that is all zero gives no key", () => {
    const key = loadPrivateKey(generateKey("x25519"));
    expect(kindOf(() => unwrapImageKey(TLV.ENCX25519, new Uint8Array(80), key))).toBe("image");
  });

  test("a wrapping key must be as long as the image key", () => {
    const key = loadEncryptionKey(Buffer.alloc(16, 1).toString("base64"));
    expect(() => wrapImageKey(TLV.ENCKW, new Uint8Array(32), key)).toThrow(/wants them equal/);
  });

  test("base64 text of another length is no wrapping key, and its text is not repeated", () => {
    const text = Buffer.alloc(24, 0x5a).toString("base64");
    let message = "";
    try {
      loadEncryptionKey(text, { what: "kek.b64" });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("kek.b64 is base64 text of 24 bytes");
    expect(message).not.toContain(text);
  });

  test("a seeded source draws another image key each time", () => {
    const source = seededRandomness(Random.fromSeed(1));
    expect(source.draw("image key", 16)).not.toEqual(source.draw("image key", 16));
  });
});

function kindOf(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (error) {
    return isKind(error, "image") ? "image" : isKind(error, "configuration") ? "configuration" : String(error);
  }
}
