import { createPrivateKey, createPublicKey } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { fromHex } from "../../core/index.ts";
import { exportPrivateKey, exportPublicKey, exportPublicKeyHash } from "./key-export.ts";
import { generateKey } from "./key-generate.ts";
import { keyHash, loadPrivateKey, loadPublicKey } from "./keys.ts";

describe("an exported public key", () => {
  const key = loadPrivateKey(generateKey("ecdsa-p256"));

  test("as C is an array with its length, and the suffix in both names", () => {
    const text = String(exportPublicKey(key, "lang-c", "_2"));
    expect(text).toContain("const unsigned char ecdsa_pub_key_2[] = {");
    expect(text).toContain("const unsigned int ecdsa_pub_key_2_len = 91;");
    expect(bytesOf(text)).toEqual(key.publicBytes);
  });

  test("as Rust has an upper-case name", () => {
    expect(exportPublicKey(key, "lang-rust", "_two")).toContain("static ECDSA_PUB_KEY_TWO: &[u8] = &[");
  });

  test("as PEM loads again", () => {
    expect(loadPublicKey(String(exportPublicKey(key, "pem"))).publicBytes).toEqual(key.publicBytes);
  });

  test("is hashed with SHA-256 for P-384 too", () => {
    const p384 = loadPrivateKey(generateKey("ecdsa-p384"));
    expect(exportPublicKeyHash(p384, "raw")).toEqual(keyHash(p384, "sha256"));
  });
});

describe("an exported private key", () => {
  test.each([
    ["ecdsa-p256", "pkcs8", 138, 67],
    ["ecdsa-p256", "openssl", 121, 51],
    ["x25519", "pkcs8", 48, 48],
  ] as const)(
    "of type %s in %s form has %i bytes, minimal %i, and stays the same key",
    (type, format, full, minimal) => {
      const key = loadPrivateKey(generateKey(type));
      const derType = format === "openssl" ? "sec1" : "pkcs8";
      for (const [isMinimal, bytes] of [
        [false, full],
        [true, minimal],
      ] as const) {
        const der = bytesOf(exportPrivateKey(key, { format, minimal: isMinimal }));
        expect(der).toHaveLength(bytes);
        const again = createPrivateKey({ key: Buffer.from(der), format: "der", type: derType });
        expect(createPublicKey(again).equals(key.public.keyObject)).toBe(true);
      }
    },
  );

  test("of RSA, minimal, ends after the primes", () => {
    const key = loadPrivateKey(generateKey("rsa-2048"));
    const full = bytesOf(exportPrivateKey(key));
    const minimal = bytesOf(exportPrivateKey(key, { minimal: true }));
    expect(minimal.length).toBeLessThan(full.length - 380);
    expect(minimal.subarray(4, 270)).toEqual(full.subarray(4, 270));
  });

  test.each([
    ["ed25519", {}, /not supported with ed25519/],
    ["ecdsa-p384", { minimal: true }, /no minimal form/],
    ["x25519", { format: "openssl" }, /pkcs8 form only/],
    ["rsa-2048", { format: "pkcs8" }, /openssl form only/],
  ] as const)("of type %s with %j is refused", (type, options, reason) => {
    expect(() => exportPrivateKey(loadPrivateKey(generateKey(type)), options)).toThrow(reason);
  });
});

function bytesOf(source: string): Uint8Array {
  return fromHex([...source.matchAll(/0x([0-9a-f]{2}),/g)].map((match) => match[1] ?? "").join(""));
}
