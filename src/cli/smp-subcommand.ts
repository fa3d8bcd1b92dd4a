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
  /** How it is called: words, then `<required>`, `[optional]` and `<all the rest...>` arguments. */
  readonly usage: string;
  /** Words by which other tools call it (mcumgr, smpmgr). */
  readonly known?: readonly string[];
  readonly about: string;
  /** What is wrong with the request, found before a port is opened. */
  check?(args: readonly string[], io: CliIo): Promise<void>;
  /** What is printed: an answer for `--json`, and its text. */
  run(call: SmpCall): Promise<{ readonly json: unknown; readonly text: string }>;
}
