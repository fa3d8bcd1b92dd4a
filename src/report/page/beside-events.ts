import { join } from "node:path";
import { CurrentReader } from "./current-trace.ts";
import { FlashTraceReader } from "./flash-trace.ts";
import type { JudgedRows } from "./judged-rows.ts";
import { LinesTaken, ReadAlong, readLines } from "./lines-taken.ts";
import { type ReadEvent, type ReadExchange, readExchange } from "./recorded-event.ts";
import type { RunPage } from "./run-page.ts";

/**
 * What a record has beside its events: SMP, supply current, flash operations. Read along with them, a line at a time: a
 * night of uploads has hundreds of thousands. What a record does not have is empty.
 */
export class BesideEvents implements Disposable {
  readonly #exchanges: ReadAlong<ReadExchange>;
  readonly #current: CurrentReader;
  readonly #flash: FlashTraceReader;
  /** Which lines of all of it could be read. */
  readonly taken = new LinesTaken();

  /** @param path the record's folder. */
  constructor(path: string) {
    const { taken } = this;
    const exchanges = readLines(join(path, "smp.jsonl"), readExchange, { taken });
    this.#exchanges = new ReadAlong(exchanges, (exchange) => exchange.atUs);
    this.#current = new CurrentReader(join(path, "current.csv"));
    this.#flash = new FlashTraceReader(join(path, "flash.jsonl"), taken);
  }

  /** Gives the rows what came up to an event, before they take it. */
  tell({ event, atUs }: ReadEvent, rows: JudgedRows): void {
    for (let next = this.#exchanges.upTo(atUs); next !== undefined; next = this.#exchanges.upTo(atUs)) {
      rows.exchanged(next);
    }
    if (event === "cut-started" || event === "verdict") rows.measured(this.#current.upTo(atUs));
    if (event === "verdict") rows.flashed(this.#flash.upTo(atUs));
  }

  /** What is told of the run as a whole, once its events are read. */
  ofTheRun(): Pick<RunPage, "current" | "flashWear"> {
    return { current: this.#current.rest(), flashWear: this.#flash.wear() };
  }

  [Symbol.dispose](): void {
    this.#exchanges[Symbol.dispose]();
    this.#current[Symbol.dispose]();
    this.#flash[Symbol.dispose]();
  }
}
