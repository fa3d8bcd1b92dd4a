/** The unit in which flash is erased on most boards here. */
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
 * @param flash time of one page; default that of the slowest flash known here, with pages of 4 KiB.
 */
export function eraseDeadlineMs(
  bytes: number,
  { pageMs = PAGE_MS, pageBytes = PAGE_BYTES }: { readonly pageMs?: number; readonly pageBytes?: number } = {},
): number {
  return Math.max(LEAST_MS, MARGIN_MS + Math.ceil(bytes / pageBytes) * pageMs);
}

/**
 * How long the first chunk of an upload may take where nobody says how large the slot is, in milliseconds: some servers
 * erase all of it, however small the image is (224.8 s). Asked for a second time, a board has had its time to erase.
 */
export function firstChunkDeadlineMs(attempt: number, imageBytes: number): number {
  return attempt === 1 ? eraseDeadlineMs(Math.max(imageBytes, LARGEST_SLOT_BYTES)) : LEAST_MS;
}
