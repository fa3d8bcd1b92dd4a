import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { equalBytes, isKind } from "../../core/index.ts";
import { loadKeyFile } from "./key-file.ts";
import { generateKey } from "./key-generate.ts";
import { keyHash, loadKey, loadPrivateKey, loadPublicKey } from "./keys.ts";

const plain = generateKey("ecdsa-p256");

describe("keys", () => {
  test.each([
    ["rsa-2048", 270],
    ["ecdsa-p256", 91],
    ["ecdsa-p384", 120],
    ["ed25519", 44],
    ["x25519", 44],
  ] as const)("a new %s key is known again, and its public bytes are %i", (type, bytes) => {
    const key = loadPrivateKey(generateKey(type));
    expect(key.type).toBe(type);
    expect(key.publicBytes).toHaveLength(bytes);
    const published = loadPublicKey(String(key.public.keyObject.export({ format: "pem", type: "spki" })));
    expect(published.publicBytes).toEqual(key.publicBytes);
  });

  test.each(["sec1", "pkcs8"] as const)("an EC key in %s form is the same key", (type) => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const key = loadPrivateKey(String(privateKey.export({ format: "pem", type })));
    const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    expect(equalBytes(key.publicBytes, new Uint8Array(spki))).toBe(true);
  });

  test.each([2048, 3072])(
    "an RSA-%i key marked for PSS alone is the plain RSA key, private and public",
    (modulusLength) => {
      const { privateKey, publicKey } = generateKeyPairSync("rsa-pss", { modulusLength, hashAlgorithm: "sha256" });
      const own = loadKey(String(privateKey.export({ format: "pem", type: "pkcs8" })));
      const half = loadKey(String(publicKey.export({ format: "pem", type: "spki" })));
      expect([own.role, own.type, half.role, half.type]).toEqual(
        ["private", "public"].flatMap((role) => [role, `rsa-${modulusLength}`]),
      );
      expect(half.publicBytes).toEqual(own.publicBytes);
      expect(own.keyObject.asymmetricKeyType).toBe("rsa");
    },
  );

  test("a file with the public half first is the private key that it holds as well", () => {
    const half = String(loadPublicKey(plain).keyObject.export({ format: "pem", type: "spki" }));
    expect(loadKey(`${half}${plain}`)).toMatchObject({ role: "private", type: "ecdsa-p256" });
    expect(loadKey(`${half}${plain}`).publicBytes).toEqual(loadPublicKey(half).publicBytes);
    const closed = generateKey("ecdsa-p256", "word");
    expect(loadKey(`${half}${closed}`, { passphrase: "word" }).role).toBe("private");
  });

  test("the hash of a key follows the image's hash", () => {
    const key = loadPublicKey(plain);
    expect(keyHash(key, "sha256")).toHaveLength(32);
    expect(keyHash(key, "sha512")).toHaveLength(64);
  });

  test("an encrypted key opens with its passphrase, and says so without it", () => {
    const pem = generateKey("ed25519", "correct horse");
    expect(loadPrivateKey(pem, { passphrase: "correct horse" }).type).toBe("ed25519");
    expect(() => loadPrivateKey(pem, { what: "key.pem" })).toThrow("key.pem is password-protected.");
    expect(() => loadPrivateKey(pem, { passphrase: "wrong", what: "key.pem" })).toThrow(
      /passphrase of key.pem is wrong/,
    );
  });

  test.each([
    ["what is no PEM", "hello", /is not a PEM file/],
    ["a certificate", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", /holds a CERTIFICATE/],
    ["a damaged key", plain.replace(/\n[^-]{20}/, "\nAAAA"), /contents are damaged/],
    ["another curve", pemOf("ec", { namedCurve: "secp256k1" }), /ec secp256k1, which MCUboot does not know/],
    ["a short RSA key", pemOf("rsa", { modulusLength: 1024 }), /rsa 1024/],
  ])("%s is refused as a bad request", (_, text, reason) => {
    expect(() => loadKey(text)).toThrow(reason);
  });

  test("a public key is not taken where a private one is needed", () => {
    const pem = String(loadPublicKey(plain).keyObject.export({ format: "pem", type: "spki" }));
    expect(() => loadPrivateKey(pem)).toThrow(/is a public key; the private key is needed/);
  });

  test("nothing of a key is in an error about it, nor in its print-out", () => {
    const secret = loadPrivateKey(plain).keyObject.export({ format: "jwk" }).d ?? "";
    const body = plain.split("\n")[1] ?? "";
    let text = "";
    try {
      loadKey(plain.replace(/\n.{10}/, "\n##########"));
    } catch (error) {
      text = inspect(error, { depth: 9 });
    }
    const shown = text + inspect(loadPrivateKey(plain), { depth: 9 }) + JSON.stringify(loadPrivateKey(plain));
    expect(text).not.toBe("");
    expect(shown).not.toContain(body.slice(12, 40));
    expect(shown).not.toContain(secret);
  });

  test("a key file that is missing is a bad request that names it", () => {
    let thrown: unknown;
    try {
      loadKeyFile("/nowhere/key.pem");
    } catch (error) {
      thrown = error;
    }
    expect(isKind(thrown, "configuration")).toBe(true);
    expect(String(thrown)).toContain("/nowhere/key.pem does not exist");
  });
});

function pemOf(type: "ec" | "rsa", options: { namedCurve?: string; modulusLength?: number }): string {
  const { namedCurve = "prime256v1", modulusLength = 1024 } = options;
  const pair =
    type === "ec" ? generateKeyPairSync("ec", { namedCurve }) : generateKeyPairSync("rsa", { modulusLength });
  return String(pair.privateKey.export({ format: "pem", type: "pkcs8" }));
}
