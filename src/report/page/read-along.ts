import { EVENT_CHARS_MAX, hasCode, linesOf } from "../../core/index.ts";
import type { LinesTaken } from "./lines-taken.ts";

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
