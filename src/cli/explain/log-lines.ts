import { ConfigurationError } from "../../core/index.ts";

/** Characters of a log's own lines that are kept: some hundred thousand boots. */
const KEPT_CHARS_MAX = 16 * 1024 * 1024;
const LINES_MAX = 10_000_000;

/**
 * The lines of a log of any length that are worth reading, the others as empty ones, so that lines keep their numbers.
 * Of a log that has more of them than memory is meant to hold the last ones are kept: the board's present state.
 */
export class LogLines {
  readonly #what: string;
  readonly #lines: string[] = [];
  #chars = 0;
  #oldest = 0;

  /** @param what the file, for errors. */
  constructor(what: string) {
    this.#what = what;
  }

  get count(): number {
    return this.#lines.length;
  }

  /** @throws ConfigurationError for more lines than can be counted here. */
  add(line: string): void {
    if (this.#lines.length >= LINES_MAX) {
      throw new ConfigurationError(`${this.#what} has more than ${LINES_MAX} lines.`, "Cut out the part that matters.");
    }
    // A short part of a long text would keep all of it alive.
    this.#lines.push(line === "" ? "" : Buffer.from(line).toString("utf8"));
    this.#chars += line.length;
    for (; this.#chars > KEPT_CHARS_MAX; this.#oldest += 1) {
      this.#chars -= this.#lines[this.#oldest]?.length ?? 0;
      this.#lines[this.#oldest] = "";
    }
  }

  text(): string {
    return this.#lines.join("\n");
  }
}
