import { z } from "zod";
import type { Link } from "../serial/index.ts";

const SERIAL_DIGITS_MAX = 12;
const SERIAL_HELP =
  'write a J-Link serial number as text, in quotes ("001050012345"): as a number it would lose its leading zeros';

/** A J-Link serial number: digits; leading zeros (the 12-digit form of USB) are dropped. */
const jlinkSerial = z
  .string({ error: (issue) => (issue.input === undefined ? undefined : SERIAL_HELP) })
  .regex(new RegExp(`^[0-9]{1,${SERIAL_DIGITS_MAX}}$`), { error: `expected 1 to ${SERIAL_DIGITS_MAX} digits` });

/**
 * A serial port by what stays the same when it comes back: a path that does (`/dev/serial/by-path/…`; on the twin
 * `twin:app`, `twin:relay`), or the J-Link's serial number and the USB interface number (VCOM k is interface 2k).
 * Source: lab-hardware.md 6.1, 6.2, 6.4.
 */
export const portRef = z.union([
  z.strictObject({ path: z.string().min(1) }),
  z.strictObject({ jlink: jlinkSerial, interface: z.int().min(0).max(8).multipleOf(2) }),
]);

export type PortRef = z.output<typeof portRef>;

/** For people: `/dev/ttyUSB0`, `J-Link 1050012345 VCOM1`. */
export function portName(port: PortRef): string {
  if ("path" in port) return port.path;
  return `J-Link ${canonicalSerial(port.jlink)} VCOM${port.interface / 2}`;
}

/** The form in which two spellings of one J-Link serial number are equal: without leading zeros. */
export function canonicalSerial(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "");
}

/** Opens ports for the drivers; the bench decides what stands behind a reference. */
export interface PortOpener {
  open(port: PortRef, options: { readonly baudRate: number }): Promise<Link>;
}
