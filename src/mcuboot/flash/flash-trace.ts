import type { FlashOperation } from "./operation.ts";

/** Operations of one kind that follow one another on a page, or from page to page. Times are whole microseconds. */
interface FlashSpan {
  readonly kind: FlashOperation["kind"];
  /** Pages, counted from the start of the flash. */
  readonly firstPage: number;
  readonly lastPage: number;
  readonly fromUs: number;
  readonly toUs: number;
  readonly operations: number;
}

/** What a flash did since it was asked last. */
export interface FlashDone {
  readonly pageBytes: number;
  readonly spans: readonly FlashSpan[];
  /** Operations that came after those of `spans`: no more of them are kept at one time. */
  readonly passed: number;
  /** Erases of each page that was erased, by its number, the lowest first. */
  readonly erases: readonly (readonly [page: number, times: number])[];
}

/** A swap of two slots of 100 pages is some 1,000 spans. */
const SPANS_MAX = 4_000;
/** A page that is written to again after so long has rested in between. */
const PAUSE_US = 500_000;

type Growing = { -readonly [K in keyof FlashSpan]: FlashSpan[K] };

/** Writes down what a simulated flash does, in stretches: a swap is thousands of operations, and most follow another. */
export class FlashTrace {
  readonly #pageBytes: number;
  #spans: Growing[] = [];
  #passed = 0;
  #erases = new Map<number, number>();

  /** @param pageBytes of the flash: what one erase takes at least. */
  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes;
  }

  /** An operation was carried out, or begun and cut; times in microseconds of the bench's clock. */
  take(operation: FlashOperation, fromUs: number, toUs: number): void {
    const { kind, offset } = operation;
    const bytes = operation.kind === "erase" ? operation.bytes : operation.data.length;
    const firstPage = Math.floor(offset / this.#pageBytes);
    const lastPage = Math.max(firstPage, Math.ceil((offset + bytes) / this.#pageBytes) - 1);
    if (kind === "erase") {
      for (let page = firstPage; page <= lastPage; page += 1) this.#erases.set(page, (this.#erases.get(page) ?? 0) + 1);
    }
    const last = this.#spans.at(-1);
    // Once something was passed over, nothing follows the last stretch any more.
    const goesOn = last?.kind === kind && fromUs - last.toUs < PAUSE_US && this.#passed === 0;
    if (last !== undefined && goesOn && (last.lastPage === firstPage || last.lastPage + 1 === firstPage)) {
      last.lastPage = lastPage;
      last.toUs = Math.round(toUs);
      last.operations += 1;
    } else if (this.#spans.length >= SPANS_MAX) this.#passed += 1;
    else {
      const [from, to] = [Math.round(fromUs), Math.round(toUs)];
      this.#spans.push({ kind, firstPage, lastPage, fromUs: from, toUs: to, operations: 1 });
    }
  }

  /** What was done since the last time that this was asked. */
  done(): FlashDone {
    const done: FlashDone = {
      pageBytes: this.#pageBytes,
      spans: this.#spans,
      passed: this.#passed,
      erases: [...this.#erases].toSorted(([a], [b]) => a - b),
    };
    this.#spans = [];
    this.#passed = 0;
    this.#erases = new Map();
    return done;
  }
}
