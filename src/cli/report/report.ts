import { join, relative, resolve } from "node:path";
import { EXIT, messageOf, UsageError } from "../../core/index.ts";
import { pageDocument, recordedRun } from "../../report/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { WholeFile } from "../terminal/whole-file.ts";
import { OUTLET_OPTIONS, Outlets } from "./outlets.ts";
import { pageCode } from "./page-code.ts";
import { requireRunFolder } from "./run-folder.ts";

const OPTIONS = {
  output: { type: "string", alias: "o", describe: "file to write (default: report.html in the run's folder)" },
  ...OUTLET_OPTIONS,
  json: { type: "boolean", describe: "print the page's data as JSON, and write no file" },
} as const satisfies OptionRows;

/** Runs on one page: more of them are a history, not a report. */
const RUNS_MAX = 100;

/** `hil report RUN… [-o FILE]` */
export async function reportCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil report <run folder…> [options]", OPTIONS, RUNS_MAX);
  if (!args) return EXIT.pass;
  const folders = args.positional;
  const [first] = folders;
  if (first === undefined) throw new UsageError("hil report wants the folder of a run.", "See hil report --help.");
  const output = args.text("output");
  const outlets = await Outlets.open(args, io);
  // Who asks for results in another form, and names no page, gets none.
  const hasPage = output !== undefined || !outlets.writes;
  if (output === undefined && folders.length > 1 && !args.flag("json") && hasPage) {
    throw new UsageError("a page of several runs lies in none of them.", "Say where it goes: -o report.html.");
  }
  for (const folder of folders) requireRunFolder(folder, io);
  if (!hasPage && !args.flag("json")) return endOf(outlets, folders, io);
  const runs = folders.map((folder) => recordedRun(folder, resolve(io.cwd, folder)));
  if (args.flag("json")) {
    io.out(`${JSON.stringify(runs, undefined, 2)}\n`);
    return endOf(outlets, folders, io);
  }
  const path = output ?? join(first, "report.html");
  new WholeFile(path, io.cwd).write(pageDocument(runs, pageCode(), ownVersion()), "request");
  io.out(`report    ${relative(io.cwd, resolve(io.cwd, path))}\n`);
  return endOf(outlets, folders, io);
}

/** Writes the other results; the exit code says whether all of them are there. */
async function endOf(outlets: Outlets, folders: readonly string[], io: CliIo): Promise<number> {
  const faults = await outlets.end(folders);
  for (const fault of faults) io.err(`hil: ${messageOf(fault)}\n`);
  return faults[0]?.exitCode ?? EXIT.pass;
}
