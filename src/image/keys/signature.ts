import { constants, privateDecrypt, sign, verify } from "node:crypto";
import { ConfigurationError, unreachable } from "../../core/index.ts";
import { CURVES, signDeterministically } from "../crypto/ecdsa.ts";
import { type Randomness, systemRandomness } from "../crypto/randomness.ts";
import { pssEncode } from "../crypto/rsa-padding.ts";
import { digest, type HashName } from "../format/hashes.ts";
import { keyTypeRow } from "./key-types.ts";
import { type AnyKey, type PrivateKey, publicHalf } from "./keys.ts";

/** What a signature is made over. */
interface Signed {
  /** Header, plain body and protected TLV area. */
  readonly region: Uint8Array;
  /** The image's hash: for Ed25519 the message is this digest of the region. */
  readonly hash: HashName;
  /** Ed25519 over the region itself (TLV SIG_PURE). */
  readonly pure?: boolean;
}

const PSS_SALT_BYTES = 32;

/**
 * Signature of an image's region, as its signature TLV holds it: RSA-PSS with SHA-256 and a salt of 32 bytes; ECDSA in
 * DER over SHA-256 (P-256) or SHA-384 (P-384); Ed25519 over the digest, or the region when pure.
 * @throws ConfigurationError when the key cannot sign.
 * Source: MCUboot docs/design.md, "Integrity check"; image_rsa.c, image_ecdsa.c, image_ed25519.c.
 */
export function signRegion(key: PrivateKey, signed: Signed, randomness: Randomness = systemRandomness): Uint8Array {
  switch (key.type) {
    case "rsa-2048":
    case "rsa-3072": {
      const salt = randomness.draw("PSS salt", PSS_SALT_BYTES);
      const encoded = pssEncode(digest("sha256", signed.region), salt, keyTypeRow(key.type).modulusBits ?? 0);
      return new Uint8Array(privateDecrypt({ key: key.keyObject, padding: constants.RSA_NO_PADDING }, encoded));
    }
    case "ecdsa-p256":
    case "ecdsa-p384":
      return signEcdsa(key, signed.region, randomness);
    case "ed25519":
      return new Uint8Array(sign(undefined, ed25519Message(signed), key.keyObject));
    case "x25519":
      throw new ConfigurationError("an X25519 key cannot sign; it only encrypts.", "Sign with an Ed25519 key.");
    default:
      throw unreachable(key.type);
  }
}

/**
 * True when `signature` is the key's over the region. False, never a throw, for anything else: a TLV of another key
 * type, a damaged signature, wrong length. Zero bytes after an ECDSA signature (`--pad-sig`) are cut off.
 */
export function verifySignature(key: AnyKey, signed: Signed, tlvType: number, signature: Uint8Array): boolean {
  if (keyTypeRow(key.type).signatureTlv !== tlvType) return false;
  try {
    return verifyWith(key, signed, signature);
  } catch {
    // node throws for some malformed signatures and returns false for others; both mean "not this key's signature".
    return false;
  }
}

function verifyWith(key: AnyKey, signed: Signed, signature: Uint8Array): boolean {
  const { keyObject } = publicHalf(key);
  switch (key.type) {
    case "rsa-2048":
    case "rsa-3072": {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return verify("sha256", signed.region, { key: keyObject, padding, saltLength: PSS_SALT_BYTES }, signature);
    }
    case "ecdsa-p256":
    case "ecdsa-p384":
      return verify(curveOf(key).hash, signed.region, keyObject, withoutPadding(signature));
    case "ed25519":
      return verify(undefined, ed25519Message(signed), keyObject, signature);
    case "x25519":
      return false;
    default:
      throw unreachable(key.type);
  }
}

function signEcdsa(key: PrivateKey, region: Uint8Array, randomness: Randomness): Uint8Array {
  const curve = curveOf(key);
  if (randomness.ecdsaNonce === "system") return new Uint8Array(sign(curve.hash, region, key.keyObject));
  const secret = Buffer.from(key.keyObject.export({ format: "jwk" }).d ?? "", "base64url");
  return signDeterministically(curve, secret, region);
}

function curveOf(key: AnyKey): (typeof CURVES)[number] {
  const curve = CURVES.find((row) => row.keyType === key.type);
  if (curve === undefined) throw new RangeError(`${key.type} is no ECDSA key`);
  return curve;
}

function ed25519Message(signed: Signed): Uint8Array {
  return signed.pure === true ? signed.region : digest(signed.hash, signed.region);
}

function withoutPadding(der: Uint8Array): Uint8Array {
  return der.subarray(0, (der[1] ?? 0) + 2);
}
