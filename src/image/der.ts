import { concat } from "../core/index.ts";

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
