import { isHilError } from "../../core/index.ts";
import type { CliIo } from "../terminal/io.ts";

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  /** The paragraph of the error that ended the command. */
  readonly error: string;
}

/** Runs a command of the command line in this process, with its output in memory. */
export async function command(
  run: (argv: readonly string[], io: CliIo) => Promise<number>,
  argv: readonly string[],
  cwd: string,
): Promise<CommandResult> {
  let out = "";
  const io: CliIo = {
    out: (text) => void (out += text),
    outBytes: () => {},
    err: (text) => void (out += text),
    env: {},
    cwd,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  try {
    return { code: await run(argv, io), out, error: "" };
  } catch (error) {
    if (isHilError(error)) return { code: error.exitCode, out, error: error.paragraph() };
    throw error;
  }
}
