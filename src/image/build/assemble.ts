import { ConfigurationError, concat, roundUp } from "../../core/index.ts";
import { aesCtr } from "../crypto/body-cipher.ts";
import { type Randomness, systemRandomness } from "../crypto/randomness.ts";
import { digest, type HashName, hashRow } from "../format/hashes.ts";
import { encodeHeader, FLAG, IMAGE_MAGIC } from "../format/header.ts";
import { encodeTlvArea, type Tlv, tlvAreaBytes } from "../format/tlv-area.ts";
import { TLV } from "../format/tlvs.ts";
import { wrapImageKey } from "../keys/image-key.ts";
import { keyTypeRow } from "../keys/key-types.ts";
import { keyHash } from "../keys/keys.ts";
import { signRegion } from "../keys/signature.ts";
import { type EncryptionOptions, type ImageOptions, NO_KEY_TLV } from "./build-options.ts";
import { protectedTlvs } from "./protected-tlvs.ts";

/** What an image is put together from, beside its options. */
export interface Parts {
  /** Header room with its filler; the header is written over its start, in a copy. */
  readonly room: Uint8Array;
  readonly body: Uint8Array;
  readonly hash: HashName;
  /** TLV that carries the image key; undefined leaves the image unencrypted, whatever its flags say. */
  readonly keyWrapTlv: number | typeof NO_KEY_TLV | undefined;
  /** Of a compressed image: its flags, and TLVs about the image that it decompresses to. */
  readonly compression?: { readonly flags: number; readonly tlvs: readonly Tlv[] };
}

/** Header, body and TLV areas, hashed, signed and encrypted. */
export interface Assembled {
  readonly image: Uint8Array;
  /** Header, plain body, protected TLVs: what hash and signature cover. */
  readonly signedRegion: Uint8Array;
  readonly hash: HashName;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array | undefined;
  /** Length of the data of the TLV that carries the image key; 0 without encryption. */
  readonly keyTlvBytes: number;
}

const AES_BLOCK_BYTES = 16;
const HEADER_FIELD_MAX = 0xffff_ffff;

/** Puts an image together in imgtool's order of work. */
export function assembleImage(parts: Parts, options: ImageOptions): Assembled {
  const { randomness = systemRandomness, endian = "little", encryption } = options;
  const { hash, keyWrapTlv, compression } = parts;
  const plainBody = keyWrapTlv === undefined ? parts.body : paddedToBlocks(parts.body, parts.room.length);
  const protectedEntries = protectedTlvs(options, hash, compression?.tlvs ?? []);
  const protectedArea = protectedEntries.length === 0 ? [] : [encodeTlvArea(protectedEntries, true, endian)];
  const room = Uint8Array.from(parts.room);
  room.set(headerOf(options, plainBody.length, protectedEntries, compression?.flags ?? 0));
  const signedRegion = concat(room, plainBody, ...protectedArea);
  const imageDigest = digest(hash, signedRegion);
  const signature = signatureOf(options, signedRegion, hash, randomness);
  const entries = [{ type: hashRow(hash).tlv, data: imageDigest }, ...signatureTlvs(options, hash, signature)];
  let storedBody = plainBody;
  let keyTlvBytes = 0;
  if (encryption !== undefined && keyWrapTlv !== undefined) {
    const imageKey = randomness.draw("image key", keyBytesOf(encryption));
    if (keyWrapTlv !== NO_KEY_TLV) {
      const data = wrapImageKey(keyWrapTlv, imageKey, encryption.key, randomness);
      entries.push({ type: keyWrapTlv, data });
      keyTlvBytes = data.length;
    }
    if (encryption.clear !== true) storedBody = aesCtr(imageKey, plainBody, 0);
  }
  const image = concat(room, storedBody, ...protectedArea, encodeTlvArea(entries, false, endian));
  return { image, signedRegion, hash, digest: imageDigest, signature, keyTlvBytes };
}

/** The bootloader decrypts whole blocks counted from the header: header and body together are filled up with zeros. */
function paddedToBlocks(body: Uint8Array, headerBytes: number): Uint8Array {
  const missing = roundUp(headerBytes + body.length, AES_BLOCK_BYTES) - headerBytes - body.length;
  return missing === 0 ? body : concat(body, new Uint8Array(missing));
}

function headerOf(
  options: ImageOptions,
  bodyBytes: number,
  protectedEntries: readonly Tlv[],
  extraFlags: number,
): Uint8Array {
  const { encryption, loadAddress = 0, romFixed = 0 } = options;
  if (loadAddress !== 0 && romFixed !== 0) {
    throw new ConfigurationError("Can not set rom_fixed and load_addr at the same time");
  }
  const address = loadAddress === 0 ? romFixed : loadAddress;
  if (!Number.isInteger(address) || address < 0 || address > HEADER_FIELD_MAX) {
    throw new ConfigurationError(`address ${address} does not fit the header.`, "It has 32 bits.");
  }
  const flags =
    extraFlags |
    (loadAddress === 0 ? 0 : FLAG.RAM_LOAD) |
    (romFixed === 0 ? 0 : FLAG.ROM_FIXED) |
    (options.nonBootable === true ? FLAG.NON_BOOTABLE : 0) |
    (encryption === undefined ? 0 : encryption.keyBits === 256 ? FLAG.ENCRYPTED_AES256 : FLAG.ENCRYPTED_AES128);
  const header = {
    magic: IMAGE_MAGIC,
    loadAddress: address,
    headerBytes: options.headerBytes,
    protectedTlvBytes: protectedEntries.length === 0 ? 0 : tlvAreaBytes(protectedEntries),
    bodyBytes,
    flags,
    version: options.version,
    reserved: 0,
  };
  return encodeHeader(header, options.endian);
}

function signatureOf(
  options: ImageOptions,
  region: Uint8Array,
  hash: HashName,
  randomness: Randomness,
): Uint8Array | undefined {
  const { signer, pure = false } = options;
  if (signer === undefined) return undefined;
  if (signer.kind === "fixed") return signer.signature;
  const signature = signRegion(signer.key, { region, hash, pure }, randomness);
  const { paddedSignatureBytes = 0 } = keyTypeRow(signer.key.type);
  const missing = options.padSignature === true ? Math.max(0, paddedSignatureBytes - signature.length) : 0;
  return concat(signature, new Uint8Array(missing));
}

function signatureTlvs(options: ImageOptions, hash: HashName, signature: Uint8Array | undefined): Tlv[] {
  const { signer, pure = false, publicKeyFormat = "hash" } = options;
  const marker = pure ? [{ type: TLV.SIG_PURE, data: Uint8Array.of(1) }] : [];
  if (signer === undefined || signature === undefined) return marker;
  const { signatureTlv, name } = keyTypeRow(signer.key.type);
  if (signatureTlv === undefined) throw new ConfigurationError(`a key of type ${name} cannot sign; it only encrypts.`);
  const identity =
    publicKeyFormat === "full"
      ? { type: TLV.PUBKEY, data: signer.key.publicBytes }
      : { type: TLV.KEYHASH, data: keyHash(signer.key, hash) };
  return [...marker, identity, { type: signatureTlv, data: signature }];
}

function keyBytesOf(encryption: EncryptionOptions): number {
  return (encryption.keyBits ?? 128) / 8;
}
