import { z } from "zod";
import { EVENT_CHARS_MAX, hasCode, jsonIn, linesOf } from "../../core/index.ts";
import type { LinesTaken } from "./lines-taken.ts";
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
  readonly #lines: Generator<Line, void>;
  readonly #erases = new Map<number, number>();
  #pageBytes = 0;
  #waiting: Line | undefined;
  #isThere = false;
  readonly #taken: LinesTaken;

  /** @param taken is told which lines cannot be read. */
  constructor(path: string, taken: LinesTaken) {
    this.#taken = taken;
    this.#lines = this.#read(path);
  }

  /** What came since the last time that this was asked; undefined where nothing was written down. */
  upTo(atUs: number): FlashUpTo | undefined {
    const rows: FlashRow[] = [];
    let passed = 0;
    let some = false;
    for (this.#waiting ??= this.#next(); this.#waiting !== undefined; this.#waiting = this.#next()) {
      const line = this.#waiting;
      if (line.atUs > atUs) break;
      some = true;
      passed += line.passed;
      for (const [kind, ...numbers] of line.spans) {
        if (rows.length < SPANS_MAX) rows.push([kind === "e" ? 0 : 1, ...numbers]);
        else passed += 1;
      }
    }
    return some ? { rows, passed } : undefined;
  }

  /** Erases of each page over the whole run. */
  wear(): FlashWear | undefined {
    this.upTo(Number.POSITIVE_INFINITY);
    if (!this.#isThere) return undefined;
    return { pageBytes: this.#pageBytes, erases: [...this.#erases].toSorted(([a], [b]) => a - b) };
  }

  [Symbol.dispose](): void {
    void this.#lines.return();
  }

  #next(): Line | undefined {
    const line = this.#lines.next().value ?? undefined;
    if (line === undefined) return undefined;
    this.#isThere = true;
    this.#pageBytes = line.pageBytes;
    for (const [of, times] of line.erases) this.#erases.set(of, (this.#erases.get(of) ?? 0) + times);
    return line;
  }

  *#read(path: string): Generator<Line, void> {
    try {
      for (const text of linesOf(path, EVENT_CHARS_MAX)) {
        if (this.#taken.isOver) break;
        const line = text === "" ? undefined : readLine(text);
        if (line !== undefined) yield line;
        else if (text !== "") this.#taken.passOver();
      }
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
}

function readLine(text: string): Line | undefined {
  return LINE.safeParse(jsonIn(text)).data;
}
