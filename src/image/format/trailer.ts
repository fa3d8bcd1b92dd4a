import { ConfigurationError, equalBytes, fromHex, roundUp } from "../../core/index.ts";
import type { Endian } from "./header.ts";

/** BOOT_MAX_ALIGN of a bootloader's build. */
export type MaxAlign = 8 | 16 | 32;

const MAGIC_BYTES = 16;
const source = "MCUboot bootutil_public.c boot_img_magic, BOOT_IMG_MAGIC";

/** Trailer magics. Builds that align to 8 use the old one; others start with the alignment as a 16-bit number. */
const TRAILER_MAGICS = [
  { maxAlign: 8, hex: "77c295f360d2ef7f3552500f2cb67980", source },
  { maxAlign: 16, hex: "10002de15d29410b8d77679c110f1f8a", source },
  { maxAlign: 32, hex: "20002de15d29410b8d77679c110f1f8a", source },
] as const;

/** The 16 magic bytes of a build that aligns to `maxAlign`. */
export function trailerMagic(maxAlign: MaxAlign, endian: Endian = "little"): Uint8Array {
  const row = TRAILER_MAGICS.find((candidate) => candidate.maxAlign === maxAlign);
  if (row === undefined) throw new ConfigurationError(`no trailer has maximum alignment ${maxAlign}; use 8, 16 or 32.`);
  const bytes = fromHex(row.hex);
  if (endian === "big" && maxAlign !== 8) bytes.set([bytes[1] ?? 0, bytes[0] ?? 0]);
  return bytes;
}

/** The alignment whose magic these 16 bytes are, or undefined. */
export function maxAlignOfMagic(magic: Uint8Array, endian: Endian = "little"): MaxAlign | undefined {
  return TRAILER_MAGICS.find((row) => equalBytes(trailerMagic(row.maxAlign, endian), magic))?.maxAlign;
}

/** What decides where the fields of a trailer lie. */
export interface TrailerShape {
  readonly maxAlign: MaxAlign;
  /** Write size of the flash in bytes (nRF5340: 4): each swap status takes one write. */
  readonly writeBytes: number;
  /** BOOT_MAX_IMG_SECTORS of the build; 0 for modes that keep no status (overwrite-only, direct-XIP). */
  readonly maxSectors: number;
  /** Status writes a sector: 3, or 2 for swap using offset. */
  readonly statesPerSector: 2 | 3;
  /** Saved key of one slot before alignment: 0 without encryption, 16, 32, or the key TLV's length with SAVE_ENCTLV. */
  readonly keySlotBytes: number;
  /** True for swap using offset: one more field between swap_info and swap_size. */
  readonly hasTlvSizes: boolean;
}

/** Fields of a trailer from the slot's end downwards. `present` tells in which builds a field is there. */
const TRAILER = [
  { name: "magic", size: "magic", present: "always", source: "MCUboot docs/design.md, Image trailer" },
  { name: "imageOk", size: "align", present: "always", source: "MCUboot docs/design.md, Image trailer" },
  { name: "copyDone", size: "align", present: "always", source: "MCUboot docs/design.md, Image trailer" },
  { name: "swapInfo", size: "align", present: "always", source: "MCUboot docs/design.md, Image trailer" },
  { name: "tlvSizes", size: "align", present: "swap offset", source: "MCUboot bootutil_priv.h, swap_offset.c" },
  { name: "swapSize", size: "align", present: "always", source: "MCUboot docs/design.md, Image trailer" },
  { name: "key0", size: "key", present: "encryption", source: "MCUboot bootutil_priv.h boot_enc_key_off" },
  { name: "key1", size: "key", present: "encryption", source: "MCUboot bootutil_priv.h boot_enc_key_off" },
  { name: "status", size: "status", present: "always", source: "MCUboot docs/design.md, Image trailer" },
] as const;

export type TrailerField = (typeof TRAILER)[number]["name"];

/** A field of a trailer: `fromEnd` is the distance in bytes from the slot's end to the field's first byte. */
interface TrailerPlace {
  readonly fromEnd: number;
  readonly bytes: number;
}

export interface TrailerLayout {
  readonly shape: TrailerShape;
  /** Absent fields are undefined. The magic's place is its 16 bytes at the very end; before it comes padding. */
  readonly fields: Readonly<Partial<Record<TrailerField, TrailerPlace>>> &
    Readonly<Record<"magic" | "imageOk" | "copyDone" | "swapInfo" | "swapSize" | "status", TrailerPlace>>;
  /** Size of the whole trailer. */
  readonly totalBytes: number;
}

/**
 * Where each trailer field lies. Offset in a slot = slot size - `fromEnd`.
 * @throws ConfigurationError for a maximum alignment other than 8, 16 or 32.
 * Source: MCUboot docs/design.md, "Image trailer"; bootutil_public.c boot_magic_off and its neighbours.
 */
export function trailerLayout(shape: TrailerShape): TrailerLayout {
  const sizes = {
    magic: roundUp(trailerMagic(shape.maxAlign).length, shape.maxAlign),
    align: shape.maxAlign,
    key: roundUp(shape.keySlotBytes, shape.maxAlign),
    status: shape.maxSectors * shape.statesPerSector * shape.writeBytes,
  };
  const present = { always: true, "swap offset": shape.hasTlvSizes, encryption: shape.keySlotBytes > 0 };
  const fields: Partial<Record<TrailerField, TrailerPlace>> = {};
  let fromEnd = 0;
  for (const row of TRAILER) {
    if (!present[row.present]) continue;
    fromEnd += sizes[row.size];
    fields[row.name] = { fromEnd, bytes: sizes[row.size] };
  }
  fields.magic = { fromEnd: MAGIC_BYTES, bytes: MAGIC_BYTES };
  return { shape, fields: fields as TrailerLayout["fields"], totalBytes: fromEnd };
}

/** What to write into a trailer; what is not given stays erased. */
interface TrailerContents {
  readonly imageOk?: boolean;
  readonly copyDone?: boolean;
  /** (image number << 4) | swap type. */
  readonly swapInfo?: number;
  readonly swapSizeBytes?: number;
  /** 0xff or 0: what erased flash reads. */
  readonly erasedValue?: number;
  readonly endian?: Endian;
}

/** Bytes of a whole trailer with its magic, to be placed at the slot's end. */
export function trailerBytes(layout: TrailerLayout, contents: TrailerContents = {}): Uint8Array {
  const { fields, totalBytes, shape } = layout;
  const out = new Uint8Array(totalBytes).fill(contents.erasedValue ?? 0xff);
  out.set(trailerMagic(shape.maxAlign, contents.endian), totalBytes - fields.magic.fromEnd);
  const put = (place: TrailerPlace, ...bytes: number[]): void => out.set(bytes, totalBytes - place.fromEnd);
  if (contents.imageOk === true) put(fields.imageOk, 1);
  if (contents.copyDone === true) put(fields.copyDone, 1);
  if (contents.swapInfo !== undefined) put(fields.swapInfo, contents.swapInfo);
  if (contents.swapSizeBytes !== undefined) {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(contents.swapSizeBytes);
    put(fields.swapSize, ...word);
  }
  return out;
}

/** What imgtool's `sign` knows of a bootloader. */
export interface ImgtoolTrailer {
  /** `--align`. */
  readonly writeBytes: number;
  readonly maxAlign: MaxAlign;
  /** `--max-sectors`. */
  readonly maxSectors: number;
  readonly overwriteOnly: boolean;
  /** 0 without `-E`. imgtool counts 16 for either key length; with `--save-enctlv` the key TLV's length. */
  readonly keySlotBytes: number;
}

/**
 * The trailer size that imgtool reserves in its size check: no sector rounding, no swap mode but overwrite-only.
 * Source: imgtool image.py, trailer size.
 */
export function imgtoolTrailerBytes(options: ImgtoolTrailer): number {
  const { maxAlign } = options;
  if (options.overwriteOnly) return 2 * maxAlign + roundUp(MAGIC_BYTES, maxAlign);
  return trailerLayout({ ...options, statesPerSector: 3, hasTlvSizes: false }).totalBytes;
}

/**
 * The trailer `--pad` writes at a slot's end: magic, and with `confirmed` the image_ok flag. With overwrite-only no
 * image_ok is ever written.
 */
export function imgtoolTrailer(
  options: ImgtoolTrailer,
  contents: { readonly confirmed: boolean; readonly erasedValue: number; readonly endian: Endian },
): Uint8Array {
  const whole = trailerBytes(trailerLayout({ ...options, statesPerSector: 3, hasTlvSizes: false }), {
    ...contents,
    imageOk: contents.confirmed && !options.overwriteOnly,
  });
  return whole.slice(whole.length - imgtoolTrailerBytes(options));
}
