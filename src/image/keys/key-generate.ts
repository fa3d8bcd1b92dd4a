import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { unreachable } from "../../core/index.ts";
import { type KeyTypeName, keyTypeRow } from "./key-types.ts";

/**
 * A new private key as PEM (PKCS#8), from the system's generator.
 * @param passphrase encrypts the file (PBES2: PBKDF2-HMAC-SHA256, AES-256-CBC); without it, the file is plain.
 */
export function generateKey(type: KeyTypeName, passphrase?: string): string {
  const privateKey = newKey(type);
  const protection = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return String(privateKey.export({ format: "pem", type: "pkcs8", ...protection }));
}

/** Wrapping keys (AES-KW): one for each length of image key. Source: MCUboot docs/encrypted_images.md; RFC 3394. */
export const WRAPPING_KEY_TYPES = [
  { name: "aes-kw-128", bytes: 16 },
  { name: "aes-kw-256", bytes: 32 },
] as const;

/** A new wrapping key as base64 text, one line: the form in which MCUboot's build takes it. */
export function generateWrappingKey({ bytes }: (typeof WRAPPING_KEY_TYPES)[number]): string {
  return `${randomBytes(bytes).toString("base64")}\n`;
}

function newKey(type: KeyTypeName): KeyObject {
  const { algorithm, modulusBits = 2048, curve = "" } = keyTypeRow(type);
  switch (algorithm) {
    case "rsa":
      return generateKeyPairSync("rsa", { modulusLength: modulusBits }).privateKey;
    case "ec":
      return generateKeyPairSync("ec", { namedCurve: curve }).privateKey;
    case "ed25519":
      return generateKeyPairSync("ed25519").privateKey;
    case "x25519":
      return generateKeyPairSync("x25519").privateKey;
    default:
      throw unreachable(algorithm);
  }
}
