import { join, relative, resolve } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { EXIT, RealClock, sleep, UsageError, wallTime, whenAborted } from "../../core/index.ts";
import { livePageCode } from "../report/page-code.ts";
import { requireRunFolder } from "../report/run-folder.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { LabFolder } from "./lab-folder.ts";
import { WatchServer } from "./watch-server.ts";

const PORT_MAX = 65_535;
const RUNS_MAX = 100;

const OPTIONS = {
  port: { type: "string", describe: "port of the page on this machine (default: one that is free)" },
  lab: {
    type: "boolean",
    describe: "a folder of records (default: runs): runs that go on in it, each that begins, the lab",
  },
  stdin: { type: "boolean", describe: "read folders of runs from standard input, a line each, and end with it" },
} as const satisfies OptionRows;

/** `hil watch <run folder…> | --lab [folder] [--port N]`: a page that follows runs by their records, whoever makes them. */
export async function watchCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(
    io,
    argv,
    "hil watch <run folder…> | --lab [folder of records] [options]",
    OPTIONS,
    RUNS_MAX,
  );
  if (!args) return EXIT.pass;
  const port = args.whole("port", { least: 1, most: PORT_MAX }) ?? 0;
  if (args.flag("lab")) return watchLab(args, port, io);
  const folders = args.positional;
  const follows = args.flag("stdin");
  if (folders.length === 0 && !follows) {
    throw new UsageError("hil watch wants the folder of a run.", "A run that begins now: hil run --watch.");
  }
  for (const folder of folders) requireRunFolder(folder, io);
  await using watch = await WatchServer.open({
    port,
    code: livePageCode(),
    hil: ownVersion(),
    clock: new RealClock(),
  });
  const add = (folder: string) => {
    const path = resolve(io.cwd, folder);
    watch.add(relative(io.cwd, path) || ".", path);
  };
  for (const folder of folders) add(folder);
  io.out(`watch     ${watch.url}\n`);
  if (follows) await untilEnd(add, io);
  else await whenAborted(io.signal);
  await watch.end();
  return EXIT.pass;
}

/** How often the folder of a lab is looked into, in milliseconds. */
const LOOK_MS = 1_000;

/** `hil watch --lab [folder of records]`: the lab's page, above it a cell for each run that goes on. */
async function watchLab(args: Parsed, port: number, io: CliIo): Promise<number> {
  const [folder = "runs", ...others] = args.positional;
  if (others.length > 0 || args.flag("stdin")) {
    throw new UsageError("--lab wants one folder of records.", "It holds the runs of all boards.");
  }
  requireRunFolder(folder, io);
  const root = resolve(io.cwd, folder);
  const records = new LabFolder(folder, root);
  const clock = new RealClock();
  const begun = records.begun(wallTime().getTime());
  await using watch = await WatchServer.open({
    port,
    code: livePageCode(),
    hil: ownVersion(),
    clock,
    lab: () => records.page(),
  });
  const add = (name: string) => watch.add(join(folder, name), join(root, name));
  for (const name of begun) add(name);
  io.out(`watch     ${watch.url}\n`);
  while (!io.signal.aborted) {
    await sleep(clock, LOOK_MS, io.signal).catch(() => undefined);
    for (const name of records.begun(wallTime().getTime())) add(name);
  }
  await watch.end();
  return EXIT.pass;
}

/** Whoever has started us closes its end when its runs have ended, and when it is gone. */
async function untilEnd(add: (folder: string) => void, io: CliIo): Promise<void> {
  await using keyboard = io.openKeyboard?.();
  const decoder = new StringDecoder("utf8");
  let begun = "";
  for await (const chunk of keyboard?.chunks ?? []) {
    const lines = `${begun}${decoder.write(chunk)}`.split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) if (line !== "") add(line);
  }
}
