import { hexOf, viewOf } from "../../core/index.ts";

/** The part of a Cortex-M's address map that holds RAM. Source: Armv8-M Architecture Reference Manual, B8.1. */
const RAM = { start: 0x2000_0000, end: 0x4000_0000 } as const;
/** First address after the RAM of the nRF5340's application core. Source: nRF5340 Product Specification, "Memory". */
export const NRF5340_RAM_END = 0x2008_0000;
/** VTOR of an Armv8-M processor takes multiples of this. Source: Armv8-M ARM, VTOR.TBLOFF [31:7]. */
export const VTOR_BYTES = 128;
/** Bytes of a vector table that decide whether a processor starts: stack pointer, reset vector. */
export const START_BYTES = 8;

/** Where a firmware would start. Addresses are the processor's. */
export interface StartPlace {
  /** Address of the vector table: start of the slot plus header. */
  readonly bodyAddress: number;
  /** First address after what the reset vector may point to. */
  readonly endAddress: number;
  /** What the table's address must be a multiple of; default: `VTOR_BYTES`. */
  readonly alignBytes?: number;
  /** First address after the RAM; default: end of the map's RAM region. */
  readonly ramEnd?: number;
}

/**
 * Why a Cortex-M cannot start a firmware at this place; undefined when it can. That it can start says nothing about
 * what it does then.
 * @param body the firmware as it runs, in clear; little-endian words.
 */
export function startFault(body: Uint8Array, place: StartPlace): string | undefined {
  const { bodyAddress, endAddress, alignBytes = VTOR_BYTES, ramEnd = RAM.end } = place;
  if (body.length < START_BYTES) return `it has ${body.length} bytes: no vector table`;
  const view = viewOf(body);
  const [stack, reset] = [view.getUint32(0, true), view.getUint32(4, true)];
  if (bodyAddress % alignBytes !== 0) {
    return `no vector table can stand at ${hexOf(bodyAddress)}: VTOR takes multiples of ${alignBytes}`;
  }
  if (stack % 4 !== 0 || stack <= RAM.start || stack > ramEnd) {
    return `its stack pointer is ${hexOf(stack)}, no address in RAM (${hexOf(RAM.start)} to ${hexOf(ramEnd)})`;
  }
  if (reset % 2 === 1 && reset >= bodyAddress && reset < endAddress) return undefined;
  const range = `${hexOf(bodyAddress)} to ${hexOf(endAddress)}`;
  return `its reset vector is ${hexOf(reset)}, no Thumb address from ${range}: another slot's, another core's, or no firmware`;
}
