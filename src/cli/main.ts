import { inspect } from "node:util";
import { diskError, EXIT, InterruptedError, isHilError, messageOf, nearest, UsageError } from "../core/index.ts";
import type { LoadedCommand } from "./terminal/command-group.ts";
import type { CliIo } from "./terminal/io.ts";
import { processIo } from "./terminal/process-io.ts";
import { ownVersion } from "./terminal/version.ts";

/** The commands; each is loaded only when it is called, so that `hil image` starts without serial ports and schemas. */
const COMMANDS: readonly LoadedCommand[] = [
  {
    name: "run",
    about: "upgrade a board, cut its power in mid-swap, judge what boots",
    load: async () => (await import("./run/run.ts")).runCommand,
  },
  {
    name: "replay",
    about: "run a recorded campaign, or one cut of it, again",
    load: async () => (await import("./run/replay.ts")).replayCommand,
  },
  {
    name: "report",
    about: "one or more recorded runs as one HTML page that opens from disk",
    load: async () => (await import("./report/report.ts")).reportCommand,
  },
  {
    name: "watch",
    about: "a page on this machine that follows runs while they go on",
    load: async () => (await import("./watch/watch.ts")).watchCommand,
  },
  {
    name: "runs",
    about: "the history of a folder of runs: list, compare, trends, what is newly red",
    load: async () => (await import("./history/history.ts")).runsCommand,
  },
  {
    name: "lab",
    about: "many boards and hosts: a queue, a server, reservations",
    load: async () => (await import("./lab/lab.ts")).labCommand,
  },
  {
    name: "agent",
    about: "the boards of this host do a lab's work",
    load: async () => (await import("./lab/agent.ts")).agentCommand,
  },
  {
    name: "submit",
    about: "a scenario for a lab: some board that fits runs it",
    load: async () => (await import("./lab/submit.ts")).submitCommand,
  },
  {
    name: "queue",
    about: "the jobs of a lab, and why those that wait do so",
    load: async () => (await import("./lab/queue.ts")).queueCommand,
  },
  {
    name: "sweep",
    about: "every cut of an upgrade and its revert, in process: any number of them, clean and torn",
    load: async () => (await import("./sweep/sweep.ts")).sweepCommand,
  },
  {
    name: "explain",
    about: "what MCUboot will do next and why: from a boot log, image list, flash dump or run",
    load: async () => (await import("./explain/explain.ts")).explainCommand,
  },
  {
    name: "reproduce",
    about: "a failure from the field: from logs, lists, dumps and a sentence to a cause and a replay",
    load: async () => (await import("./reproduce/reproduce.ts")).reproduceCommand,
  },
  {
    name: "twin",
    about: "the simulated nRF5340-DK as a program, on pseudo-terminals",
    load: async () => (await import("./board/twin.ts")).twinCommand,
  },
  {
    name: "emulate",
    about: "your firmware on an emulated chip as a program, on pseudo-terminals",
    load: async () => (await import("./board/emulate.ts")).emulateCommand,
  },
  {
    name: "board",
    about: "list, check and calibrate boards; console, power, flash, recover",
    load: async () => (await import("./board/board.ts")).boardCommand,
  },
  {
    name: "init",
    about: "write a board's profile: by asking and probing, or from a lab's own files",
    load: async () => (await import("./init/init.ts")).initCommand,
  },
  {
    name: "doctor",
    about: "what on this machine will break runs, and what to do about it",
    load: async () => (await import("./board/doctor.ts")).doctorCommand,
  },
  {
    name: "smp",
    about: "talk to a board over SMP (mcumgr): image list, upload, test, reset …",
    load: async () => (await import("./smp/smp.ts")).smpCommand,
  },
  {
    name: "image",
    about: "sign, encrypt, verify and inspect MCUboot images, as imgtool does",
    load: async () => (await import("./image/image.ts")).imageCommand,
  },
  {
    name: "firmware",
    about: "firmware of ours for an nRF5340: build it, with bootloader, images and profile",
    load: async () => (await import("./firmware/firmware.ts")).firmwareCommand,
  },
  {
    name: "faults",
    about: "what the simulated board can be told to do wrong",
    load: async () => (await import("./run/faults-list.ts")).faultsCommand,
  },
  { name: "ports", about: "list serial ports", load: async () => (await import("./board/ports.ts")).portsCommand },
  {
    name: "completion",
    about: "completes commands and options in bash, zsh or fish",
    load: async () => {
      const { completionCommand } = await import("./completion/completion.ts");
      return (argv, io) => completionCommand(argv, io, mainIn);
    },
  },
];

/** Runs the command line; returns the exit code, one of `EXIT`. */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const io = processIo(stop.signal);
  const unlisten = listenForSignals(stop);
  try {
    return await mainIn(io, argv);
  } finally {
    unlisten();
  }
}

/** The command line in a given world: errors are printed, and are exit codes. */
export async function mainIn(io: CliIo, argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    return report(error, io, argv.includes("--debug"));
  }
}

async function dispatch(argv: readonly string[], io: CliIo): Promise<number> {
  if (argv[0] === "help" && argv[1] !== undefined) return dispatch([argv[1], "--help"], io);
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.offers?.({ commands: COMMANDS });
    io.out(helpText());
    return name === undefined ? EXIT.request : EXIT.pass;
  }
  if (name === "--version" || name === "version") {
    io.out(`${ownVersion()}\n`);
    return EXIT.pass;
  }
  const command = COMMANDS.find((row) => row.name === name);
  if (command) return (await command.load())(rest, io);
  if (name.startsWith("-")) {
    const option = nearest(name, ["--help", "--version"]);
    throw new UsageError(`unknown option ${name}.`, option ? `Did you mean ${option}?` : "See hil --help.");
  }
  const names = COMMANDS.map((row) => row.name);
  const near = nearest(name, names);
  const hint = near === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean "hil ${near}"?`;
  throw new UsageError(`no command "${name}".`, hint);
}

function helpText(): string {
  const rows = COMMANDS.map((row) => `  hil ${row.name.padEnd(10)} ${row.about}`);
  return [
    "mcuboot-hil: hardware-in-the-loop tests for MCUboot upgrades on the nRF5340-DK",
    "",
    ...rows,
    "",
    "Each command explains itself with --help. Without a board, everything runs on the simulated one: hil run",
    "Exit codes: 0 pass, 1 a verdict or check failed, 2 wrong request, 3 the bench failed, 4 interrupted.",
    "",
  ].join("\n");
}

function report(thrown: unknown, io: CliIo, debug: boolean): number {
  const error = isHilError(thrown) ? thrown : (diskError(thrown) ?? thrown);
  io.err(`hil: ${messageOf(error)}\n`);
  // Node shows the stack and the chain of causes.
  if (debug) io.err(`${inspect(withoutArguments(error), { depth: 4 })}\n`);
  if (isHilError(error)) return error.exitCode;
  if (!debug) io.err("This is not an error that hil knows; --debug prints where it came from.\n");
  return EXIT.bench;
}

/** A program that could not be started is told with its arguments, by Node; a profile may have a password among them. */
function withoutArguments(error: unknown): unknown {
  // Not by instanceof: an error of Node's own may be of another realm.
  for (let cause = error; typeof cause === "object" && cause !== null; cause = (cause as { cause?: unknown }).cause) {
    if ("spawnargs" in cause) Object.defineProperty(cause, "spawnargs", { enumerable: false });
  }
  return error;
}

/** Ctrl-C, a supervisor's wish, and a terminal that was closed: none may leave a board without power. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function listenForSignals(stop: AbortController): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals) => {
    // The second Ctrl-C of an impatient user: leave now.
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    stop.abort(new InterruptedError(`interrupted by ${signal}; the bench is left safe.`));
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  };
}
