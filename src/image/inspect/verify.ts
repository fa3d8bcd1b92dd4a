import { concat, defined, equalBytes, isHilError, isKind, messageOf } from "../../core/index.ts";
import { allowedHashes } from "../build/build-options.ts";
import { aesCtr } from "../crypto/body-cipher.ts";
import { digest, type HashRow, hashOfTlv } from "../format/hashes.ts";
import type { Endian } from "../format/header.ts";
import { isMarkedEncrypted, type ParsedImage, parseImage } from "../format/parse.ts";
import type { PlacedTlv } from "../format/tlv-area.ts";
import { SHORT_KEY_HASH_BYTES, TLV } from "../format/tlvs.ts";
import { keyWrapRow, unwrapImageKey, type WrappingKey } from "../keys/image-key.ts";
import { keyTypeRow } from "../keys/key-types.ts";
import { type AnyKey, keyHash, type PrivateKey } from "../keys/keys.ts";
import { verifySignature } from "../keys/signature.ts";

/** Answer to one question about an image. "unchecked": what it takes to answer is not there; `reason` says what. */
export interface CheckResult {
  readonly result: "valid" | "invalid" | "unchecked";
  readonly reason: string;
}

/** What is known of an image; the questions are answered one by one. */
export interface ImageVerdict {
  readonly image: ParsedImage;
  /** True only when nothing is invalid, the hash is valid and, with a public key given, the signature is. */
  readonly ok: boolean;
  /** Does the hash TLV match header, plain body and protected TLVs? */
  readonly hash: CheckResult;
  /** Does a signature of the given key fit? */
  readonly signature: CheckResult;
  /** Does the KEYHASH (or PUBKEY) TLV name the given key? The signature does not cover it. */
  readonly keyHash: CheckResult;
  /** Could the body be decrypted with the given key? */
  readonly decryption: CheckResult;
  /** False when the image's hash algorithm cannot go with the given key's type. */
  readonly keyFitsHash: boolean;
  /** The hash TLV's data; undefined when the image has none. */
  readonly digest: Uint8Array | undefined;
  readonly pure: boolean;
  /** The body as it runs, with encryption padding; undefined when it could not be decrypted. */
  readonly plainBody: Uint8Array | undefined;
  /** Header, plain body, protected TLVs: what hash and signature cover. */
  readonly signedRegion: Uint8Array | undefined;
}

export interface VerifyOptions {
  /** Key that should have signed. */
  readonly publicKey?: AnyKey;
  /** Private key that opens the body. */
  readonly decryptKey?: PrivateKey | WrappingKey;
  readonly endian?: Endian;
}

const valid: CheckResult = { result: "valid", reason: "" };
const invalid = (reason: string): CheckResult => ({ result: "invalid", reason });
const unchecked = (reason: string): CheckResult => ({ result: "unchecked", reason });

/**
 * Checks hash, signature and decryption as the bootloader would.
 * @throws ImageError when the file is no image by its structure (see parseImage).
 * Source: MCUboot image_validate.c bootutil_img_validate; docs/encrypted_images.md.
 */
export function verifyImage(bytes: Uint8Array, options: VerifyOptions = {}): ImageVerdict {
  const image = parseImage(bytes, defined({ endian: options.endian }));
  const found = image.area.entries.map((entry) => ({ row: hashOfTlv(entry.type), data: entry.data }));
  const hashTlv = found.find((entry) => entry.row !== undefined);
  const opened = openBody(image, hashTlv, options.decryptKey);
  const region = opened.body === undefined ? undefined : regionOf(image, opened.body);
  const hash = checkHash(hashTlv, region);
  const { publicKey } = options;
  const fits = publicKey === undefined || hashTlv?.row === undefined || allowsHash(publicKey, hashTlv.row);
  const pure = isPure(image);
  const signature = checkSignature(image, publicKey, region, hashTlv?.row);
  const keyHashAnswer = checkKeyHash(image, publicKey, hashTlv?.row);
  const answers = [hash, signature, keyHashAnswer, opened.answer];
  const ok =
    fits &&
    hash.result === "valid" &&
    (publicKey === undefined || signature.result === "valid") &&
    answers.every((answer) => answer.result !== "invalid");
  return {
    image,
    ok,
    hash,
    signature,
    keyHash: keyHashAnswer,
    decryption: opened.answer,
    keyFitsHash: fits,
    digest: hashTlv?.data,
    pure,
    plainBody: opened.body,
    signedRegion: region,
  };
}

interface HashTlv {
  readonly row: HashRow | undefined;
  readonly data: Uint8Array;
}

/** The plain body, if it can be had: stored plain, or decrypted. */
function openBody(
  image: ParsedImage,
  hashTlv: HashTlv | undefined,
  key: PrivateKey | WrappingKey | undefined,
): { body: Uint8Array | undefined; answer: CheckResult } {
  if (!isMarkedEncrypted(image.header)) return { body: image.body, answer: unchecked("the image is not encrypted") };
  // After --clear the flag is set and the body plain: the hash tells.
  const storedPlain = checkHash(hashTlv, regionOf(image, image.body)).result === "valid";
  if (key === undefined) {
    const why = storedPlain
      ? "the body is stored plain (made with --clear), and no key was given to try"
      : "the body is encrypted, and no key was given to decrypt it";
    return { body: storedPlain ? image.body : undefined, answer: unchecked(why) };
  }
  const unwrapped = openImageKey(image, key);
  if (!("imageKey" in unwrapped)) {
    return { body: storedPlain ? image.body : undefined, answer: invalid(unwrapped.reason) };
  }
  return { body: storedPlain ? image.body : aesCtr(unwrapped.imageKey, image.body, 0), answer: valid };
}

/** The TLV that carries an image's key: the first of the known kinds. */
export function keyTlvOf(image: ParsedImage): PlacedTlv | undefined {
  return image.area.entries.find((entry) => keyWrapRow(entry.type) !== undefined);
}

/** The AES key of an image's body, or why it cannot be had. Whoever calls this keeps the key to himself. */
export function openImageKey(
  image: ParsedImage,
  key: PrivateKey | WrappingKey,
): { readonly imageKey: Uint8Array } | { readonly reason: string } {
  const tlv = keyTlvOf(image);
  if (tlv === undefined) return { reason: "the image is marked encrypted, but no TLV carries its key" };
  try {
    return { imageKey: unwrapImageKey(tlv.type, tlv.data, key) };
  } catch (error) {
    if (!isHilError(error)) throw error;
    return { reason: messageOf(error) };
  }
}

function regionOf(image: ParsedImage, body: Uint8Array): Uint8Array {
  return concat(image.headerRoom, body, image.protectedTlvs);
}

function checkHash(hashTlv: HashTlv | undefined, region: Uint8Array | undefined): CheckResult {
  if (hashTlv?.row === undefined) return invalid("the image has no hash TLV");
  if (region === undefined) return unchecked("the body is encrypted, and was not decrypted");
  const actual = digest(hashTlv.row.name, region);
  return equalBytes(actual, hashTlv.data) ? valid : invalid(`the ${hashTlv.row.label} of the image differs`);
}

function checkSignature(
  image: ParsedImage,
  key: AnyKey | undefined,
  region: Uint8Array | undefined,
  row: HashRow | undefined,
): CheckResult {
  if (key === undefined) return unchecked("no public key was given");
  const { signatureTlv } = keyTypeRow(key.type);
  const signatures = image.area.entries.filter((entry) => entry.type === signatureTlv);
  if (signatures.length === 0) return invalid(`the image has no signature of a key of type ${key.type}`);
  if (region === undefined) return unchecked("the body is encrypted, and was not decrypted");
  const marker = image.area.entries.find((entry) => entry.type === TLV.SIG_PURE);
  if (marker !== undefined && !equalBytes(marker.data, Uint8Array.of(1))) {
    return invalid("the marker of a pure signature is not 1");
  }
  const signed = { region, hash: row?.name ?? "sha256", pure: isPure(image) };
  const fits = signatures.some((entry) => verifySignature(key, signed, entry.type, entry.data));
  return fits ? valid : invalid("no signature in the image is of the given key over these bytes");
}

function checkKeyHash(image: ParsedImage, key: AnyKey | undefined, row: HashRow | undefined): CheckResult {
  if (key === undefined) return unchecked("no public key was given");
  const names = image.area.entries.filter((entry) => entry.type === TLV.KEYHASH || entry.type === TLV.PUBKEY);
  // The bootloader looks at no signature before a TLV has told it which of its keys to take.
  if (names.length === 0) return invalid("the image does not name its signing key");
  return hasNameOf(image, key, row) ? valid : invalid("the image names another signing key");
}

function hasNameOf(image: ParsedImage, key: AnyKey, row: HashRow | undefined): boolean {
  const own = keyHash(key, row?.name ?? "sha256");
  return image.area.entries.some(({ type, data }) => {
    if (type === TLV.PUBKEY) return equalBytes(data, key.publicBytes);
    return type === TLV.KEYHASH && startsWith(own, data);
  });
}

/** True when an image names this key as the one that signed it. A file that is no image names none. */
export function namesKey(bytes: Uint8Array, key: AnyKey): boolean {
  try {
    const image = parseImage(bytes);
    const row = image.area.entries.map(({ type }) => hashOfTlv(type)).find((found) => found !== undefined);
    return hasNameOf(image, key, row);
  } catch (error) {
    if (isKind(error, "image")) return false;
    throw error;
  }
}

/** Of the keys of one bootloader the one that an image names; the first one where it names none of them. */
export function namedKey<Key extends AnyKey>(bytes: Uint8Array, keys: readonly Key[]): Key | undefined {
  return keys.find((key) => namesKey(bytes, key)) ?? keys[0];
}

/**
 * The bootloader compares as many bytes as the TLV has: newt writes four. Source: image_validate.c
 * bootutil_find_key.
 */
function startsWith(own: Uint8Array, named: Uint8Array): boolean {
  return named.length >= SHORT_KEY_HASH_BYTES && equalBytes(own.subarray(0, named.length), named);
}

function isPure(image: ParsedImage): boolean {
  return image.area.entries.some((entry) => entry.type === TLV.SIG_PURE);
}

function allowsHash(key: AnyKey, row: HashRow): boolean {
  return allowedHashes(key).includes(row.name);
}
