import { defined, ImageError, isKind, viewOf } from "../../core/index.ts";
import {
  decodeHeader,
  ENCRYPTED_FLAGS,
  type Endian,
  endianOf,
  FLAG,
  IMAGE_MAGIC,
  IMAGE_MAGIC_V1,
  type ImageHeader,
} from "../format/header.ts";
import { readTlvArea, type TlvArea } from "../format/tlv-area.ts";
import { tlvRow } from "../format/tlvs.ts";
import { type MaxAlign, maxAlignOfMagic, trailerLayout } from "../format/trailer.ts";
import { formatVersion } from "../format/version.ts";

/** A value as imgtool's dump holds it. */
export type DumpValue = number | string | Uint8Array | readonly DumpValue[] | { readonly [key: string]: DumpValue };

/** What `dumpinfo` shows, with imgtool's names. */
export interface ImageDump {
  readonly filename: string;
  readonly header: ImageHeader;
  readonly protectedArea: TlvArea | undefined;
  readonly area: TlvArea;
  readonly trailer: TrailerDump | undefined;
}

export interface TrailerDump {
  readonly magic: Uint8Array;
  /** Undefined when the magic is unknown: then nobody can tell where the fields lie. */
  readonly maxAlign: MaxAlign | undefined;
  readonly imageOk: number;
  readonly copyDone: number;
  readonly swapInfo: number;
  readonly swapSizeBytes: number;
  /** Bytes of both saved keys; undefined when the image is not encrypted. */
  readonly keyFieldBytes: number | undefined;
}

const MAGIC_BYTES = 16;
/** Of an image's header. */
const MAGIC_FIELD_BYTES = 4;

/**
 * Takes an image apart for a person to read. More lenient than parseImage, as imgtool's `dumpinfo` is: neither magic
 * nor hash is judged, and a file that is no image may still be shown. The byte order is the one that the magic has.
 * @param filename shown in the dump; no folder.
 * @throws ImageError when lengths run past the file; where its magic is none either, it says that this is no image.
 */
export function dumpImage(bytes: Uint8Array, filename: string): ImageDump {
  try {
    return dumped(bytes, filename);
  } catch (error) {
    const magic =
      bytes.length < MAGIC_FIELD_BYTES ? undefined : viewOf(bytes).getUint32(0, endianOf(bytes) === "little");
    if (!isKind(error, "image") || magic === IMAGE_MAGIC || magic === IMAGE_MAGIC_V1) throw error;
    throw noImage(bytes.length, filename, magic, error);
  }
}

function noImage(bytes: number, filename: string, magic: number | undefined, cause: unknown): ImageError {
  const found = magic === undefined ? undefined : `0x${magic.toString(16).padStart(8, "0")}`;
  const expected = `0x${IMAGE_MAGIC.toString(16)}`;
  const begins = found === undefined ? `has ${bytes} bytes` : `begins with ${found} instead of the magic ${expected}`;
  const fault = { offset: 0, field: "magic", expected, ...defined({ found }) };
  const hint = "Name a signed image: the build's zephyr.signed.bin or .hex, or what `hil image sign` wrote.";
  return new ImageError(`${filename} is no MCUboot image: it ${begins}.`, fault, hint, { cause });
}

function dumped(bytes: Uint8Array, filename: string): ImageDump {
  const endian = endianOf(bytes);
  const header = decodeHeader(bytes, endian);
  const first = readTlvArea(bytes, header.headerBytes + header.bodyBytes, endian);
  const protectedArea = first.protected ? first : undefined;
  const area = first.protected ? readTlvArea(bytes, first.end, endian) : first;
  const trailer = area.end < bytes.length ? readTrailer(bytes, header, endian) : undefined;
  return { filename, header, protectedArea, area, trailer };
}

function readTrailer(bytes: Uint8Array, header: ImageHeader, endian: Endian): TrailerDump {
  const magic = bytes.subarray(Math.max(0, bytes.length - MAGIC_BYTES));
  const maxAlign = maxAlignOfMagic(magic, endian);
  const keySlotBytes = (header.flags & FLAG.ENCRYPTED_AES256) !== 0 ? 32 : 16;
  const { fields } = trailerLayout({
    maxAlign: maxAlign ?? 8,
    writeBytes: 1,
    maxSectors: 0,
    statesPerSector: 3,
    keySlotBytes,
    hasTlvSizes: false,
  });
  const byteAt = (fromEnd: number): number => bytes[bytes.length - fromEnd] ?? 0xff;
  const swapSizeAt = bytes.length - fields.swapSize.fromEnd;
  return {
    magic,
    maxAlign,
    imageOk: byteAt(fields.imageOk.fromEnd),
    copyDone: byteAt(fields.copyDone.fromEnd),
    swapInfo: byteAt(fields.swapInfo.fromEnd),
    swapSizeBytes: swapSizeAt < 0 ? 0xffff_ffff : viewOf(bytes).getUint32(swapSizeAt, endian === "little"),
    keyFieldBytes: (header.flags & ENCRYPTED_FLAGS) === 0 ? undefined : 2 * (fields.key0?.bytes ?? 0),
  };
}

/** The dump as plain data, with imgtool's keys in imgtool's order: what its yaml and json hold. */
export function dumpData(dump: ImageDump): DumpValue {
  const { header } = dump;
  return {
    filename: dump.filename,
    header: {
      magic: header.magic,
      load_addr: header.loadAddress,
      hdr_size: header.headerBytes,
      protected_tlv_size: header.protectedTlvBytes,
      img_size: header.bodyBytes,
      flags: header.flags,
      version: formatVersion(header.version),
    },
    tlv_area: {
      tlv_hdr_prot: dump.protectedArea === undefined ? {} : areaInfo(dump.protectedArea),
      tlvs_prot: dump.protectedArea === undefined ? [] : areaEntries(dump.protectedArea),
      tlv_hdr: areaInfo(dump.area),
      tlvs: areaEntries(dump.area),
    },
    trailer: dump.trailer === undefined ? {} : trailerData(dump.trailer),
  };
}

function areaInfo(area: TlvArea): DumpValue {
  return { magic: area.protected ? 0x6908 : 0x6907, tlv_tot: area.totalBytes };
}

function areaEntries(area: TlvArea): DumpValue {
  return area.entries.map(({ type, data }) => ({ type, type_name: tlvName(type), len: data.length, data }));
}

/** imgtool's name of a TLV type. */
export function tlvName(type: number): string {
  return tlvRow(type)?.name ?? "UNKNOWN";
}

function trailerData(trailer: TrailerDump): DumpValue {
  if (trailer.maxAlign === undefined) {
    const keys = defined({ key_field_len: trailer.keyFieldBytes });
    return { magic: trailer.magic, ...keys };
  }
  const fields = {
    magic: trailer.magic,
    image_ok: trailer.imageOk,
    copy_done: trailer.copyDone,
    swap_info: trailer.swapInfo,
    swap_size: trailer.swapSizeBytes,
  };
  return trailer.keyFieldBytes === undefined ? fields : { ...fields, key_field_len: trailer.keyFieldBytes };
}
