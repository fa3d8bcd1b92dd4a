import {
  constants,
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  timingSafeEqual,
} from "node:crypto";
import { ConfigurationError, concat, fromHex, ImageError, utf8 } from "../../core/index.ts";
import { aesCtr } from "../crypto/body-cipher.ts";
import { CURVES } from "../crypto/ecdsa.ts";
import type { Randomness } from "../crypto/randomness.ts";
import { systemRandomness } from "../crypto/randomness.ts";
import { oaepEncode } from "../crypto/rsa-padding.ts";
import type { HashName } from "../format/hashes.ts";
import { TLV, tlvLabel } from "../format/tlvs.ts";
import type { KeyTypeName } from "./key-types.ts";
import type { AnyKey, PrivateKey } from "./keys.ts";
import { publicHalf } from "./keys.ts";

/** A symmetric key that wraps image keys (TLV ENCKW); 16 or 32 bytes, inside `keyObject`. */
export interface WrappingKey {
  readonly role: "wrapping";
  readonly type: "aes-kw";
  readonly keyObject: KeyObject;
}

interface KeyWrapRow {
  readonly tlv: number;
  /** For people. */
  readonly title: string;
  readonly method: "RSA-OAEP" | "AES-KW" | "ECIES";
  readonly keyType: KeyTypeName | "aes-kw";
  /** ECIES: hash of HKDF and HMAC. */
  readonly hash: HashName;
  /** ECIES: length of the ephemeral public key in front. */
  readonly ephemeralBytes: number;
  /** ECIES: length of the MAC, which is also that of its key. */
  readonly macBytes: number;
  readonly source: string;
}

const encrypted = "MCUboot docs/encrypted_images.md; encrypted.c";

/** How a TLV carries the image key. The first row of a key type is what imgtool writes by default. */
export const KEY_WRAPS = [
  {
    tlv: TLV.ENCRSA2048,
    title: "RSA-2048 OAEP",
    method: "RSA-OAEP",
    keyType: "rsa-2048",
    hash: "sha256",
    ephemeralBytes: 0,
    macBytes: 0,
    source: encrypted,
  },
  {
    tlv: TLV.ENCKW,
    title: "AES key wrap",
    method: "AES-KW",
    keyType: "aes-kw",
    hash: "sha256",
    ephemeralBytes: 0,
    macBytes: 0,
    source: `${encrypted}; RFC 3394`,
  },
  {
    tlv: TLV.ENCEC256,
    title: "ECIES P-256",
    method: "ECIES",
    keyType: "ecdsa-p256",
    hash: "sha256",
    ephemeralBytes: 65,
    macBytes: 32,
    source: encrypted,
  },
  {
    tlv: TLV.ENCX25519,
    title: "ECIES X25519",
    method: "ECIES",
    keyType: "x25519",
    hash: "sha256",
    ephemeralBytes: 32,
    macBytes: 32,
    source: encrypted,
  },
  {
    tlv: TLV.ENCX25519_SHA512,
    title: "ECIES X25519 (SHA-512)",
    method: "ECIES",
    keyType: "x25519",
    hash: "sha512",
    ephemeralBytes: 32,
    macBytes: 64,
    source: encrypted,
  },
] as const satisfies readonly KeyWrapRow[];

const ECIES_INFO = utf8("MCUBoot_ECIES_v1");
const OAEP_SEED_BYTES = 32;
const AES_KW_IV = fromHex("a6a6a6a6a6a6a6a6");
/** Everything of an X25519 PKCS#8 key but its 32 raw bytes. Source: RFC 8410 section 7. */
const X25519_PKCS8_HEAD = fromHex("302e020100300506032b656e04220420");
/** Everything of an X25519 SubjectPublicKeyInfo but its 32 raw bytes. Source: RFC 8410 section 4. */
const X25519_SPKI_HEAD = fromHex("302a300506032b656e032100");

/** The row of an encryption TLV, or undefined when the type carries no image key. */
export function keyWrapRow(tlvType: number): KeyWrapRow | undefined {
  return KEY_WRAPS.find((row) => row.tlv === tlvType);
}

/**
 * The AES key of an image's body, from the data of its encryption TLV.
 * @returns 16 or 32 bytes.
 * @throws ImageError when the type carries no key, the data have a wrong length, or this is not the key they were made
 *   for; ConfigurationError when `key` is of another kind than the TLV.
 */
export function unwrapImageKey(tlvType: number, data: Uint8Array, key: PrivateKey | WrappingKey): Uint8Array {
  const row = keyWrapRow(tlvType);
  if (row === undefined) throw new ImageError(`TLV ${tlvLabel(tlvType)} carries no image key.`);
  if (row.keyType !== key.type) {
    throw new ConfigurationError(
      `the image's key is in TLV ${tlvLabel(tlvType)}, which takes a key of type ${row.keyType}; ` +
        `this one is ${key.type}.`,
    );
  }
  if (row.method === "RSA-OAEP") return unwrapOaep(data, key.keyObject);
  if (row.method === "AES-KW") return unwrapAesKw(data, key.keyObject);
  return unwrapEcies(row, data, key.keyObject);
}

/**
 * Data of an encryption TLV: the image key, readable only by the owner of `key`.
 * @param imageKey 16 or 32 bytes.
 * @throws ConfigurationError when `key` is of another kind than the TLV.
 */
export function wrapImageKey(
  tlvType: number,
  imageKey: Uint8Array,
  key: AnyKey | WrappingKey,
  randomness: Randomness = systemRandomness,
): Uint8Array {
  const row = keyWrapRow(tlvType);
  // imgtool's trap rsa-3072 puts such a key's wrapping into the TLV of RSA-2048.
  const isLongRsa = row?.method === "RSA-OAEP" && key.type === "rsa-3072";
  if (row === undefined || (row.keyType !== key.type && !isLongRsa)) {
    throw new ConfigurationError(`a key of type ${key.type} cannot make TLV ${tlvLabel(tlvType)}.`);
  }
  if (key.role === "wrapping") return wrapAesKw(imageKey, key.keyObject);
  const { keyObject } = publicHalf(key);
  if (row.method === "RSA-OAEP") {
    const encoded = oaepEncode(imageKey, randomness.draw("OAEP seed", OAEP_SEED_BYTES), isLongRsa ? 3072 : 2048);
    return new Uint8Array(publicEncrypt({ key: keyObject, padding: constants.RSA_NO_PADDING }, encoded));
  }
  return wrapEcies(row, imageKey, keyObject, randomness);
}

function unwrapOaep(data: Uint8Array, keyObject: KeyObject): Uint8Array {
  // OpenSSL takes a text without its leading zeros, which one in 256 has; a bootloader does not.
  const modulusBytes = (keyObject.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  if (data.length !== modulusBytes) throw notThisKey("RSA-OAEP", undefined);
  let imageKey: Buffer;
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    imageKey = privateDecrypt({ key: keyObject, padding, oaepHash: "sha256" }, data);
  } catch (cause) {
    throw notThisKey("RSA-OAEP", cause);
  }
  if (imageKey.length !== 16 && imageKey.length !== 32) throw wrongLength("RSA-OAEP", imageKey.length, "16 or 32");
  return new Uint8Array(imageKey);
}

function unwrapAesKw(data: Uint8Array, keyObject: KeyObject): Uint8Array {
  const kekBytes = keyObject.symmetricKeySize ?? 0;
  if (data.length !== kekBytes + 8) throw wrongLength("AES key wrap", data.length, String(kekBytes + 8));
  try {
    const cipher = createDecipheriv(`id-aes${kekBytes * 8}-wrap`, keyObject, AES_KW_IV);
    return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]));
  } catch (cause) {
    throw notThisKey("AES key wrap", cause);
  }
}

function wrapAesKw(imageKey: Uint8Array, keyObject: KeyObject): Uint8Array {
  const kekBytes = keyObject.symmetricKeySize ?? 0;
  if (imageKey.length !== kekBytes) {
    throw new ConfigurationError(
      `the wrapping key has ${kekBytes} bytes and the image key ${imageKey.length}; MCUboot wants them equal.`,
      "Choose --encrypt-keylen to match the wrapping key.",
    );
  }
  const cipher = createCipheriv(`id-aes${kekBytes * 8}-wrap`, keyObject, AES_KW_IV);
  return new Uint8Array(Buffer.concat([cipher.update(imageKey), cipher.final()]));
}

function unwrapEcies(row: KeyWrapRow, data: Uint8Array, keyObject: KeyObject): Uint8Array {
  const keyBytes = data.length - row.ephemeralBytes - row.macBytes;
  if (keyBytes !== 16 && keyBytes !== 32) {
    const head = row.ephemeralBytes + row.macBytes;
    throw wrongLength("ECIES", data.length, `${head + 16} or ${head + 32}`);
  }
  const ephemeral = data.subarray(0, row.ephemeralBytes);
  const mac = data.subarray(row.ephemeralBytes, row.ephemeralBytes + row.macBytes);
  const wrapped = data.subarray(row.ephemeralBytes + row.macBytes);
  let shared: Uint8Array;
  try {
    shared = agree(row.keyType, privateRaw(keyObject), ephemeral);
  } catch (cause) {
    throw new ImageError("the ephemeral key of the image's encryption TLV is no point of its curve.", {}, "", {
      cause,
    });
  }
  const { cipherKey, macKey } = eciesKeys(row, shared, keyBytes);
  const expected = createHmac(row.hash, macKey).update(wrapped).digest();
  if (!timingSafeEqual(expected, mac)) throw notThisKey("ECIES");
  return aesCtr(cipherKey, wrapped, 0);
}

function wrapEcies(row: KeyWrapRow, imageKey: Uint8Array, peer: KeyObject, randomness: Randomness): Uint8Array {
  const { secret, publicRaw: ephemeral } = drawEphemeral(row.keyType, randomness);
  const { cipherKey, macKey } = eciesKeys(row, agree(row.keyType, secret, publicRaw(peer)), imageKey.length);
  const wrapped = aesCtr(cipherKey, imageKey, 0);
  return concat(ephemeral, createHmac(row.hash, macKey).update(wrapped).digest(), wrapped);
}

function eciesKeys(
  row: KeyWrapRow,
  shared: Uint8Array,
  keyBytes: number,
): { cipherKey: Uint8Array; macKey: Uint8Array } {
  const derived = new Uint8Array(hkdfSync(row.hash, shared, new Uint8Array(0), ECIES_INFO, keyBytes + row.macBytes));
  return { cipherKey: derived.subarray(0, keyBytes), macKey: derived.subarray(keyBytes) };
}

/** Shared secret of a raw private and a raw public key: P-256 the X coordinate, X25519 the function's 32 bytes. */
function agree(keyType: KeyWrapRow["keyType"], secret: Uint8Array, peer: Uint8Array): Uint8Array {
  if (keyType === "ecdsa-p256") {
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(Buffer.from(secret));
    return new Uint8Array(ecdh.computeSecret(peer));
  }
  const publicKey = createPublicKey({
    key: Buffer.from(concat(X25519_SPKI_HEAD, peer)),
    format: "der",
    type: "spki",
  });
  return new Uint8Array(diffieHellman({ privateKey: x25519Private(secret), publicKey }));
}

function drawEphemeral(
  keyType: KeyWrapRow["keyType"],
  randomness: Randomness,
): { secret: Uint8Array; publicRaw: Uint8Array } {
  if (keyType === "x25519") {
    const secret = randomness.draw("ephemeral key", 32);
    return { secret, publicRaw: publicRaw(createPublicKey(x25519Private(secret))) };
  }
  const [{ order }] = CURVES;
  for (;;) {
    const secret = randomness.draw("ephemeral key", 32);
    const scalar = BigInt(`0x${Buffer.from(secret).toString("hex")}`);
    if (scalar === 0n || scalar >= order) continue;
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(Buffer.from(secret));
    return { secret, publicRaw: new Uint8Array(ecdh.getPublicKey()) };
  }
}

function x25519Private(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concat(X25519_PKCS8_HEAD, raw)), format: "der", type: "pkcs8" });
}

function privateRaw(keyObject: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(keyObject.export({ format: "jwk" }).d ?? "", "base64url"));
}

function publicRaw(keyObject: KeyObject): Uint8Array {
  const { x = "", y } = keyObject.export({ format: "jwk" });
  const first = Buffer.from(x, "base64url");
  return y === undefined ? new Uint8Array(first) : concat(Uint8Array.of(4), first, Buffer.from(y, "base64url"));
}

function notThisKey(method: string, cause?: unknown): ImageError {
  return new ImageError(
    `the image's key cannot be unwrapped (${method}): it was encrypted for another key, or its TLV is damaged.`,
    { field: "encryption TLV" },
    "Give the private half of the key the image was encrypted for.",
    { cause },
  );
}

function wrongLength(method: string, found: number, expected: string): ImageError {
  return new ImageError(`the image's encryption TLV (${method}) has a wrong length.`, {
    field: "encryption TLV",
    found: `${found} bytes`,
    expected: `${expected} bytes`,
  });
}
