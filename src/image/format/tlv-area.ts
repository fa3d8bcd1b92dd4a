import { concat, ImageError, viewOf } from "../../core/index.ts";
import type { Endian } from "./header.ts";
import { tlvLabel, tlvRow } from "./tlvs.ts";

/** Magic of the unprotected area's info header. */
export const TLV_INFO_MAGIC = 0x6907;
/** Magic of the protected area's info header. */
export const PROTECTED_TLV_INFO_MAGIC = 0x6908;
/** Bytes of an area's info header, and of one entry's header. */
export const TLV_INFO_BYTES = 4;

export interface Tlv {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface PlacedTlv extends Tlv {
  /** Offset of the entry's 4-byte header in the bytes that were read. */
  readonly offset: number;
}

export interface TlvArea {
  readonly protected: boolean;
  /** Offset of the info header. */
  readonly offset: number;
  /** Size of the area with its info header. */
  readonly totalBytes: number;
  /** Offset of the first byte after the area. */
  readonly end: number;
  readonly entries: readonly PlacedTlv[];
}

/**
 * One TLV area, its info header at `offset`. Every length is held against the bytes that are there; data are views of
 * `bytes`, not copies.
 * @throws ImageError when the info magic is neither one, or an area or entry runs past its end.
 * Source: MCUboot docs/design.md, "Image format"; tlv.c bootutil_tlv_iter_begin, bootutil_tlv_iter_next.
 */
export function readTlvArea(bytes: Uint8Array, offset: number, endian: Endian = "little"): TlvArea {
  const little = endian === "little";
  if (offset < 0 || offset + TLV_INFO_BYTES > bytes.length) {
    throw cutOff("TLV info header", offset, TLV_INFO_BYTES, bytes.length - offset);
  }
  const view = viewOf(bytes);
  const magic = view.getUint16(offset, little);
  if (magic !== TLV_INFO_MAGIC && magic !== PROTECTED_TLV_INFO_MAGIC) {
    throw new ImageError(`no TLV area at offset ${at(offset)}.`, {
      offset,
      field: "TLV info magic",
      found: at(magic),
      expected: `${at(TLV_INFO_MAGIC)} or ${at(PROTECTED_TLV_INFO_MAGIC)}`,
    });
  }
  const totalBytes = view.getUint16(offset + 2, little);
  if (totalBytes < TLV_INFO_BYTES) throw cutOff("TLV area", offset, TLV_INFO_BYTES, totalBytes);
  const end = offset + totalBytes;
  if (end > bytes.length) throw cutOff("TLV area", offset, totalBytes, bytes.length - offset);
  const entries: PlacedTlv[] = [];
  for (let next = offset + TLV_INFO_BYTES; next < end; ) {
    if (next + TLV_INFO_BYTES > end) throw cutOff("TLV entry header", next, TLV_INFO_BYTES, end - next);
    const type = readType(view, next, endian);
    const dataBytes = view.getUint16(next + 2, little);
    const dataAt = next + TLV_INFO_BYTES;
    if (dataAt + dataBytes > end) throw cutOff(`TLV ${tlvLabel(type)}`, next, dataBytes, end - dataAt);
    entries.push({ type, offset: next, data: bytes.subarray(dataAt, dataAt + dataBytes) });
    next = dataAt + dataBytes;
  }
  return { protected: magic === PROTECTED_TLV_INFO_MAGIC, offset, totalBytes, end, entries };
}

/** Size in bytes of an area with these entries, its info header included. */
export function tlvAreaBytes(entries: readonly { readonly data: Uint8Array }[]): number {
  return entries.reduce((sum, entry) => sum + TLV_INFO_BYTES + entry.data.length, TLV_INFO_BYTES);
}

/**
 * The bytes of one TLV area. Nothing is aligned: an entry of odd length leaves the next at an odd offset.
 * @throws ImageError when the area exceeds 65535 bytes.
 */
export function encodeTlvArea(entries: readonly Tlv[], isProtected: boolean, endian: Endian = "little"): Uint8Array {
  const total = tlvAreaBytes(entries);
  if (total > 0xffff) {
    throw new ImageError(`TLV area of ${total} bytes is too large.`, {
      field: "TLV area",
      found: `${total} bytes`,
      expected: "at most 65535 bytes",
    });
  }
  const little = endian === "little";
  const info = new Uint8Array(TLV_INFO_BYTES);
  viewOf(info).setUint16(0, isProtected ? PROTECTED_TLV_INFO_MAGIC : TLV_INFO_MAGIC, little);
  viewOf(info).setUint16(2, total, little);
  const parts = entries.map((entry) => {
    const head = new Uint8Array(TLV_INFO_BYTES);
    // Built-in types are one type byte and a zero byte in either byte order; only custom ones are real 16-bit numbers.
    viewOf(head).setUint16(0, entry.type, little || tlvRow(entry.type) !== undefined);
    viewOf(head).setUint16(2, entry.data.length, little);
    return concat(head, entry.data);
  });
  return concat(info, ...parts);
}

function readType(view: DataView, offset: number, endian: Endian): number {
  const asLittle = view.getUint16(offset, true);
  return endian === "little" || tlvRow(asLittle) !== undefined ? asLittle : view.getUint16(offset, false);
}

function cutOff(what: string, offset: number, needed: number, left: number): ImageError {
  return new ImageError(`${what} at offset ${at(offset)} runs past its end.`, {
    offset,
    field: what,
    found: `${Math.max(0, left)} bytes left`,
    expected: `${needed} bytes`,
  });
}

function at(value: number): string {
  return `0x${value.toString(16)}`;
}
