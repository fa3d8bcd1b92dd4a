import { z } from "zod";
import { jsonIn } from "../../core/index.ts";
import { type LinesTaken, ReadAlong, readLines } from "./lines-taken.ts";
import type { FlashRow, FlashWear } from "./run-page.ts";

const whole = z.int().min(0).max(1e15);
const PAGE_MAX = 1_000_000;
/** Of one line, and of one verdict: a record may be a stranger's. */
const SPANS_MAX = 10_000;
const page = z.int().min(0).max(PAGE_MAX);
const LINE = z.object({
  atUs: whole,
  pageBytes: z.int().min(1).max(1e9),
  spans: z.array(z.tuple([z.enum(["e", "w"]), page, page, whole, whole, whole])).max(SPANS_MAX),
  passed: whole,
  erases: z.array(z.tuple([page, whole])).max(PAGE_MAX),
});

type Line = z.output<typeof LINE>;

/** What the flash of a simulated board did up to a verdict. */
export interface FlashUpTo {
  readonly rows: readonly FlashRow[];
  /** Operations of it that the record does not keep. */
  readonly passed: number;
}

/** Reads `flash.jsonl` beside the events of a record; a record without one (a real board, an old one) has none of it. */
export class FlashTraceReader implements Disposable {
  readonly #lines: ReadAlong<Line>;
  readonly #erases = new Map<number, number>();
  #pageBytes: number | undefined;

  /** @param taken is told which lines cannot be read. */
  constructor(path: string, taken: LinesTaken) {
    this.#lines = new ReadAlong(readLines(path, readLine, { taken }), (line) => line.atUs);
  }

  /** What came since the last time that this was asked; undefined where nothing was written down. */
  upTo(atUs: number): FlashUpTo | undefined {
    const rows: FlashRow[] = [];
    let passed = 0;
    let some = false;
    for (let line = this.#lines.upTo(atUs); line !== undefined; line = this.#lines.upTo(atUs)) {
      some = true;
      passed += line.passed;
      for (const [kind, ...numbers] of line.spans) {
        if (rows.length < SPANS_MAX) rows.push([kind === "e" ? 0 : 1, ...numbers]);
        else passed += 1;
      }
      this.#pageBytes = line.pageBytes;
      for (const [of, times] of line.erases) this.#erases.set(of, (this.#erases.get(of) ?? 0) + times);
    }
    return some ? { rows, passed } : undefined;
  }

  /** Erases of each page over the whole run. */
  wear(): FlashWear | undefined {
    this.upTo(Number.POSITIVE_INFINITY);
    if (this.#pageBytes === undefined) return undefined;
    return { pageBytes: this.#pageBytes, erases: [...this.#erases].toSorted(([a], [b]) => a - b) };
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

function readLine(text: string): Line | undefined {
  return LINE.safeParse(jsonIn(text)).data;
}
