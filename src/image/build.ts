import { ConfigurationError, concat, roundUp } from "../core/index.ts";
import { aesCtr } from "./body-cipher.ts";
import { chooseHash, chooseKeyWrap, type EncryptionOptions, type ImageOptions } from "./build-options.ts";
import { digest, type HashName, hashRow } from "./hashes.ts";
import { encodeHeader, FLAG, HEADER_BYTES, IMAGE_MAGIC } from "./header.ts";
import { wrapImageKey } from "./image-key.ts";
import { keyTypeRow } from "./key-types.ts";
import { keyHash } from "./keys.ts";
import { protectedTlvs } from "./protected-tlvs.ts";
import { type Randomness, systemRandomness } from "./randomness.ts";
import { signRegion } from "./signature.ts";
import { encodeTlvArea, type Tlv, tlvAreaBytes } from "./tlv-area.ts";
import { TLV } from "./tlvs.ts";
import { type ImgtoolTrailer, imgtoolTrailer, imgtoolTrailerBytes, type MaxAlign } from "./trailer.ts";

/** A finished image. */
export interface BuiltImage {
  /** What goes into the file: the image and, with a trailer, erased bytes and the trailer up to the slot's end. */
  readonly bytes: Uint8Array;
  /** Header, body and TLV areas only. */
  readonly image: Uint8Array;
  /** Header, plain body, protected TLVs: what hash and signature cover. */
  readonly signedRegion: Uint8Array;
  readonly hash: HashName;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array | undefined;
  /** The trailer at the slot's end; empty when none was asked for. */
  readonly trailer: Uint8Array;
  readonly maxAlign: MaxAlign;
  /** Length of the data of the TLV that carries the image key; 0 without encryption. */
  readonly keyTlvBytes: number;
}

const AES_BLOCK_BYTES = 16;
const HEADER_BYTES_MAX = 0xffff;
const HEADER_FIELD_MAX = 0xffff_ffff;

/**
 * Builds, signs and encrypts an image, byte for byte as imgtool's `sign` does from the same random values.
 * @param payload the firmware, with header room in front unless `padHeader` makes it.
 * @throws ConfigurationError when the options contradict each other, a value does not fit its field, or the image with
 *   its trailer does not fit the slot.
 * Source: MCUboot docs/design.md, "Image format"; docs/imgtool.md; order of work as measured on imgtool 2.4.0.
 */
export function buildImage(payload: Uint8Array, options: ImageOptions): BuiltImage {
  const { randomness = systemRandomness, endian = "little", encryption } = options;
  const hash = chooseHash(options);
  const keyWrapTlv = encryption === undefined ? undefined : chooseKeyWrap(encryption, options.signer);
  const { room, body } = withHeaderRoom(payload, options);
  const plainBody = encryption === undefined ? body : paddedToBlocks(body, room.length);
  const protectedEntries = protectedTlvs(options, hash);
  const protectedArea = protectedEntries.length === 0 ? [] : [encodeTlvArea(protectedEntries, true, endian)];
  room.set(headerOf(options, plainBody.length, protectedEntries));
  const signedRegion = concat(room, plainBody, ...protectedArea);
  const imageDigest = digest(hash, signedRegion);
  const signature = signatureOf(options, signedRegion, hash, randomness);
  const entries = [{ type: hashRow(hash).tlv, data: imageDigest }, ...signatureTlvs(options, hash, signature)];
  let storedBody = plainBody;
  if (encryption !== undefined && keyWrapTlv !== undefined) {
    const imageKey = randomness.draw("image key", keyBytesOf(encryption));
    entries.push({ type: keyWrapTlv, data: wrapImageKey(keyWrapTlv, imageKey, encryption.key, randomness) });
    if (encryption.clear !== true) storedBody = aesCtr(imageKey, plainBody, 0);
  }
  const image = concat(room, storedBody, ...protectedArea, encodeTlvArea(entries, false, endian));
  const keyTlvBytes = entries.find((entry) => entry.type === keyWrapTlv)?.data.length ?? 0;
  const placed = inSlot(image, options, keyTlvBytes);
  return { ...placed, keyTlvBytes, image, signedRegion, hash, digest: imageDigest, signature };
}

function withHeaderRoom(payload: Uint8Array, options: ImageOptions): { room: Uint8Array; body: Uint8Array } {
  const { headerBytes, erasedValue = 0xff, headerFill } = options;
  if (!Number.isInteger(headerBytes) || headerBytes < HEADER_BYTES || headerBytes > HEADER_BYTES_MAX) {
    throw new ConfigurationError(
      `header size ${headerBytes} is out of range.`,
      `It goes from ${HEADER_BYTES} to ${HEADER_BYTES_MAX} bytes.`,
    );
  }
  if (options.padHeader) {
    return { room: new Uint8Array(headerBytes).fill(headerFill ?? erasedValue), body: payload };
  }
  const room = payload.slice(0, headerBytes);
  const isClean = room.length === headerBytes && room.every((byte) => byte === 0);
  if (headerFill === undefined && !isClean) {
    throw new ConfigurationError("Header padding was not requested and image does not start with zeros");
  }
  const full = new Uint8Array(headerBytes);
  full.set(room);
  return { room: headerFill === undefined ? full : full.fill(headerFill), body: payload.subarray(headerBytes) };
}

/** The bootloader decrypts whole blocks counted from the header, so header and body together are filled up with zeros. */
function paddedToBlocks(body: Uint8Array, headerBytes: number): Uint8Array {
  const missing = roundUp(headerBytes + body.length, AES_BLOCK_BYTES) - headerBytes - body.length;
  return concat(body, new Uint8Array(missing));
}

function headerOf(options: ImageOptions, bodyBytes: number, protectedEntries: readonly Tlv[]): Uint8Array {
  const { encryption, loadAddress = 0, romFixed = 0 } = options;
  if (loadAddress !== 0 && romFixed !== 0) {
    throw new ConfigurationError("Can not set rom_fixed and load_addr at the same time");
  }
  const address = loadAddress === 0 ? romFixed : loadAddress;
  if (!Number.isInteger(address) || address < 0 || address > HEADER_FIELD_MAX) {
    throw new ConfigurationError(`address ${address} does not fit the header.`, "It has 32 bits.");
  }
  const flags =
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

function inSlot(
  image: Uint8Array,
  options: ImageOptions,
  keyTlvBytes: number,
): Pick<BuiltImage, "bytes" | "trailer" | "maxAlign"> {
  const { slotBytes = 0, erasedValue = 0xff, endian = "little", trailer: wanted = "none" } = options;
  const shape = trailerOf(options, keyTlvBytes);
  const trailerBytes = imgtoolTrailerBytes(shape);
  if (slotBytes > 0 && image.length + trailerBytes > slotBytes) {
    const [size, tail, slot] = [image.length, trailerBytes, slotBytes].map((value) => `0x${value.toString(16)}`);
    throw new ConfigurationError(`Image size (${size}) + trailer (${tail}) exceeds requested size ${slot}`);
  }
  if (wanted === "none") return { bytes: image, trailer: new Uint8Array(0), maxAlign: shape.maxAlign };
  const trailer = imgtoolTrailer(shape, { confirmed: wanted === "confirm", erasedValue, endian });
  const fill = new Uint8Array(Math.max(0, slotBytes - image.length - trailer.length)).fill(erasedValue);
  return { bytes: concat(image, fill, trailer), trailer, maxAlign: shape.maxAlign };
}

/** What imgtool assumes of the trailer: see ImgtoolTrailer. */
function trailerOf(options: ImageOptions, keyTlvBytes: number): ImgtoolTrailer {
  const { writeBytes = 1, maxSectors = 128, overwriteOnly = false, encryption, saveEncTlv = false } = options;
  const maxAlign = options.maxAlign ?? (writeBytes > 16 ? 32 : writeBytes > 8 ? 16 : 8);
  const keySlotBytes = encryption === undefined ? 0 : saveEncTlv ? keyTlvBytes : AES_BLOCK_BYTES;
  return { writeBytes, maxAlign, maxSectors, overwriteOnly, keySlotBytes };
}
