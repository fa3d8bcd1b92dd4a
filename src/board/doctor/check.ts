import type { PortInfo } from "../../serial/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import type { System, UsbDevice } from "./system.ts";

/** Something that is wrong, or may be. A problem will break runs (exit 3); a note may, or is worth knowing. */
export interface DoctorFinding {
  readonly level: "problem" | "note";
  /** The device, file or profile it is about. */
  readonly where: string;
  readonly what: string;
  readonly remedy: string;
}

/** What the checks look at, gathered once. */
export interface Surroundings {
  readonly system: System;
  readonly ports: readonly PortInfo[];
  readonly usb: readonly UsbDevice[];
  readonly profiles: readonly LoadedProfile[];
}

/** One row of the doctor's table. */
export interface DoctorCheck {
  readonly id: string;
  /** What it looks at, for people. */
  readonly looksAt: string;
  /** Where there is something to look at; undefined: everywhere. */
  readonly platforms?: readonly string[];
  look(around: Surroundings): Promise<readonly DoctorFinding[]>;
  /** Where the facts come from. */
  readonly source: string;
}

export const LINUX = ["linux"] as const;

/** What people know a USB device by. */
export function usbName({ product, serial, vendorId, productId, socket }: UsbDevice): string {
  const named = product ?? `${vendorId}:${productId}`;
  return `${named}${serial === undefined ? "" : ` ${serial.replace(/^0+(?=\d)/, "")}`} (USB ${socket})`;
}
