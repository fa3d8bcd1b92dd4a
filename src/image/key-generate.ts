import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { unreachable } from "../core/index.ts";
import { type KeyTypeName, keyTypeRow } from "./key-types.ts";

/**
 * A new private key as PEM (PKCS#8), from the system's generator.
 * @param passphrase encrypts the file (PBES2: PBKDF2-HMAC-SHA256, AES-256-CBC); left out, the file is plain.
 */
export function generateKey(type: KeyTypeName, passphrase?: string): string {
  const privateKey = newKey(type);
  const protection = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return String(privateKey.export({ format: "pem", type: "pkcs8", ...protection }));
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
