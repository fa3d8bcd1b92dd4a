import { concat, utf8 } from "../../core/index.ts";

/** The tags of BER that SNMP needs here. Source: RFC 1157, 4; RFC 3416, 3; X.690, 8. */
export const TAG = { integer: 0x02, octets: 0x04, null: 0x05, oid: 0x06, sequence: 0x30 } as const;

/** One element: tag, length, content. Contents up to 65535 bytes. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return concat(Uint8Array.of(tag, ...length), content);
}

/** @param value 0 to 2^31 - 1. */
export function integer(value: number): Uint8Array {
  const bytes: number[] = [value & 0xff];
  for (let rest = value >>> 8; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return tlv(TAG.integer, Uint8Array.from(bytes));
}

export function octets(text: string): Uint8Array {
  return tlv(TAG.octets, utf8(text));
}

/** An object identifier, written `1.3.6.1…`. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...arcs] = text.split(".").map(Number);
  return tlv(TAG.oid, Uint8Array.from([first * 40 + second, ...arcs.flatMap(arcBytes)]));
}

function arcBytes(arc: number): number[] {
  const bytes = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

interface BerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The elements that `bytes` consist of, one after another; undefined when they are cut short or too long. */
export function elementsOf(bytes: Uint8Array): readonly BerElement[] | undefined {
  const out: BerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, short] = [bytes[at], bytes[at + 1]];
    if (tag === undefined || short === undefined) return undefined;
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
    if (lengthBytes > 2 || short === 0x80) return undefined;
    let size = lengthBytes === 0 ? short : 0;
    for (let k = 0; k < lengthBytes; k++) size = size * 256 + (bytes[at + 2 + k] ?? 0);
    const from = at + 2 + lengthBytes;
    if (from + size > bytes.length) return undefined;
    out.push({ tag, content: bytes.subarray(from, from + size) });
    at = from + size;
  }
  return out;
}

/** A signed integer of 1 to 4 bytes, big-endian; undefined for anything else. */
export function integerOf(element: BerElement | undefined): number | undefined {
  if (element?.tag !== TAG.integer || element.content.length < 1 || element.content.length > 4) return undefined;
  return element.content.reduce((value, byte, index) => (index === 0 ? (byte << 24) >> 24 : value * 256 + byte), 0);
}
