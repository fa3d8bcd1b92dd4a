import { z } from "zod";
import { canonicalSerial, type Link, type PortRef } from "../../serial/index.ts";

const SERIAL_DIGITS_MAX = 12;
const SERIAL_HELP =
  'write a J-Link serial number as text, in quotes ("001050012345"): as a number it would lose its leading zeros';
const NAMELESS = "name the port: by path, or by jlink and interface";

const missing = (text: string) => (issue: { readonly input: unknown }) =>
  issue.input === undefined ? text : undefined;

/** A port by a path that stays the same: `/dev/serial/by-path/…`; on the twin `twin:app`, `twin:relay`. */
export const pathPort = z.strictObject({ path: z.string({ error: missing(NAMELESS) }).min(1) });

/** A port by the J-Link's serial number and the USB interface number (VCOM k is interface 2k). */
export const jlinkPort = z.strictObject({
  jlink: z
    .string({ error: (issue) => (issue.input === undefined ? NAMELESS : SERIAL_HELP) })
    .regex(new RegExp(`^[0-9]{1,${SERIAL_DIGITS_MAX}}$`), { error: `expected 1 to ${SERIAL_DIGITS_MAX} digits` })
    .describe("J-Link serial number, in quotes; leading zeros do not matter"),
  interface: z.int().min(0).max(8).multipleOf(2).describe("USB interface number: VCOM0 is 0, VCOM1 is 2"),
});

/** A serial port by what stays the same when it comes back. Source: by-id names in issue logs; Zephyr nrf_common.py. */
export const portRef = z.union([pathPort, jlinkPort]);

/** For people: `/dev/ttyUSB0`, `J-Link 1050012345 VCOM1`. */
export function portName(port: PortRef): string {
  if ("path" in port) return port.path;
  return `J-Link ${canonicalSerial(port.jlink)} VCOM${port.interface / 2}`;
}

/** How a port is opened; what has no meaning on a kind of link is ignored there. */
export interface PortLine {
  readonly baudRate: number;
  readonly hardwareFlowControl?: boolean;
  /** State of DTR once the port is open. */
  readonly dtr?: boolean;
}

/** Opens ports for boards and drivers; the bench decides what stands behind a reference. */
export interface PortOpener {
  open(port: PortRef, line: PortLine): Promise<Link>;
}
