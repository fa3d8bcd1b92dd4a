import { ConfigurationError } from "../../core/index.ts";

/** Characters of a log's own lines that are kept: some hundred thousand boots. */
const KEPT_CHARS_MAX = 4 * 1024 * 1024;
const LINES_MAX = 25_000_000;

/**
 * The lines of a log of any length that are worth reading, the others as empty ones, so that lines keep their numbers.
 * Of a log that has more of them than memory is meant to hold the last ones are kept: the board's present state.
 */
export class LogLines {
  readonly #what: string;
  /** Number of each, from 0, and its text. */
  #kept: { readonly at: number; readonly text: string }[] = [];
  #chars = 0;
  #count = 0;

  /** @param what the file, for errors. */
  constructor(what: string) {
    this.#what = what;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws ConfigurationError for more lines than can be counted here. */
  add(line: string): void {
    if (this.#count >= LINES_MAX) {
      throw new ConfigurationError(`${this.#what} has more than ${LINES_MAX} lines.`, "Cut out the part that matters.");
    }
    // A short part of a long text would keep all of it alive.
    if (line !== "") this.#kept.push({ at: this.#count, text: Buffer.from(line).toString("utf8") });
    this.#count += 1;
    this.#chars += line.length;
    if (this.#chars > 2 * KEPT_CHARS_MAX) this.#forget();
  }

  #forget(): void {
    let gone = 0;
    for (; this.#chars > KEPT_CHARS_MAX; gone += 1) this.#chars -= this.#kept[gone]?.text.length ?? 0;
    this.#kept = this.#kept.slice(gone);
  }

  text(): string {
    let at = 0;
    const parts = this.#kept.map((line) => {
      const before = "\n".repeat(line.at - at);
      at = line.at;
      return before + line.text;
    });
    return parts.join("") + "\n".repeat(Math.max(0, this.#count - 1 - at));
  }
}
