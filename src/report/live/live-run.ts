import { basename, join } from "node:path";
import { terminalText } from "../../core/index.ts";
import { JudgedRows } from "../page/judged-rows.ts";
import { readEvent, readExchange } from "../page/recorded-event.ts";
import type { RunPage } from "../page/run-page.ts";
import { ShownFacts } from "../page/shown.ts";
import { TextTable } from "../page/text-table.ts";
import { RunProgress } from "../run-progress.ts";
import { GrowingLines } from "./growing-lines.ts";
import type { LiveHead, LiveStep } from "./live-step.ts";

/** Verdicts whose axis a page that watches shows, of those that passed and of those that failed: the report has them all. */
const LANES_MAX = 300;
/** Lines of the UART that are kept for a page that comes, and their length. */
const TAIL_LINES = 200;
const TAIL_CHARS = 400;
/** Rows of one step. */
const ROWS_A_STEP = 200;

/** How much of a run a page has. */
export interface LiveCursor {
  texts: number;
  judged: number;
  head: number;
  tail: number;
}

export const newCursor = (): LiveCursor => ({ texts: 0, judged: 0, head: -1, tail: 0 });

/**
 * A run that goes on, read from its record: what was written is on disk at once, so the run itself need not know that
 * somebody looks. Nothing in the record is obeyed; its texts are bounded and escaped as on the page of a run.
 */
export class LiveRun {
  readonly path: string;
  readonly folder: string;
  readonly #events: GrowingLines;
  readonly #exchanges: GrowingLines;
  readonly #texts = new TextTable();
  readonly #rows: JudgedRows;
  readonly #shown = new ShownFacts();
  readonly #progress = new RunProgress();
  #tail: string[] = [];
  #tailCount = 0;
  #changes = 0;
  #lanes = { passed: 0, failed: 0 };

  /** @param folder as a command may name it again. */
  constructor(folder: string, path: string) {
    this.folder = folder;
    this.path = path;
    this.#events = new GrowingLines(join(path, "events.jsonl"));
    this.#exchanges = new GrowingLines(join(path, "smp.jsonl"));
    this.#rows = new JudgedRows(this.#texts, ({ pass }) => {
      const kind = pass ? "passed" : "failed";
      this.#lanes[kind] += 1;
      return this.#lanes[kind] <= LANES_MAX;
    });
  }

  /** Its last event was read. */
  get ended(): boolean {
    return this.#progress.status().ended;
  }

  /** Reads on. Returns whether there was anything. */
  read(): boolean {
    for (const line of this.#exchanges.next()) {
      const exchange = line === "" ? undefined : readExchange(line);
      if (exchange !== undefined) this.#rows.exchanged(exchange);
    }
    const lines = this.#events.next();
    for (const line of lines) this.#take(line);
    return lines.length > 0;
  }

  /** What a page that is so far does not have yet; undefined where it has all. The cursor goes on. */
  step(run: number, cursor: LiveCursor): LiveStep | undefined {
    const { texts } = this.#texts;
    const isFirst = cursor.head === -1;
    const judged = this.#rows.rows.slice(cursor.judged, cursor.judged + ROWS_A_STEP);
    const isAll = cursor.judged + judged.length === this.#rows.rows.length;
    const hasHead = isAll && cursor.head !== this.#changes;
    if (judged.length === 0 && !hasHead && !isFirst) return undefined;
    const step: LiveStep = {
      run,
      ...(isFirst && { reset: true as const }),
      texts: texts.slice(cursor.texts),
      judged,
      ...(hasHead || isFirst ? { head: this.#head() } : {}),
      status: this.#progress.status(),
      tail: this.#tail.slice(Math.max(0, this.#tail.length - (this.#tailCount - cursor.tail))),
    };
    cursor.texts = texts.length;
    cursor.judged += judged.length;
    cursor.head = isAll ? this.#changes : 0;
    cursor.tail = this.#tailCount;
    return step;
  }

  #take(line: string): void {
    const event = line === "" ? undefined : readEvent(line);
    if (typeof event !== "object") return;
    this.#changes += 1;
    this.#rows.take(event);
    this.#shown.take(event);
    this.#progress.take(event);
    if (event.event !== "boot-log") return;
    this.#tailCount += 1;
    this.#tail.push(`${(event.atUs / 1_000_000).toFixed(3).padStart(10)}  ${event.text.slice(0, TAIL_CHARS)}`);
    if (this.#tail.length > 2 * TAIL_LINES) this.#tail = this.#tail.slice(-TAIL_LINES);
  }

  #head(): LiveHead {
    const { cutsDone, cutsPlanned, failed, ended } = this.#progress.status();
    const cuts = cutsPlanned === 0 ? "before its first cut" : `${cutsDone} of ${cutsPlanned} cuts`;
    const page = this.#shown.page();
    return {
      ...page,
      id: terminalText(basename(this.path)),
      folder: terminalText(this.folder),
      outcome: this.#shown.result?.outcome ?? ("unfinished" satisfies RunPage["outcome"]),
      sentence: `${ended ? "ENDED" : "RUNNING"} ${cuts}${failed === 0 ? "" : `, ${failed} failed`}`,
      facts: [],
      leftOut: [],
      // A histogram of thousands, twice a second, is for nobody: the report has it.
      times: page.times.map((entry) => ({ ...entry, valuesUs: entry.valuesUs.slice(-ROWS_A_STEP) })),
    };
  }
}
