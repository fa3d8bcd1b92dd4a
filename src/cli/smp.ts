import { Cleanup, EXIT, nearest, RealClock, UsageError } from "../core/index.ts";
import { type OptionRows, parseArguments } from "./arguments.ts";
import type { CliIo } from "./io.ts";
import { SMP_SUBCOMMANDS } from "./smp-commands.ts";
import { connectSmp } from "./smp-connection.ts";
import { MORE_SUBCOMMANDS } from "./smp-more-commands.ts";
import type { SmpSubcommand } from "./smp-subcommand.ts";
import { jsonLine, traceLines } from "./smp-text.ts";

const OPTIONS = {
  port: {
    type: "string",
    alias: "p",
    describe: "a path, PROBE:INTERFACE, udp:HOST[:PORT], tcp:HOST:PORT or rfc2217://HOST:PORT (default: $HIL_PORT)",
  },
  conntype: { type: "string", describe: "as mcumgr's: serial or udp, with --connstring instead of --port" },
  connstring: { type: "string", describe: "dev=PATH,baud=N,mtu=N or a path; HOST[:PORT] for udp" },
  baud: { type: "string", alias: "b", describe: "bits a second (default 115200)" },
  timeout: {
    type: "string",
    alias: "t",
    describe: "wait for an answer, in ms (default 3000; erase and upload longer)",
  },
  json: { type: "boolean", describe: "print the answer as one line of JSON" },
  trace: { type: "boolean", describe: "print every packet to standard error" },
  raw: { type: "boolean", describe: "packets without frames, on a UART without log text" },
  "flow-control": { type: "boolean", describe: "RTS/CTS" },
  reopen: { type: "boolean", describe: "when the port vanishes wait for it (30 s), open it again and go on" },
  "line-pause": { type: "string", describe: "pause between frame lines, in ms, for boards that lose bursts" },
  image: { type: "string", alias: "n", describe: "image upload: image pair, 0 application, 1 network core" },
  upgrade: { type: "boolean", alias: "u", describe: "image upload: only when it is newer than what runs" },
  packet: { type: "string", describe: "image upload: largest packet in bytes (default: what the board takes)" },
  window: { type: "string", alias: "w", describe: "image upload: packets in flight (default 1)" },
  slot: { type: "string", describe: "image erase: slot" },
  force: { type: "boolean", describe: "reset: even when the firmware would rather not" },
  "boot-mode": { type: "string", describe: "reset: 1 = into the bootloader" },
} as const satisfies OptionRows;

const SUBCOMMANDS = [...SMP_SUBCOMMANDS, ...MORE_SUBCOMMANDS];

/** `hil smp`: one SMP command to a board on a serial port or a network, with output like the mcumgr tool's. */
export async function smpCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const rows = SUBCOMMANDS.map((row) => `  hil smp ${row.usage.padEnd(30)} ${row.about}`);
  const parsed = parseArguments(io, argv, `hil smp <command> --port PORT\n\n${rows.join("\n")}`, OPTIONS, 5);
  if (!parsed) return EXIT.pass;
  const { row, args } = subcommand(parsed.positional);
  await row.check?.(args, io);
  await using closing = new Cleanup();
  const client = await connectSmp(parsed, io, new RealClock(), closing);
  if (parsed.flag("trace")) client.session.onExchange((exchange) => io.err(traceLines(exchange)));
  const answer = await row.run({ client, args, options: parsed, io });
  io.out(parsed.flag("json") ? jsonLine(answer.json) : answer.text);
  return EXIT.pass;
}

/** @throws UsageError for an unknown command, and for a wrong number of arguments. */
function subcommand(positional: readonly string[]): { row: SmpSubcommand; args: readonly string[] } {
  const named = SUBCOMMANDS.map((row) => ({
    row,
    words: row.usage.split(" ").filter((word) => !/^[<[]/.test(word)),
  }));
  const found = named.find(({ words }) => words.every((word, index) => positional[index] === word));
  if (!found) {
    const names = named.map(({ words }) => words.join(" "));
    const asked = positional.slice(0, 2).join(" ");
    const near = nearest(asked, names);
    const hint = near === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean "hil smp ${near}"?`;
    throw new UsageError(asked === "" ? "hil smp wants a command." : `no command "hil smp ${asked}".`, hint);
  }
  const args = positional.slice(found.words.length);
  const wanted = found.row.usage.split(" ").slice(found.words.length);
  const required = wanted.filter((word) => word.startsWith("<")).length;
  if (args.length < required || args.length > wanted.length) {
    throw new UsageError(
      args.length === 0
        ? `hil smp ${found.row.usage}: an argument is missing.`
        : `hil smp ${found.row.usage} takes other arguments than "${args.join(" ")}".`,
      "See hil smp --help.",
    );
  }
  return { row: found.row, args };
}
