import { ConfigurationError, concat } from "../../core/index.ts";
import { HEADER_BYTES } from "../format/header.ts";
import { type ImgtoolTrailer, imgtoolTrailer, imgtoolTrailerBytes, type MaxAlign } from "../format/trailer.ts";
import { type Assembled, assembleImage, type Parts } from "./assemble.ts";
import { chooseHash, type ImageOptions, keyWrapOrTrap } from "./build-options.ts";
import { assembleCompressed } from "./compressed.ts";

/** A finished image; `image` is header, body and TLV areas only. */
export interface BuiltImage extends Assembled {
  /** What goes into the file: the image and, with a trailer, erased bytes and the trailer up to the slot's end. */
  readonly bytes: Uint8Array;
  /** The trailer at the slot's end; empty when none was asked for. */
  readonly trailer: Uint8Array;
  readonly maxAlign: MaxAlign;
  /** Sizes of the body before and after, when compression was asked for; `used`: it made the image smaller. */
  readonly compression?: { readonly originalBytes: number; readonly compressedBytes: number; readonly used: boolean };
}

/** imgtool counts 16 bytes for a saved key, also with AES-256. */
const IMGTOOL_KEY_BYTES = 16;
const HEADER_BYTES_MAX = 0xffff;

/**
 * Builds, signs and encrypts an image, byte for byte as imgtool's `sign` does from the same random values.
 * @param payload the firmware, with header room in front unless `padHeader` makes it.
 * @throws ConfigurationError when the options contradict each other, a value does not fit its field, or the image with
 *   its trailer does not fit the slot.
 * Source: MCUboot docs/design.md, "Image format"; docs/imgtool.md; order of work as measured on imgtool 2.4.0.
 */
export function buildImage(payload: Uint8Array, options: ImageOptions): BuiltImage {
  const { encryption, compression } = options;
  const hash = chooseHash(options);
  const keyWrapTlv = encryption === undefined ? undefined : keyWrapOrTrap(encryption, options.signer, options.traps);
  const parts: Parts = { ...withHeaderRoom(payload, options), hash, keyWrapTlv };
  if (compression !== undefined) {
    const { assembled, plain, ...sizes } = assembleCompressed(parts, options, compression);
    // The bootloader unpacks it into its slot: there it must fit, too. As imgtool, which makes that image first.
    inSlot(plain, { ...options, trailer: "none" });
    return { ...assembled, ...inSlot(assembled, options), compression: sizes };
  }
  const assembled = assembleImage(parts, options);
  return { ...assembled, ...inSlot(assembled, options) };
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

function inSlot(
  { image, keyTlvBytes }: Assembled,
  options: ImageOptions,
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
  const keySlotBytes = encryption === undefined ? 0 : saveEncTlv ? keyTlvBytes : IMGTOOL_KEY_BYTES;
  return { writeBytes, maxAlign, maxSectors, overwriteOnly, keySlotBytes };
}
