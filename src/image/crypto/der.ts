import { concat } from "../../core/index.ts";

/** The few DER forms that keys and signatures need. Source: ITU-T X.690, sections 8 and 10. */

/** A SEQUENCE of values that are encoded already. */
export function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return derValue(0x30, concat(...parts));
}

/** An OCTET STRING. */
export function derOctets(bytes: Uint8Array): Uint8Array {
  return derValue(0x04, bytes);
}

/** A non-negative INTEGER from big-endian bytes; leading zeros are dropped or added as the form wants. */
export function derInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0);
  return derValue(0x02, concat(sign, digits));
}

/** Any value by its tag; lengths up to 65535 bytes. */
function derValue(tag: number, body: Uint8Array): Uint8Array {
  const { length } = body;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...head), body);
}

/** The contents of the values within an outer value, in order; missing ones are skipped. */
export function derChildren(der: Uint8Array): readonly Uint8Array[] {
  const children: Uint8Array[] = [];
  const outer = derContents(der, 0);
  for (let at = outer?.start ?? der.length; at < (outer?.end ?? 0); ) {
    const inner = derContents(der, at);
    if (inner === undefined || inner.end > der.length) break;
    children.push(der.subarray(inner.start, inner.end));
    at = inner.end;
  }
  return children;
}

/** Where the contents of the value at `at` begin and end; lengths up to 65535 bytes. */
function derContents(der: Uint8Array, at: number): { readonly start: number; readonly end: number } | undefined {
  const [, first, second = 0, third = 0] = der.subarray(at, at + 4);
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  if (first === 0x81) return { start: at + 3, end: at + 3 + second };
  return first === 0x82 ? { start: at + 4, end: at + 4 + second * 256 + third } : undefined;
}
