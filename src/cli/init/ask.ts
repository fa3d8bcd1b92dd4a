import { UsageError } from "../../core/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { valueOf } from "./value.ts";

/** Gets answers: from options, else from the person at the terminal, else the default. */
export class Asker {
  readonly #args: Parsed;
  readonly #io: CliIo;

  constructor(args: Parsed, io: CliIo) {
    this.#args = args;
    this.#io = io;
  }

  /** What an option says, without asking. */
  given(option: string): string | undefined {
    return this.#args.text(option);
  }

  /** @throws UsageError without an answer and without a default. */
  async value(option: string, question: string, fallback: string | undefined): Promise<string> {
    const found = this.given(option) ?? (await this.#asked(question, fallback));
    if (found !== undefined) return found;
    throw new UsageError(`hil init does not know: ${question.replace(/[.:?]?$/, ".")}`, `Say it with --${option}.`);
  }

  /** An answer that may stay away. */
  async optional(option: string, question: string): Promise<string | undefined> {
    return this.given(option) ?? this.#asked(question, undefined);
  }

  /** One field of an option that takes FIELD=VALUE. */
  async detail(option: string, field: string, question: string, fallback: string | undefined): Promise<string> {
    const found = await this.#asked(question, fallback);
    if (found !== undefined) return found;
    throw new UsageError(`hil init does not know ${question}.`, `Say it with --${option} ${field}=VALUE.`);
  }

  /** The FIELD=VALUE pairs of an option. @throws UsageError for one that is none. */
  pairs(option: string): Record<string, unknown> {
    return Object.fromEntries(
      this.#args.texts(option).map((text) => {
        const at = text.indexOf("=");
        if (at < 1) throw new UsageError(`--${option} wants FIELD=VALUE, not "${text}".`);
        return [text.slice(0, at), valueOf(text.slice(at + 1))];
      }),
    );
  }

  async #asked(question: string, fallback: string | undefined): Promise<string | undefined> {
    if (this.#args.flag("yes") || this.#io.ask === undefined) return fallback;
    const shown = fallback === undefined ? question : `${question} [${fallback}]`;
    const answer = (await this.#io.ask(`${shown}: `))?.trim() ?? "";
    return answer === "" ? fallback : answer;
  }
}
