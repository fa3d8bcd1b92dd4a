/** Bytes of an SMP header, before the CBOR payload. */
export const SMP_HEADER_BYTES = 8;

/** Operations; an answer's is the request's plus one. Source: Zephyr mgmt_defines.h. */
export const OP = { read: 0, readResponse: 1, write: 2, writeResponse: 3 } as const;

export interface SmpHeader {
  /** 0 to 7; see `OP`. */
  readonly op: number;
  /** Version bits: 0 = SMP version 1 ("original"), 1 = version 2; 2 and 3 are reserved. */
  readonly version: number;
  /** Bits 7 to 5 of the first byte: sent as 0. */
  readonly reserved: number;
  /** No flag is defined: sent as 0. */
  readonly flags: number;
  /** Bytes of payload after the header. */
  readonly length: number;
  readonly group: number;
  readonly sequence: number;
  readonly id: number;
}

interface HeaderField {
  readonly name: keyof SmpHeader;
  /** Offset of the field's byte (of its more significant one). */
  readonly byte: number;
  readonly bytes: 1 | 2;
  readonly shift: number;
  readonly bits: number;
}

/** Big-endian. Source: Zephyr documentation "SMP protocol", frame. */
const FIELDS: readonly HeaderField[] = [
  { name: "reserved", byte: 0, bytes: 1, shift: 5, bits: 3 },
  { name: "version", byte: 0, bytes: 1, shift: 3, bits: 2 },
  { name: "op", byte: 0, bytes: 1, shift: 0, bits: 3 },
  { name: "flags", byte: 1, bytes: 1, shift: 0, bits: 8 },
  { name: "length", byte: 2, bytes: 2, shift: 0, bits: 16 },
  { name: "group", byte: 4, bytes: 2, shift: 0, bits: 16 },
  { name: "sequence", byte: 6, bytes: 1, shift: 0, bits: 8 },
  { name: "id", byte: 7, bytes: 1, shift: 0, bits: 8 },
];

/** The eight bytes of a header. @throws RangeError when a value does not fit its field. */
export function encodeSmpHeader(header: SmpHeader): Uint8Array {
  const bytes = new Uint8Array(SMP_HEADER_BYTES);
  for (const field of FIELDS) {
    const value = header[field.name];
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** field.bits) {
      throw new RangeError(`SMP header: ${field.name} ${value} does not fit ${field.bits} bits`);
    }
    if (field.bytes === 2) {
      bytes[field.byte] = value >> 8;
      bytes[field.byte + 1] = value & 0xff;
    } else bytes[field.byte] = (bytes[field.byte] ?? 0) | (value << field.shift);
  }
  return bytes;
}

/** The header at the start of `packet`, or undefined when fewer than eight bytes are there. Any eight bytes decode. */
export function decodeSmpHeader(packet: Uint8Array): SmpHeader | undefined {
  if (packet.length < SMP_HEADER_BYTES) return undefined;
  const header = { op: 0, version: 0, reserved: 0, flags: 0, length: 0, group: 0, sequence: 0, id: 0 };
  for (const field of FIELDS) {
    const high = packet[field.byte] ?? 0;
    const raw = field.bytes === 2 ? (high << 8) | (packet[field.byte + 1] ?? 0) : high >> field.shift;
    header[field.name] = raw & (2 ** field.bits - 1);
  }
  return header;
}
