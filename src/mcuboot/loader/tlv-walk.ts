import { isKind } from "../../core/index.ts";
import { PROTECTED_TLV_INFO_MAGIC, readTlvArea, TLV_INFO_BYTES, TLV_INFO_MAGIC, type Tlv } from "../../image/index.ts";
import { type ImagePair, type LoaderState, readArea, SECONDARY, type Slot, tlvOffset } from "./loader-state.ts";

/** The TLV areas of the image in a slot. Offsets are from the image's start. */
export interface TlvRange {
  /** First byte of the TLVs. */
  readonly start: number;
  readonly protectedBytes: number;
  /** Size of the unprotected area with its info header. */
  readonly unprotectedBytes: number;
  /** First byte after all TLVs: the size of the image. */
  readonly end: number;
}

/** Where the image in a slot starts, in bytes from the slot's start. */
export function imageStart(image: ImagePair, slot: Slot): number {
  return slot === SECONDARY ? image.secondaryOffset : 0;
}

/**
 * Finds the TLV areas by their info headers; undefined when a magic or the protected size does not fit the header.
 * Source: MCUboot tlv.c bootutil_tlv_iter_begin, bootutil_misc.c boot_read_image_size.
 */
export function tlvRange(loader: LoaderState, image: ImagePair, slot: Slot): TlvRange | undefined {
  const header = image.headers[slot];
  const start = tlvOffset(header);
  const first = infoAt(loader, image, slot, start);
  if (first === undefined) return undefined;
  const protectedBytes = header.protectedTlvBytes;
  const hasProtected = first.magic === PROTECTED_TLV_INFO_MAGIC;
  if ((hasProtected ? first.bytes : 0) !== protectedBytes) return undefined;
  const info = hasProtected ? infoAt(loader, image, slot, start + protectedBytes) : first;
  if (info?.magic !== TLV_INFO_MAGIC) return undefined;
  return { start, protectedBytes, unprotectedBytes: info.bytes, end: start + protectedBytes + info.bytes };
}

/** All TLVs of the image in a slot, protected ones first; undefined when they cannot be walked to the end. */
export function tlvEntries(loader: LoaderState, image: ImagePair, slot: Slot): readonly Tlv[] | undefined {
  const range = tlvRange(loader, image, slot);
  const first = protectedEntries(loader, image, slot);
  if (range === undefined || first === undefined) return undefined;
  const rest = entriesAt(loader, image, slot, range.start + range.protectedBytes, range.unprotectedBytes);
  return rest === undefined ? undefined : [...first, ...rest];
}

/** The protected TLVs of the image in a slot; undefined when the TLV areas or these entries make no sense. */
export function protectedEntries(loader: LoaderState, image: ImagePair, slot: Slot): readonly Tlv[] | undefined {
  const range = tlvRange(loader, image, slot);
  if (range === undefined || range.protectedBytes === 0) return range === undefined ? undefined : [];
  return entriesAt(loader, image, slot, range.start, range.protectedBytes);
}

function entriesAt(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  offset: number,
  bytes: number,
): readonly Tlv[] | undefined {
  const area = readArea(loader, image.areas[slot], imageStart(image, slot) + offset, bytes);
  if (area === undefined) return undefined;
  try {
    return readTlvArea(area, 0).entries;
  } catch (error) {
    if (isKind(error, "image")) return undefined;
    throw error;
  }
}

function infoAt(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  offset: number,
): { magic: number; bytes: number } | undefined {
  const raw = readArea(loader, image.areas[slot], imageStart(image, slot) + offset, TLV_INFO_BYTES);
  if (raw === undefined) return undefined;
  const view = new DataView(raw.buffer, raw.byteOffset);
  return { magic: view.getUint16(0, true), bytes: view.getUint16(2, true) };
}
