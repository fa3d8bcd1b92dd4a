import { describe, expect, test } from "@jest/globals";
import { concat, Random, utf8 } from "../../core/index.ts";
import { seededRandomness } from "../crypto/randomness.ts";
import { generateKey } from "./key-generate.ts";
import { keyTypeRow } from "./key-types.ts";
import { loadPrivateKey } from "./keys.ts";
import { signRegion, verifySignature } from "./signature.ts";

const TYPES = ["rsa-2048", "rsa-3072", "ecdsa-p256", "ecdsa-p384", "ed25519"] as const;
const region = utf8("header, body and protected TLVs");

describe.each(TYPES)("a signature with %s", (type) => {
  const key = loadPrivateKey(generateKey(type));
  const row = keyTypeRow(type);
  const tlv = row.signatureTlv ?? 0;
  const signed = { region, hash: row.hashes[0] ?? "sha256" };

  test("is accepted with either half of its key", () => {
    const signature = signRegion(key, signed);
    expect(verifySignature(key, signed, tlv, signature)).toBe(true);
    expect(verifySignature(key.public, signed, tlv, signature)).toBe(true);
  });

  test("is refused over other bytes, with another key, under another TLV, and damaged", () => {
    const signature = signRegion(key, signed);
    const other = loadPrivateKey(generateKey(type));
    const damaged = Uint8Array.from(signature);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    expect(verifySignature(key, { ...signed, region: concat(region, region) }, tlv, signature)).toBe(false);
    expect(verifySignature(other, signed, tlv, signature)).toBe(false);
    expect(verifySignature(key, signed, 0x77, signature)).toBe(false);
    expect(verifySignature(key, signed, tlv, damaged)).toBe(false);
    expect(verifySignature(key, signed, tlv, new Uint8Array(0))).toBe(false);
  });

  test("comes out equal for equal seeds, and is no less valid", () => {
    const draw = (): Uint8Array => signRegion(key, signed, seededRandomness(Random.fromSeed(1)));
    expect(draw()).toEqual(draw());
    expect(verifySignature(key, signed, tlv, draw())).toBe(true);
  });
});

test("a pure Ed25519 signature is over the image, and does not pass for one over its digest", () => {
  const key = loadPrivateKey(generateKey("ed25519"));
  const pure = { region, hash: "sha512", pure: true } as const;
  const signature = signRegion(key, pure);
  expect(verifySignature(key, pure, 0x24, signature)).toBe(true);
  expect(verifySignature(key, { ...pure, pure: false }, 0x24, signature)).toBe(false);
});

test("zeros after an ECDSA signature do not matter", () => {
  const key = loadPrivateKey(generateKey("ecdsa-p256"));
  const signed = { region, hash: "sha256" } as const;
  expect(verifySignature(key, signed, 0x22, concat(signRegion(key, signed), new Uint8Array(4)))).toBe(true);
});

test("an X25519 key cannot sign, and says what can", () => {
  const key = loadPrivateKey(generateKey("x25519"));
  expect(() => signRegion(key, { region, hash: "sha256" })).toThrow(/X25519 key cannot sign/);
});
