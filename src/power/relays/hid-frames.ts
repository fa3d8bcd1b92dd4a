import { concat, textOf } from "../../core/index.ts";
import type { HidChannel } from "../driver/hid-device.ts";
import { LCUS_QUERY_ALL, lcusStatusOf } from "./lcus-frames.ts";

export interface HidFamily {
  readonly name: string;
  readonly vendorId: number;
  readonly productId: number;
  /** What the device must call itself: ids of this kind are used by other devices, too. */
  readonly product: RegExp;
  readonly relaysMax: number;
  readonly channel: HidChannel;
  /** The report, its number first. */
  readonly report: (relay: number, on: boolean) => readonly number[];
  /** How its state is asked; without it, it cannot be. */
  readonly status?: HidStatus;
  readonly source: string;
}

interface HidStatus {
  /** The report that asks, its number first; without it, the state is a report of its own that is always there. */
  readonly request?: readonly number[];
  readonly channel: HidChannel;
  /** Room for one report of the answer, its number included. */
  readonly bytes: number;
  /** Whether the relay is on, by the reports that came so far; undefined while they do not say. */
  readonly stateOf: (relay: number, reports: readonly Uint8Array[]) => boolean | undefined;
}

/** Room for the state report of a dcttech board, its number included. */
export const DCTTECH_STATE_BYTES = 9;

/**
 * USB relays that are HID devices. They look alike: ids and product text tell them apart, never the photo.
 * Source: see each row; never run on hardware.
 */
export const HID_FAMILIES = [
  {
    name: "dcttech",
    vendorId: 0x16c0,
    productId: 0x05df,
    product: /^USBRelay[1-8]$/,
    relaysMax: 8,
    channel: "feature",
    report: (relay, on) => [0, on ? 0xff : 0xfd, relay, 0, 0, 0, 0, 0, 0],
    status: {
      channel: "feature",
      bytes: DCTTECH_STATE_BYTES,
      stateOf: (relay, [report]) => {
        const state = report && dcttechState(report);
        return state && (state.bits & (1 << (relay - 1))) !== 0;
      },
    },
    source: "usb-relay-hid, usbrelay, labgrid",
  },
  {
    name: "lcus",
    vendorId: 0x5131,
    productId: 0x2007,
    product: /^/,
    relaysMax: 8,
    channel: "interrupt",
    report: (relay, on) => [0, 0xa0, relay, on ? 1 : 0, (0xa0 + relay + (on ? 1 : 0)) & 0xff],
    status: {
      request: [0, ...LCUS_QUERY_ALL],
      channel: "interrupt",
      bytes: 64,
      stateOf: (relay, reports) => {
        const state = lcusStatusOf(textOf(concat(...reports.map(unpadded))), relay);
        return state && state === "on";
      },
    },
    source: "labgrid, usbrelay; the question: jumpstarter's driver for NOYITO boards, Diustou's wiki",
  },
  {
    name: "ucreatefun",
    vendorId: 0x0519,
    productId: 0x2018,
    product: /^HIDRelay$/,
    relaysMax: 8,
    channel: "interrupt",
    report: (relay, on) => [0, (on ? 0xf0 : 0) + relay, 0, 0, 0, 0, 0, 0, 0],
    source: "usbrelay; 9 would mean all relays",
  },
] as const satisfies readonly HidFamily[];
export type HidFamilyName = (typeof HID_FAMILIES)[number]["name"];

/** A report of text ends at its first zero byte; some systems put the report's number, 0, in front. */
function unpadded(report: Uint8Array): Uint8Array {
  const text = report[0] === 0 ? report.subarray(1) : report;
  const end = text.indexOf(0);
  return end < 0 ? text : text.subarray(0, end);
}

export function hidFamily(name: HidFamilyName): HidFamily {
  return HID_FAMILIES.find((row) => row.name === name) ?? HID_FAMILIES[0];
}

/**
 * The state report of a dcttech board: five printable characters that name it, and a bit for each relay. Some systems
 * put the report's number, 0, in front: both forms are read.
 */
export function dcttechState(report: Uint8Array): { readonly board: string; readonly bits: number } | undefined {
  const at = report[0] === 0 ? 1 : 0;
  const [board, bits] = [textOf(report.subarray(at, at + 5)), report[at + 7]];
  return /^[\x21-\x7e]{5}$/.test(board) && bits !== undefined ? { board, bits } : undefined;
}
