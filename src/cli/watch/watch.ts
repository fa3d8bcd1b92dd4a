import { relative, resolve } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { EXIT, RealClock, UsageError, whenAborted } from "../../core/index.ts";
import { livePageCode } from "../report/page-code.ts";
import { requireRunFolder } from "../report/run-folder.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { WatchServer } from "./watch-server.ts";

const PORT_MAX = 65_535;
const RUNS_MAX = 100;

const OPTIONS = {
  port: { type: "string", describe: "port of the page on this machine (default: one that is free)" },
  stdin: { type: "boolean", describe: "read folders of runs from standard input, a line each, and end with it" },
} as const satisfies OptionRows;

/** `hil watch <run folder…> [--port N]`: a page that follows runs by their records, whoever makes them. */
export async function watchCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil watch <run folder…> [options]", OPTIONS, RUNS_MAX);
  if (!args) return EXIT.pass;
  const port = args.whole("port", { least: 1, most: PORT_MAX }) ?? 0;
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
