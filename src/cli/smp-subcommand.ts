import type { SmpClient } from "../smp/index.ts";
import type { Parsed } from "./arguments.ts";
import type { CliIo } from "./io.ts";

/** What a command of `hil smp` works with. */
export interface SmpCall {
  readonly client: SmpClient;
  readonly args: readonly string[];
  readonly options: Parsed;
  readonly io: CliIo;
}

/** A command of `hil smp`: a row. */
export interface SmpSubcommand {
  /** How it is called: words, then `<required>` and `[optional]` arguments. */
  readonly usage: string;
  readonly about: string;
  /** What is wrong with the request, found before a port is opened. */
  check?(args: readonly string[], io: CliIo): Promise<void>;
  /** What is printed: an answer for `--json`, and its text. */
  run(call: SmpCall): Promise<{ readonly json: unknown; readonly text: string }>;
}
