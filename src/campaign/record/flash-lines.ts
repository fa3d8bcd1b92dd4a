import type { FlashDone } from "../../mcuboot/index.ts";

/** Stretches of flash operations that one run keeps, some 30 bytes each: a day of cuts would be a gigabyte. */
const SPANS_MAX = 200_000;

/**
 * Lines of `flash.jsonl` (docs/record.md): what the flash of a simulated board did from one verdict to the next. Once a
 * run has as many stretches as it keeps, a line has its erases alone.
 */
export class FlashLines {
  #left: number;

  constructor(spansMax = SPANS_MAX) {
    this.#left = spansMax;
  }

  /** The line without its end; undefined where the flash did nothing. */
  line(atUs: number, { pageBytes, spans, passed, erases }: FlashDone): string | undefined {
    if (spans.length === 0) return undefined;
    const fits = spans.length <= this.#left;
    if (fits) this.#left -= spans.length;
    else this.#left = 0;
    const lost = fits ? passed : spans.reduce((sum, { operations }) => sum + operations, passed);
    const rows = spans.map(({ kind, firstPage, lastPage, fromUs, toUs, operations }) => {
      return [kind === "erase" ? "e" : "w", firstPage, lastPage, fromUs, toUs, operations];
    });
    return JSON.stringify({ atUs, pageBytes, spans: fits ? rows : [], passed: lost, erases });
  }
}
