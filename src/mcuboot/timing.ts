import { type FlashOperation, operationBytes, type Work } from "./steps.ts";

/** How long a flash takes. */
export interface FlashTiming {
  /** One word programmed. */
  readonly wordUs: number;
  readonly wordBytes: number;
  /** One page erased. */
  readonly eraseUs: number;
  readonly pageBytes: number;
  readonly source: string;
}

/** The application core's internal flash. */
export const NRF5340_INTERNAL: FlashTiming = {
  wordUs: 43,
  wordBytes: 4,
  eraseUs: 87_500,
  pageBytes: 4096,
  source: "nRF5340 Product Specification, NVMC electrical specification (tWRITE, tERASEPAGE)",
};

/** The check of an image: 1.1 s for 800 KiB, never under 150 ms. Source: DevZone 118101 (a nRF5340, NCS 2.6.1). */
const VALIDATION = { bytes: 800 * 1024, durationUs: 1_100_000, floorUs: 150_000 } as const;

/** Duration of one flash operation in microseconds. */
export function operationDurationUs(operation: FlashOperation, timing: FlashTiming): number {
  const bytes = operationBytes(operation);
  if (operation.kind === "erase") return Math.ceil(bytes / timing.pageBytes) * timing.eraseUs;
  return Math.ceil(bytes / timing.wordBytes) * timing.wordUs;
}

/** Duration of work without flash operations in microseconds. */
export function workDurationUs(work: Work): number {
  return Math.max(VALIDATION.floorUs, Math.round((work.bytes / VALIDATION.bytes) * VALIDATION.durationUs));
}
