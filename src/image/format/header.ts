import { ImageError, viewOf } from "../../core/index.ts";
import type { Version } from "./version.ts";

/** Byte order of all multi-byte fields; "big" only in images made with `--endian big`. */
export type Endian = "little" | "big";

export const IMAGE_MAGIC = 0x96f3b83d;
/** Magic of the format before MCUboot 1.0: known in order to be refused by name. */
export const IMAGE_MAGIC_V1 = 0x96f3b83c;
/** Bytes of the header that have a meaning; `headerBytes` may be larger. */
export const HEADER_BYTES = 32;

const source = "MCUboot image.h struct image_header";

/** Fields of the image header. */
export const HEADER = [
  { name: "magic", offset: 0, bytes: 4, source },
  { name: "loadAddress", offset: 4, bytes: 4, source },
  { name: "headerBytes", offset: 8, bytes: 2, source },
  { name: "protectedTlvBytes", offset: 10, bytes: 2, source },
  { name: "bodyBytes", offset: 12, bytes: 4, source },
  { name: "flags", offset: 16, bytes: 4, source },
  { name: "major", offset: 20, bytes: 1, source: "MCUboot image.h struct image_version" },
  { name: "minor", offset: 21, bytes: 1, source: "MCUboot image.h struct image_version" },
  { name: "revision", offset: 22, bytes: 2, source: "MCUboot image.h struct image_version" },
  { name: "build", offset: 24, bytes: 4, source: "MCUboot image.h struct image_version" },
  { name: "reserved", offset: 28, bytes: 4, source },
] as const;

type HeaderField = (typeof HEADER)[number]["name"];

export interface ImageHeader {
  readonly magic: number;
  /** RAM address (flag RAM_LOAD) or flash address (flag ROM_FIXED); else 0. */
  readonly loadAddress: number;
  /** Offset of the body from the start of the image. */
  readonly headerBytes: number;
  /** Size of the protected TLV area with its 4-byte info; 0 when there is none. */
  readonly protectedTlvBytes: number;
  /** Size of the body (`img_size`), after the padding that encryption adds. */
  readonly bodyBytes: number;
  readonly flags: number;
  readonly version: Version;
  readonly reserved: number;
}

const flagSource = "MCUboot image.h IMAGE_F_*";

/** Header flags, in the order imgtool prints them. */
export const HEADER_FLAGS = [
  { name: "PIC", value: 0x1, source: flagSource },
  { name: "ENCRYPTED_AES128", value: 0x4, source: flagSource },
  { name: "ENCRYPTED_AES256", value: 0x8, source: flagSource },
  { name: "NON_BOOTABLE", value: 0x10, source: flagSource },
  { name: "RAM_LOAD", value: 0x20, source: flagSource },
  { name: "ROM_FIXED", value: 0x100, source: flagSource },
  { name: "COMPRESSED_LZMA1", value: 0x200, source: flagSource },
  { name: "COMPRESSED_LZMA2", value: 0x400, source: flagSource },
  { name: "COMPRESSED_ARM_THUMB", value: 0x800, source: flagSource },
] as const;

type HeaderFlagName = (typeof HEADER_FLAGS)[number]["name"];

/** Value of each header flag by name. */
export const FLAG = Object.fromEntries(HEADER_FLAGS.map((row) => [row.name, row.value])) as Readonly<
  Record<HeaderFlagName, number>
>;

/** Either encryption flag. */
export const ENCRYPTED_FLAGS = FLAG.ENCRYPTED_AES128 | FLAG.ENCRYPTED_AES256;

/** The byte order in which an image's magic reads right; "little" where neither does. */
export function endianOf(bytes: Uint8Array): Endian {
  if (bytes.length < HEADER_BYTES) return "little";
  return decodeHeader(bytes, "big").magic === IMAGE_MAGIC ? "big" : "little";
}

/**
 * The header at the start of `bytes`. It reads and does not judge: magic, sizes and flags may be anything.
 * @throws ImageError when `bytes` is shorter than 32 bytes.
 */
export function decodeHeader(bytes: Uint8Array, endian: Endian = "little"): ImageHeader {
  if (bytes.length < HEADER_BYTES) {
    throw new ImageError(`image of ${bytes.length} bytes is shorter than a header.`, {
      offset: 0,
      field: "header",
      found: `${bytes.length} bytes`,
      expected: `at least ${HEADER_BYTES} bytes`,
    });
  }
  const view = viewOf(bytes);
  const fields = Object.fromEntries(
    HEADER.map((row) => [row.name, readUint(view, row.offset, row.bytes, endian)]),
  ) as Record<HeaderField, number>;
  const { major, minor, revision, build, ...rest } = fields;
  return { ...rest, version: { major, minor, revision, build } };
}

/**
 * The 32 bytes of a header.
 * @throws ImageError naming the field, for a number that is negative, not whole or too large for it.
 */
export function encodeHeader(header: ImageHeader, endian: Endian = "little"): Uint8Array {
  const { version, ...rest } = header;
  const fields: Record<HeaderField, number> = { ...rest, ...version };
  const out = new Uint8Array(HEADER_BYTES);
  const view = viewOf(out);
  for (const row of HEADER) writeUint(view, row, fields[row.name], endian);
  return out;
}

/** Names of the flags set in `flags`; bits without a name are skipped. */
export function flagNames(flags: number): HeaderFlagName[] {
  return HEADER_FLAGS.filter((row) => (flags & row.value) !== 0).map((row) => row.name);
}

function readUint(view: DataView, offset: number, bytes: 1 | 2 | 4, endian: Endian): number {
  const little = endian === "little";
  if (bytes === 1) return view.getUint8(offset);
  return bytes === 2 ? view.getUint16(offset, little) : view.getUint32(offset, little);
}

function writeUint(view: DataView, row: (typeof HEADER)[number], value: number, endian: Endian): void {
  const limit = 2 ** (8 * row.bytes) - 1;
  if (!Number.isInteger(value) || value < 0 || value > limit) {
    throw new ImageError(`header field ${row.name} cannot hold ${value}.`, {
      offset: row.offset,
      field: row.name,
      found: String(value),
      expected: `0 to ${limit}`,
    });
  }
  const little = endian === "little";
  if (row.bytes === 1) view.setUint8(row.offset, value);
  else if (row.bytes === 2) view.setUint16(row.offset, value, little);
  else view.setUint32(row.offset, value, little);
}
