import { ImageError } from "../../core/index.ts";
import {
  decodeHeader,
  ENCRYPTED_FLAGS,
  type Endian,
  FLAG,
  HEADER_BYTES,
  IMAGE_MAGIC,
  IMAGE_MAGIC_V1,
  type ImageHeader,
} from "./header.ts";
import { type PlacedTlv, readTlvArea, type TlvArea } from "./tlv-area.ts";

/** An image taken apart; all byte arrays are views of the file. */
export interface ParsedImage {
  readonly header: ImageHeader;
  readonly endian: Endian;
  /** The whole header room, `headerBytes` long. */
  readonly headerRoom: Uint8Array;
  /** The body as it is stored: encrypted or plain. */
  readonly body: Uint8Array;
  readonly protectedArea: TlvArea | undefined;
  /** The protected area with its info header; empty when there is none. */
  readonly protectedTlvs: Uint8Array;
  readonly area: TlvArea;
  /** Length of what hash and signature cover: header, body, protected TLVs. */
  readonly signedBytes: number;
  /** Length of the image: end of the unprotected TLV area. */
  readonly imageBytes: number;
  /** What follows the image: slot padding and trailer, or nothing. */
  readonly rest: Uint8Array;
}

/** Flags that no image may have both. Source: MCUboot image_validate.c, boot_is_header_valid. */
const EXCLUSIVE_FLAGS = [
  { flags: ENCRYPTED_FLAGS, why: "encrypted with AES-128 and with AES-256" },
  { flags: FLAG.COMPRESSED_LZMA1 | FLAG.COMPRESSED_LZMA2, why: "compressed with LZMA1 and with LZMA2" },
] as const;

/**
 * The parts of an image. Nothing is trusted: every length is held against the file, header and TLV areas must agree.
 * Hash and signature are not looked at (see verifyImage).
 * @throws ImageError with offset, field, found and expected, for the first rule that is broken.
 * Source: MCUboot docs/design.md, "Image format"; tlv.c, loader.c boot_is_header_valid.
 */
export function parseImage(bytes: Uint8Array, options: { readonly endian?: Endian } = {}): ParsedImage {
  const { endian = "little" } = options;
  const header = decodeHeader(bytes, endian);
  checkHeader(header, bytes, endian);
  const bodyEnd = header.headerBytes + header.bodyBytes;
  const protectedArea = header.protectedTlvBytes === 0 ? undefined : readProtected(bytes, bodyEnd, header, endian);
  const signedBytes = protectedArea?.end ?? bodyEnd;
  const area = readTlvArea(bytes, signedBytes, endian);
  if (area.protected) {
    throw new ImageError(
      `the TLV area at ${at(signedBytes)} is marked protected, but the header knows of no protected TLVs there.`,
      { offset: signedBytes, field: "TLV info magic", found: "0x6908", expected: "0x6907" },
    );
  }
  return {
    header,
    endian,
    headerRoom: bytes.subarray(0, header.headerBytes),
    body: bytes.subarray(header.headerBytes, bodyEnd),
    protectedArea,
    protectedTlvs: bytes.subarray(bodyEnd, signedBytes),
    area,
    signedBytes,
    imageBytes: area.end,
    rest: bytes.subarray(area.end),
  };
}

/** All TLVs of an image, protected ones first. */
export function tlvsOf(image: ParsedImage): readonly PlacedTlv[] {
  return [...(image.protectedArea?.entries ?? []), ...image.area.entries];
}

/** True when a flag says that the body is encrypted (or, after `--clear`, is to be encrypted). */
export function isMarkedEncrypted(header: ImageHeader): boolean {
  return (header.flags & ENCRYPTED_FLAGS) !== 0;
}

function checkHeader(header: ImageHeader, bytes: Uint8Array, endian: Endian): void {
  if (header.magic !== IMAGE_MAGIC) {
    throw new ImageError(
      "no MCUboot image: the header magic is wrong.",
      { offset: 0, field: "magic", found: at(header.magic), expected: at(IMAGE_MAGIC) },
      magicHint(header.magic, bytes, endian),
    );
  }
  if (header.headerBytes < HEADER_BYTES) {
    throw new ImageError("the header claims to be smaller than a header.", {
      offset: 8,
      field: "headerBytes",
      found: `${header.headerBytes} bytes`,
      expected: `at least ${HEADER_BYTES} bytes`,
    });
  }
  const end = header.headerBytes + header.bodyBytes;
  if (end > bytes.length) {
    throw new ImageError("the image size in the header runs past the end of the file.", {
      offset: 12,
      field: "bodyBytes",
      found: `header and body of ${end} bytes`,
      expected: `at most ${bytes.length} bytes`,
    });
  }
  for (const { flags, why } of EXCLUSIVE_FLAGS) {
    if ((header.flags & flags) === flags) {
      throw new ImageError(`the flags say that the image is ${why}.`, {
        offset: 16,
        field: "flags",
        found: at(header.flags),
        expected: "one of them",
      });
    }
  }
}

function readProtected(bytes: Uint8Array, offset: number, header: ImageHeader, endian: Endian): TlvArea {
  const area = readTlvArea(bytes, offset, endian);
  if (!area.protected || area.totalBytes !== header.protectedTlvBytes) {
    throw new ImageError(`header and protected TLV area at ${at(offset)} do not agree.`, {
      offset,
      field: "protected TLV info",
      found: area.protected ? `${area.totalBytes} bytes` : "an unprotected area",
      expected: `a protected area of ${header.protectedTlvBytes} bytes`,
    });
  }
  return area;
}

function magicHint(magic: number, bytes: Uint8Array, endian: Endian): string {
  if (magic === IMAGE_MAGIC_V1) return "This is the format before MCUboot 1.0: sign it again with a newer tool.";
  if (magic === 0xffff_ffff) return "The bytes look like erased flash.";
  const other: Endian = endian === "little" ? "big" : "little";
  if (decodeHeader(bytes, other).magic === IMAGE_MAGIC) return `The image is ${other}-endian.`;
  return "Is this the signed file?";
}

function at(value: number): string {
  return `0x${value.toString(16)}`;
}
