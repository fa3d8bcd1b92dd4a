/** The unit in which flash is erased here. */
const PAGE_BYTES = 4096;
/**
 * The slowest page that boards of this project have, in milliseconds, with a margin: nRF5340 87.5, MX25R6435F 48.
 * Source: nRF5340 Product Specification, NVMC; MX25R6435F data sheet.
 */
const PAGE_MS = 100;
/** A server does not answer at once, and erases a trailer besides. */
const MARGIN_MS = 20_000;
const LEAST_MS = 60_000;

/** A slot whose size nobody says: all of an MX25R6435F. */
export const LARGEST_SLOT_BYTES = 8 * 1024 * 1024;

/**
 * How long to wait for an answer that comes after an erase, in milliseconds.
 * @param bytes what is erased.
 * @param pageMs time of one page of 4 KiB; default that of the slowest flash known here.
 */
export function eraseDeadlineMs(bytes: number, pageMs: number = PAGE_MS): number {
  return Math.max(LEAST_MS, MARGIN_MS + Math.ceil(bytes / PAGE_BYTES) * pageMs);
}
