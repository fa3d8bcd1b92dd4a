import { join } from "node:path";
import { EVENT_CHARS_MAX, hasCode, linesOf } from "../../core/index.ts";
import { CurrentReader } from "./current-trace.ts";
import { FlashTraceReader } from "./flash-trace.ts";
import type { JudgedRows } from "./judged-rows.ts";
import { LinesTaken } from "./lines-taken.ts";
import { type ReadEvent, type ReadExchange, readExchange } from "./recorded-event.ts";
import type { RunPage } from "./run-page.ts";

/**
 * What a record has beside its events: SMP, supply current, flash operations. Read along with them, a line at a time: a
 * night of uploads has hundreds of thousands. What a record does not have is empty.
 */
export class BesideEvents implements Disposable {
  readonly #exchanges: Generator<ReadExchange, void>;
  readonly #current: CurrentReader;
  readonly #flash: FlashTraceReader;
  /** Which lines of all of it could be read. */
  readonly taken = new LinesTaken();
  #waiting: ReadExchange | undefined;

  /** @param path the record's folder. */
  constructor(path: string) {
    this.#exchanges = exchangesOf(join(path, "smp.jsonl"), this.taken);
    this.#current = new CurrentReader(join(path, "current.csv"));
    this.#flash = new FlashTraceReader(join(path, "flash.jsonl"), this.taken);
  }

  /** Gives the rows what came up to an event, before they take it. */
  tell({ event, atUs }: ReadEvent, rows: JudgedRows): void {
    for (this.#waiting ??= this.#next(); this.#waiting !== undefined && this.#waiting.atUs <= atUs; ) {
      rows.exchanged(this.#waiting);
      this.#waiting = this.#next();
    }
    if (event === "cut-started" || event === "verdict") rows.measured(this.#current.upTo(atUs));
    if (event === "verdict") rows.flashed(this.#flash.upTo(atUs));
  }

  /** What is told of the run as a whole, once its events are read. */
  ofTheRun(): Pick<RunPage, "current" | "flashWear"> {
    return { current: this.#current.rest(), flashWear: this.#flash.wear() };
  }

  [Symbol.dispose](): void {
    void this.#exchanges.return();
    this.#current[Symbol.dispose]();
    this.#flash[Symbol.dispose]();
  }

  #next(): ReadExchange | undefined {
    return this.#exchanges.next().value ?? undefined;
  }
}

function* exchangesOf(file: string, taken: LinesTaken): Generator<ReadExchange, void> {
  try {
    for (const line of linesOf(file, EVENT_CHARS_MAX)) {
      if (taken.isOver) break;
      const exchange = line === "" ? undefined : readExchange(line);
      if (exchange !== undefined) yield exchange;
      else if (line !== "") taken.passOver();
    }
  } catch (error) {
    // Records from before SMP was kept have no such file.
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
