import type { WearLedger } from "../../board/index.ts";
import type { EventSink } from "../record/run-event.ts";
import { PermanentBenchError } from "./retry.ts";

/** From this share of a page's life on, every run says so. */
const WARN_FROM = 0.5;
/** What one more cut may cost a page: an upgrade that is cut, resumed and reverted erases none more often. */
const CYCLES_A_CUT_MAX = 8;

/**
 * Counts erases a page against what the flash is good for (nRF5340: 10,000 cycles). Counted from what the model says
 * the bootloader and the upload erase: a board cannot be asked.
 */
export class WearMeter {
  readonly #cyclesMax: number;
  readonly #pageBytes: number;
  readonly #cycles = new Map<number, number>();
  readonly #ledger: WearLedger | undefined;
  #warned = false;

  constructor(options: { cyclesMax: number; pageBytes: number; ledger?: WearLedger | undefined }) {
    this.#cyclesMax = options.cyclesMax;
    this.#pageBytes = options.pageBytes;
    this.#ledger = options.ledger;
    for (const [page, cycles] of Object.entries(this.#ledger?.load() ?? {})) this.#cycles.set(Number(page), cycles);
  }

  /** Erases of the page that was erased most often, and where it lies. */
  get worst(): { readonly cycles: number; readonly offset: number } {
    let worst = { cycles: 0, offset: 0 };
    for (const [page, cycles] of this.#cycles) {
      if (cycles > worst.cycles) worst = { cycles, offset: page * this.#pageBytes };
    }
    return worst;
  }

  /** Adds erases, given as device offsets of pages. */
  count(erasedOffsets: Iterable<number>): void {
    for (const offset of erasedOffsets) {
      const page = Math.floor(offset / this.#pageBytes);
      this.#cycles.set(page, (this.#cycles.get(page) ?? 0) + 1);
    }
  }

  /** @throws PermanentBenchError when one more cut could take a page over its limit. */
  allowNext(): void {
    const { cycles, offset } = this.worst;
    if (cycles + CYCLES_A_CUT_MAX <= this.#cyclesMax) return;
    throw new PermanentBenchError(
      `the page at 0x${offset.toString(16)} has been erased ${cycles} times of the ${this.#cyclesMax} it is allowed.`,
      "Use another board, or raise --max-wear if this one may be worn out.",
    );
  }

  /** Writes the count down, once with a warning when half of a page's life is spent. */
  report(record: EventSink, atUs: number): void {
    const { cycles, offset } = this.worst;
    const page = `0x${offset.toString(16)}`;
    record.event({ atUs, event: "wear", cyclesMax: this.#cyclesMax, spent: cycles, page });
    this.#ledger?.save(Object.fromEntries([...this.#cycles].sort(([a], [b]) => a - b)));
    if (this.#warned || cycles < this.#cyclesMax * WARN_FROM) return;
    this.#warned = true;
    const text = `the page at ${page} has spent ${cycles} of its ${this.#cyclesMax} erase cycles`;
    record.event({ atUs, event: "warning", text });
  }
}
