import { EVENT_CHARS_MAX, hasCode, linesOf } from "../../core/index.ts";
import { type ReadEvent, readEvent } from "./recorded-event.ts";

/** How much of a record is taken. */
interface Limits {
  /** A record with so many lines that cannot be read is noise: what follows is not looked at. */
  readonly unreadMax: number;
  /** Events of one kind that are kept one by one. Two nights of a cut each second have fewer. */
  readonly eventsMax: number;
}

const LIMITS: Limits = { unreadMax: 10_000, eventsMax: 100_000 };
const COUNTED: ReadonlySet<string> = new Set(["verdict", "cut-void", "infra-retry"]);

const UNREAD = "lines of the record could not be read.";
const PASSED = "is not looked at.";

/** Which lines of a record are taken: it may be a stranger's, longer than memory, and noise from its first line on. */
export class LinesTaken {
  #unread = 0;
  #unknown = 0;
  #beyond = 0;
  readonly #counts = new Map<string, number>();
  readonly #limits: Limits;

  constructor(limits = LIMITS) {
    this.#limits = limits;
  }

  /** True once so much could not be read that the rest is not looked at. */
  get isOver(): boolean {
    return this.#unread >= this.#limits.unreadMax;
  }

  /**
   * The event of a line; undefined for what cannot be read, is not asked for, or is one too many.
   * @param options as `readEvent` has them.
   */
  take(line: string, options: { readonly short?: boolean } = {}): ReadEvent | undefined {
    if (this.isOver) return undefined;
    const event = readEvent(line, options);
    if (event === undefined) this.passOver();
    if (event === "unknown") this.#unknown += 1;
    if (event === undefined || typeof event === "string") return undefined;
    if (!COUNTED.has(event.event)) return event;
    const count = (this.#counts.get(event.event) ?? 0) + 1;
    this.#counts.set(event.event, count);
    if (count <= this.#limits.eventsMax) return event;
    this.#beyond += 1;
    return undefined;
  }

  /** Counts a line that cannot be read, of this file or of another one of the record. */
  passOver(): void {
    this.#unread += 1;
  }

  /**
   * What is said of a page that lacks something of its record: a sentence each.
   * @param beside lines of another file of the record.
   */
  texts(beside?: LinesTaken): readonly string[] {
    const { unreadMax, eventsMax } = this.#limits;
    const unread = this.#unread + (beside === undefined ? 0 : beside.#unread);
    const isOver = this.isOver || beside?.isOver === true;
    return [
      ...(isOver ? [`What follows ${unreadMax} lines that could not be read ${PASSED}`] : []),
      ...(unread === 0 || isOver ? [] : [`${unread} ${UNREAD}`]),
      ...(this.#beyond === 0
        ? []
        : [`What ${this.#beyond} events say, beyond the first ${eventsMax} of their kind, ${PASSED}`]),
      ...(this.#unknown === 0 ? [] : [`${this.#unknown} events are of kinds that this version of hil does not know.`]),
    ];
  }
}

/** What is said of lines that could not be read, or were too many; undefined of a record that is whole. */
export function unreadIn({ leftOut }: { readonly leftOut: readonly string[] }): string | undefined {
  return leftOut.find((text) => text.endsWith(UNREAD) || text.endsWith(PASSED));
}

/** What one file of a record holds in the order of time, taken beside the record's events: no line before it is asked for. */
export class ReadAlong<T> implements Disposable {
  readonly #values: Generator<T, void>;
  readonly #timeOf: (value: T) => number;
  #waiting: T | undefined;

  /** @param timeOf on the bench's clock, in microseconds. */
  constructor(values: Generator<T, void>, timeOf: (value: T) => number) {
    this.#values = values;
    this.#timeOf = timeOf;
  }

  /** The next one, if it is no later than this; undefined when there is none. */
  upTo(atUs: number): T | undefined {
    this.#waiting ??= this.#values.next().value ?? undefined;
    if (this.#waiting === undefined || this.#timeOf(this.#waiting) > atUs) return undefined;
    const next = this.#waiting;
    this.#waiting = undefined;
    return next;
  }

  [Symbol.dispose](): void {
    void this.#values.return();
  }
}

interface Options {
  /** Longer lines are cut there. */
  readonly charsMax?: number;
  /** Is told which lines cannot be read; default: they are passed over. */
  readonly taken?: LinesTaken;
}

/** What the lines of a file say, of those that can be read. A record that lacks the file (an old one) has none of it. */
export function* readLines<T>(
  path: string,
  read: (line: string) => T | undefined,
  { charsMax = EVENT_CHARS_MAX, taken }: Options = {},
): Generator<T, void> {
  try {
    for (const line of linesOf(path, charsMax)) {
      if (taken?.isOver === true) break;
      if (line === "") continue;
      const value = read(line);
      if (value === undefined) taken?.passOver();
      else yield value;
    }
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
