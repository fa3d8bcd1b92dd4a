import { Cleanup, EXIT, isTimeout, nearest, RealClock, TimeoutError, UsageError } from "../../core/index.ts";
import { COMMANDS, type CommandRow } from "../../smp/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { boardSaid } from "./board-said.ts";
import { SMP_SUBCOMMANDS } from "./commands.ts";
import { connectSmp, timeoutHint } from "./connection.ts";
import { FILE_SUBCOMMANDS } from "./file-commands.ts";
import { MORE_SUBCOMMANDS } from "./more-commands.ts";
import { rowSubcommands } from "./row-commands.ts";
import { COMMAND_OPTIONS, type CommandOption, optionRows, type SmpSubcommand, wordsOf } from "./subcommand.ts";
import { jsonLine, traceLines } from "./text.ts";
import { UPGRADE_SUBCOMMAND } from "./upgrade.ts";

/** What every command takes: how the board is reached, and how its answer is printed. */
const OPTIONS = {
  port: {
    type: "string",
    alias: "p",
    describe:
      "a path, PROBE:INTERFACE, udp:HOST[:PORT], tcp:HOST:PORT, rfc2217://HOST:PORT or ble:NAME@ADAPTER (default: $HIL_PORT)",
  },
  board: { type: "string", describe: "the board's profile: its port and line, and how long its slots take to erase" },
  conntype: { type: "string", describe: "as mcumgr's: serial or udp, with --connstring instead of --port" },
  connstring: { type: "string", describe: "dev=PATH,baud=N,mtu=N or a path; HOST[:PORT] for udp" },
  baud: { type: "string", alias: "b", describe: "bits a second (default 115200)" },
  timeout: {
    type: "string",
    alias: "t",
    describe: "wait for an answer: 500ms, 10s, or a number of ms (default 3000; erase and upload longer)",
  },
  json: { type: "boolean", describe: "print the answer as one line of JSON" },
  trace: { type: "boolean", describe: "print every packet to standard error" },
  raw: { type: "boolean", describe: "packets without frames, on a UART without log text" },
  cobs: { type: "boolean", describe: "packets stuffed (COBS) with a CRC, as patched MCUboots have them in recovery" },
  "flow-control": { type: "boolean", describe: "RTS/CTS" },
  reopen: { type: "boolean", describe: "when the port vanishes wait for it (30 s), open it again and go on" },
  "line-pause": { type: "string", describe: "pause between frame lines, in ms, for boards that lose bursts" },
  "pause-every": {
    type: "string",
    describe: "with --line-pause: pause after so many bytes (64 for a J-Link whose mass-storage drive is on)",
  },
} as const satisfies OptionRows;

/** Words of a command, with those of a line for the board's shell. */
const POSITIONAL_MAX = 64;

const WRITTEN: readonly SmpSubcommand[] = [
  ...SMP_SUBCOMMANDS,
  UPGRADE_SUBCOMMAND,
  ...MORE_SUBCOMMANDS,
  ...FILE_SUBCOMMANDS,
];

/** Every command of `hil smp`: those that were written for people, then one for each other row of the table. */
export function smpSubcommands(rows: Readonly<Record<string, CommandRow>>): readonly SmpSubcommand[] {
  return [
    ...WRITTEN,
    ...rowSubcommands(rows, WRITTEN, Object.keys({ ...OPTIONS, ...COMMAND_OPTIONS, debug: 0, help: 0 })),
  ];
}

export const SUBCOMMANDS = smpSubcommands(COMMANDS);

/**
 * `hil smp`: one SMP command to a board on a serial port or a network, with output like the mcumgr tool's.
 * @param all the commands that there are.
 */
export async function smpCommand(argv: readonly string[], io: CliIo, all = SUBCOMMANDS): Promise<number> {
  const parsed = parse(argv, io, all);
  if (!parsed) return EXIT.pass;
  const { row, args } = subcommand(parsed.positional, all);
  requireItsOptions(row, parsed, all);
  await row.check?.(args, io, parsed);
  await using closing = new Cleanup();
  const board = await boardSaid(parsed, io);
  const client = await connectSmp(parsed, io, new RealClock(), closing, board);
  if (parsed.flag("trace")) client.session.onExchange((exchange) => io.err(traceLines(exchange)));
  const answer = await row.run({ client, args, options: parsed, io, board }).catch((error: unknown) => {
    throw withTimeoutHint(error, parsed);
  });
  io.out(parsed.flag("json") ? jsonLine(answer.json) : answer.text);
  return answer.exitCode ?? EXIT.pass;
}

/** Undefined when help was printed: that of all commands, or of the one that is named. */
function parse(argv: readonly string[], io: CliIo, all: readonly SmpSubcommand[]): Parsed | undefined {
  const named = all.find((row) => wordsOf(row).every((word, index) => argv[index] === word));
  if (named !== undefined && isHelp(argv)) {
    const options = { ...optionRows(named), ...OPTIONS };
    return parseArguments(io, argv, `hil smp ${named.usage} --port PORT\n\n${named.about}`, options, POSITIONAL_MAX);
  }
  const rows = all.map((row) => {
    const { usage, about, known } = row;
    const names = Object.keys(optionRows(row));
    const also = known === undefined ? "" : ` (also: ${known.join(", ")})`;
    const takes = names.length === 0 ? "" : ` [${names.map((name) => `--${name}`).join(" ")}]`;
    return `  hil smp ${usage.padEnd(30)} ${about}${takes}${also}`;
  });
  const head = `hil smp <command> --port PORT\n\n${rows.join("\n")}`;
  if (isHelp(argv)) io.offers?.({ commands: all.map((row) => ({ name: wordsOf(row).join(" "), about: row.about })) });
  const fields = isHelp(argv) ? {} : Object.assign({}, ...all.map((row) => row.fields ?? {}));
  return parseArguments(io, argv, head, { ...OPTIONS, ...COMMAND_OPTIONS, ...fields }, POSITIONAL_MAX);
}

function isHelp(argv: readonly string[]): boolean {
  return argv.some((word) => word === "--help" || word === "-h");
}

/** An option that belongs to other commands means that something else was meant. @throws UsageError */
function requireItsOptions(row: SmpSubcommand, parsed: Parsed, all: readonly SmpSubcommand[]): void {
  const command = wordsOf(row).join(" ");
  const own = Object.keys(optionRows(row));
  for (const name of new Set(all.flatMap((each) => Object.keys(optionRows(each))))) {
    if (parsed.text(name) === undefined || own.includes(name)) continue;
    const takers = all.filter((each) => name in optionRows(each)).map((taker) => wordsOf(taker).join(" "));
    const hint = row.instead?.[name as CommandOption] ?? `It is an option of ${takers.join(", ")}.`;
    throw new UsageError(`hil smp ${command} takes no --${name}.`, `${hint} See hil smp ${command} --help.`);
  }
}

function withTimeoutHint(error: unknown, parsed: Parsed): unknown {
  const hint = timeoutHint(parsed);
  if (!isTimeout(error) || hint === undefined) return error;
  return new TimeoutError(error.awaited, error.waitedMs, "", hint, { cause: error });
}

/** @throws UsageError for an unknown command, and for a wrong number of arguments. */
function subcommand(
  positional: readonly string[],
  all: readonly SmpSubcommand[],
): { row: SmpSubcommand; args: readonly string[] } {
  const named = all.flatMap((row) =>
    [wordsOf(row), ...(row.known ?? []).map((name) => name.split(" "))].map((words) => ({ row, words })),
  );
  const fitting = named.filter(({ words }) => words.every((word, index) => positional[index] === word));
  const found = fitting.toSorted((a, b) => b.words.length - a.words.length)[0];
  if (!found) throw unknownCommand(positional, all);
  const args = positional.slice(found.words.length);
  const wanted = found.row.usage.split(" ").slice(wordsOf(found.row).length);
  const required = wanted.filter((word) => word.startsWith("<")).length;
  const takesRest = wanted.at(-1)?.includes("...") ?? false;
  if (args.length < required) {
    throw new UsageError(`hil smp ${found.row.usage}: an argument is missing.`, "See hil smp --help.");
  }
  if (takesRest) return { row: found.row, args: [...args.slice(0, wanted.length - 1), restOf(args, wanted.length)] };
  if (args.length > wanted.length) {
    const text = `hil smp ${found.row.usage} takes other arguments than "${args.join(" ")}".`;
    throw new UsageError(text, "See hil smp --help.");
  }
  return { row: found.row, args };
}

function restOf(args: readonly string[], wanted: number): string {
  return args.slice(wanted - 1).join(" ");
}

function unknownCommand(positional: readonly string[], all: readonly SmpSubcommand[]): UsageError {
  const names = all.map((row) => wordsOf(row).join(" "));
  const [first = ""] = positional;
  const asked = positional.slice(0, 2).join(" ");
  const inGroup = names.filter((name) => name.startsWith(`${first} `));
  const near = nearest(asked, [...names, ...all.flatMap(({ known = [] }) => known)]);
  if (asked === "") return new UsageError("hil smp wants a command.", `The commands are ${names.join(", ")}.`);
  const text = `no command "hil smp ${asked}".`;
  if (near !== undefined && near !== first) return new UsageError(text, `Did you mean "hil smp ${near}"?`);
  const list = inGroup.length > 0 ? inGroup : names;
  return new UsageError(text, `The commands are ${list.join(", ")}.`);
}
