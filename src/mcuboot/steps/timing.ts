import { cryptoTimes } from "../builds/crypto-times.ts";
import { type FlashOperation, operationBytes } from "../flash/operation.ts";
import { type Work } from "./steps.ts";

/** How long a flash takes, and what of it a power cut can part. */
export interface FlashTiming {
  /** What is programmed at once, in bytes: a word, or what of a write lies in one page of a serial flash. */
  readonly unitBytes: number;
  /** One unit programmed, whole or in part. */
  readonly unitUs: number;
  /** Writes are whole words, in bytes. */
  readonly wordBytes: number;
  /** Programs that a word stands between two erases of its page; left out where the data sheet sets no limit. */
  readonly programsMax?: number;
  /** One page erased. */
  readonly eraseUs: number;
  readonly pageBytes: number;
  /** The device keeps its power when the SoC loses it: what it was told to erase or program last, it does. */
  readonly keepsPower?: boolean;
  /** Another device behind this one, from this offset on. */
  readonly above?: { readonly offset: number; readonly timing: FlashTiming };
  /** One check of an image takes about so long beside this flash, and other work nothing; default: as on the nRF5340. */
  readonly validationUs?: number;
  readonly source: string;
}

/** The application core's internal flash. */
export const NRF5340_INTERNAL: FlashTiming = {
  unitBytes: 4,
  unitUs: 43,
  wordBytes: 4,
  programsMax: 2,
  eraseUs: 87_500,
  pageBytes: 4096,
  source: "nRF5340 Product Specification, NVMC electrical specification (tWRITE, tERASEPAGE)",
};

/** Internal flash of the nRF5340's application core in bytes: where this model puts external flash begins behind it. */
export const INTERNAL_FLASH_BYTES = 0x10_0000;

/** The serial flash of nRF5340-DK and Thingy:53, on QSPI. */
export const MX25R6435F: FlashTiming = {
  unitBytes: 256,
  unitUs: 896,
  wordBytes: 4,
  eraseUs: 48_000,
  pageBytes: 4096,
  source: "SFDP words of the MX25R64 in Zephyr's nrf5340_cpuapp_common.dtsi (JESD216 dwords 10, 11), typical values",
};

/** The row of the device that an offset lies in. */
export function timingAt(timing: FlashTiming, offset: number): FlashTiming {
  const { above } = timing;
  return above === undefined || offset < above.offset ? timing : above.timing;
}

/** Units that a write touches. */
export function programUnits(operation: FlashOperation, timing: FlashTiming): number {
  const { unitBytes } = timingAt(timing, operation.offset);
  return Math.ceil(((operation.offset % unitBytes) + operationBytes(operation)) / unitBytes);
}

/** Bytes of a write that its first `units` units cover. */
export function bytesOfUnits(operation: FlashOperation, timing: FlashTiming, units: number): number {
  const { unitBytes } = timingAt(timing, operation.offset);
  const bytes = units * unitBytes - (operation.offset % unitBytes);
  return Math.min(operationBytes(operation), Math.max(0, bytes));
}

/** Duration of one flash operation in microseconds. */
export function operationDurationUs(operation: FlashOperation, timing: FlashTiming): number {
  const { pageBytes, eraseUs, unitUs } = timingAt(timing, operation.offset);
  if (operation.kind === "erase") return Math.ceil(operationBytes(operation) / pageBytes) * eraseUs;
  return programUnits(operation, timing) * unitUs;
}

const KIB = 1024;

/** Duration of work without flash operations in microseconds; on the nRF5340 when no timing is given. */
export function workDurationUs({ what, bytes, cipherBytes, crypto }: Work, timing?: FlashTiming): number {
  if (timing?.validationUs !== undefined) return what === "validate" ? timing.validationUs : 0;
  const times = cryptoTimes(crypto);
  if (what === "unwrap") return times.unwrapUs;
  const cipherUs = (cipherBytes * times.cipherKibUs) / KIB;
  if (what === "copy") return Math.round((bytes * times.copyKibUs) / KIB + cipherUs);
  return Math.max(times.floorUs, Math.round(times.checkUs + (bytes * times.hashKibUs) / KIB + cipherUs));
}
