/** Bits on the wire for one byte at 8N1. */
const BITS_A_BYTE = 10;
/** A line of the log ends in CR and LF. */
const LINE_END_BYTES = 2;

/** Microseconds that a bootloader which prints by polling spends on `bytes` bytes. */
export function printingUs(bytes: number, baudRate: number): number {
  return Math.ceil((bytes * BITS_A_BYTE * 1_000_000) / baudRate);
}

/** Bytes on the wire of a line of the log. */
export function lineBytes(text: string): number {
  return text.length + LINE_END_BYTES;
}
