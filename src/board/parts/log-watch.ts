import { type Clock, Listeners, sleep } from "../../core/index.ts";
import { recogniseBootLine } from "../../mcuboot/index.ts";
import type { Uart, UartLine } from "../../serial/index.ts";

/** A line of a board's log; `event` when the boot-line tables know it, the bare text otherwise. */
export interface BootLine extends UartLine {
  readonly event: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * How many lines a watch keeps for error texts and verdicts: so many that the tables know, and so many others. Apart,
 * because an application that logs 2,000 lines a second must not push out what the bootloader said.
 */
const LINES_KEPT_MAX = 400;

/**
 * Follows the log on one UART: boot events by the tables of mcuboot/, unknown lines kept as text. Also knows when the
 * last byte came, which is what tells power that is off from power that is not.
 */
export class LogWatch {
  readonly name: string;
  readonly #clock: Clock;
  readonly #known: Kept[] = [];
  readonly #others: Kept[] = [];
  readonly #listeners = new Listeners<BootLine>();
  readonly #openedUs: number;
  #lastByteUs: number | undefined;
  #count = 0;
  #last: BootLine | undefined;

  /** @param options.lines false: what comes is no text, and only when it comes is of interest. */
  constructor(name: string, uart: Uart, clock: Clock, { lines = true }: { readonly lines?: boolean } = {}) {
    this.name = name;
    this.#clock = clock;
    this.#openedUs = clock.nowUs();
    uart.onBytes((chunk) => {
      this.#lastByteUs = chunk.atUs;
    });
    if (!lines) return;
    uart.onLine((line) => {
      const known = recogniseBootLine(line.text);
      const bootLine: BootLine = { ...line, event: known?.event, fields: known?.fields ?? {} };
      this.#keep(bootLine);
      this.#listeners.emit(bootLine);
    });
  }

  /** Microseconds on the bench's clock. */
  get lastByteUs(): number | undefined {
    return this.#lastByteUs;
  }

  onLine(listener: (line: BootLine) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Lines since `sinceUs`, oldest first (of those that the tables know the last 400 are kept, of the others, too). */
  since(sinceUs: number): readonly BootLine[] {
    const kept = [...from(this.#known, sinceUs), ...from(this.#others, sinceUs)];
    return kept.toSorted((a, b) => a.order - b.order).map(({ line }) => line);
  }

  /** The same, but only lines that the tables know. */
  knownSince(sinceUs: number): readonly BootLine[] {
    return from(this.#known, sinceUs).map(({ line }) => line);
  }

  /** The next line that `wanted` accepts. Rejects with the signal's reason. */
  next(wanted: (line: BootLine) => boolean, signal: AbortSignal): Promise<BootLine> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = this.#listeners.add((line) => {
        if (!wanted(line)) return;
        stop();
        signal.removeEventListener("abort", onAbort);
        resolve(line);
      });
      const onAbort = () => {
        stop();
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /**
   * Resolves once nothing has arrived for `quietMs` milliseconds of this watch's life; returns when the last byte came,
   * undefined when none ever did. @throws the signal's reason.
   */
  async quiet(quietMs: number, signal?: AbortSignal): Promise<number | undefined> {
    for (;;) {
      const sinceUs = this.#lastByteUs ?? this.#openedUs;
      const leftMs = quietMs - (this.#clock.nowUs() - sinceUs) / 1000;
      if (leftMs <= 0) return this.#lastByteUs;
      await sleep(this.#clock, leftMs, signal);
    }
  }

  /** For error texts: what came last. */
  lastSeen(): string {
    const last = this.#last;
    if (!last) return `Nothing has come from ${this.name} yet.`;
    const agoS = ((this.#clock.nowUs() - last.atUs) / 1_000_000).toFixed(1);
    return `Last line ${agoS} s ago on ${this.name}: "${last.text}".`;
  }

  #keep(line: BootLine): void {
    const lines = line.event === undefined ? this.#others : this.#known;
    lines.push({ order: this.#count, line });
    this.#count += 1;
    this.#last = line;
    if (lines.length > LINES_KEPT_MAX) lines.shift();
  }
}

/** A line with its place among all lines that ever came. */
interface Kept {
  readonly order: number;
  readonly line: BootLine;
}

function from(kept: readonly Kept[], sinceUs: number): readonly Kept[] {
  let first = kept.length;
  while (first > 0 && (kept[first - 1]?.line.atUs ?? 0) >= sinceUs) first -= 1;
  return kept.slice(first);
}
