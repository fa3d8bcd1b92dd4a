import { canonicalSerial, type PortInfo } from "../../serial/index.ts";
import type { DraftPort } from "../profile/draft.ts";

/** A port that could not be found out: it is asked for by a name that is nowhere. */
export function unknownPort(why: string, baudRate?: number): DraftPort {
  return { ref: { path: "./CHANGE-serial-port" }, baudRate, change: `${why} \`hil board list\` shows the ports` };
}

/** Speeds that a profile takes, in bits a second. */
const BAUD_RATE_RANGE = { min: 1_200, max: 1_000_000 } as const;

/** A speed as a profile takes it; one that it does not take is left at the usual 115200, and a person must look. */
export function baudRateFor(asked: number | undefined): {
  readonly baudRate: number | undefined;
  readonly change?: string;
} {
  const { min, max } = BAUD_RATE_RANGE;
  if (asked === undefined || (Number.isInteger(asked) && asked >= min && asked <= max)) return { baudRate: asked };
  return {
    baudRate: undefined,
    change: `the file asks for ${asked} bits a second, and a profile takes ${min} to ${max}`,
  };
}

/**
 * A serial port's path as the best reference there is: J-Link and interface, where its name or this machine tells them.
 * @param ports of this machine: the import may run on another one than the bench's.
 */
export function portFromPath(path: string, baudRate: number | undefined, ports: readonly PortInfo[]): DraftPort {
  const named = /usb-SEGGER_J-Link_0*(\d{1,12})-if0*(\d+)/.exec(path);
  if (named) {
    const [, serial = "", number = ""] = named;
    return { ref: { jlink: serial, interface: Number.parseInt(number, 16) }, baudRate, dtr: true };
  }
  const info = ports.find((port) => port.path === path || port.stablePath === path);
  if (info?.vendorId === "1366" && info.serial !== undefined && info.interface !== undefined) {
    return { ref: { jlink: canonicalSerial(info.serial), interface: info.interface }, baudRate, dtr: true };
  }
  const changes = /^\/dev\/tty[A-Z]+\d+$/.test(path);
  const change = changes ? `${path} may be another device tomorrow: name it by jlink and interface` : undefined;
  return { ref: { path }, baudRate, change };
}
