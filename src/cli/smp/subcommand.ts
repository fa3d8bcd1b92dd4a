import { type ExitCode, UsageError } from "../../core/index.ts";
import type { CommandKey, SmpClient } from "../../smp/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import type { BoardSaid } from "./board-said.ts";

/** Options that only some commands take. */
export const COMMAND_OPTIONS = {
  image: { type: "string", alias: "n", describe: "image pair: 0 application, 1 network core" },
  upgrade: { type: "boolean", alias: "u", describe: "only when it is newer than what runs" },
  packet: { type: "string", describe: "largest packet in bytes (default: what the board takes)" },
  window: { type: "string", alias: "w", describe: "packets in flight (default 1)" },
  "first-chunk": {
    type: "string",
    describe: "how long the slot may take to erase (default: by --board's slots; else 225s, enough for 8 MiB)",
  },
  slot: { type: "string", describe: "slot: 1 is the application's other one, 2 and 3 are the network core's" },
  confirm: { type: "boolean", describe: "for good, without a test" },
  wait: { type: "string", describe: "how long the board may take to swap and answer (default 3m)" },
  force: { type: "boolean", describe: "even when the firmware would rather not" },
  "boot-mode": { type: "string", describe: "1 = into the bootloader" },
  offset: { type: "string", describe: "first byte (default 0)" },
  length: { type: "string", describe: "bytes from there (default: to the end)" },
} as const satisfies OptionRows;

export type CommandOption = keyof typeof COMMAND_OPTIONS;

/** The options of one command, for its help. */
export function optionRows({ options = [], fields = {} }: Pick<SmpSubcommand, "options" | "fields">): OptionRows {
  return { ...Object.fromEntries(options.map((name) => [name, COMMAND_OPTIONS[name]])), ...fields };
}

/** Bytes of hex digits, two a byte. @throws UsageError */
export function bytesOf(text: string): Uint8Array {
  if (/^([0-9a-f]{2})*$/i.test(text)) return Uint8Array.from(Buffer.from(text, "hex"));
  throw new UsageError(`"${text}" are no bytes.`, "Write them as hex digits, two a byte.");
}

/** The words of a command, without its arguments. */
export function wordsOf({ usage }: Pick<SmpSubcommand, "usage">): string[] {
  return usage.split(" ").filter((word) => !/^[<[]/.test(word));
}

/** What a command of `hil smp` works with. */
export interface SmpCall {
  readonly client: SmpClient;
  readonly args: readonly string[];
  readonly options: Parsed;
  readonly io: CliIo;
  /** What the profile says that --board names. */
  readonly board?: BoardSaid | undefined;
}

/** What a command prints: an answer for `--json`, and its text. */
export interface SmpPrinted {
  readonly json: unknown;
  readonly text: string;
  /** 1 for an answer that says that something failed; default 0. */
  readonly exitCode?: ExitCode;
}

/** A command of `hil smp`: a row. */
export interface SmpSubcommand {
  /** How it is called: words, then `<required>`, `[optional]` and `<all the rest...>` arguments. */
  readonly usage: string;
  /** Words by which other tools call it (mcumgr, smpmgr). */
  readonly known?: readonly string[];
  readonly about: string;
  /** The rows that it is there for, by their key: of those no command is made (`row-commands.ts`). */
  readonly sends?: readonly CommandKey[];
  /** Options that no other command has: the fields of a row. */
  readonly fields?: OptionRows;
  /** Options of its own that it takes; all others of `COMMAND_OPTIONS` are refused. */
  readonly options?: readonly CommandOption[];
  /** What to write instead of an option that other tools call so. */
  readonly instead?: Partial<Record<CommandOption, string>>;
  /** What is wrong with the request, found before a port is opened. */
  check?(args: readonly string[], io: CliIo, options: Parsed): Promise<void>;
  run(call: SmpCall): Promise<SmpPrinted>;
}
