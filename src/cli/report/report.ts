import { existsSync, lstatSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ConfigurationError, EXIT, messageOf, UsageError } from "../../core/index.ts";
import { labDocument, labPage, pageDocument, recordedRun } from "../../report/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { WholeFile } from "../terminal/whole-file.ts";
import { foundRuns } from "./found-runs.ts";
import { modelLayer } from "./model-layer.ts";
import { OUTLET_OPTIONS, Outlets } from "./outlets.ts";
import { pageCode } from "./page-code.ts";
import { requireRunFolder } from "./run-folder.ts";

const OPTIONS = {
  output: { type: "string", alias: "o", describe: "file to write (default: report.html in the run's folder)" },
  lab: { type: "boolean", describe: "the page of a lab: RUN is a folder of records (default: runs)" },
  nights: { type: "string", describe: "with --lab: so many nights, the last ones", default: "30" },
  ...OUTLET_OPTIONS,
  json: { type: "boolean", describe: "print the page's data as JSON; a page is written only where -o names it" },
} as const satisfies OptionRows;

/** Runs on one page: more of them are a history, not a report. */
const RUNS_MAX = 100;
/** Columns of a lab's page. */
const NIGHTS_MAX = 400;

/** `hil report RUN… [-o FILE]`, `hil report RUNS --lab` */
export async function reportCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(
    io,
    argv,
    "hil report <run folder…> | --lab [folder of records] [options]",
    OPTIONS,
    RUNS_MAX,
  );
  if (!args) return EXIT.pass;
  if (args.flag("lab")) return labReport(args, io);
  if (args.text("nights") !== undefined) throw new UsageError("--nights goes with --lab.", "A run has one night.");
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
  const runs = await Promise.all(
    folders.map(async (folder) => {
      const path = resolve(io.cwd, folder);
      return recordedRun(folder, path, await modelLayer(path, io.cwd));
    }),
  );
  const html = () => pageDocument(runs, pageCode(), ownVersion());
  putPage({ data: runs, html, place: () => output ?? ownPage(first, "report.html", io) }, args, io);
  return endOf(outlets, folders, io);
}

interface Put {
  readonly data: unknown;
  readonly html: () => string;
  readonly place: () => string;
}

/** The page; with --json its data, and the page besides only where -o names it. */
function putPage({ data, html, place }: Put, args: Parsed, io: CliIo): void {
  const json = args.flag("json");
  if (json) io.out(`${JSON.stringify(data, undefined, 2)}\n`);
  if (json && args.text("output") === undefined) return;
  const path = place();
  new WholeFile(path, io.cwd, "html").write(html(), "request");
  if (!json) io.out(`report    ${relative(io.cwd, resolve(io.cwd, path))}\n`);
}

/** The page's place in a record. A record may be a stranger's: what it calls its page may lead to a file of this user's. */
function ownPage(folder: string, name: string, { cwd }: CliIo): string {
  const path = join(folder, name);
  const found = lstatSync(resolve(cwd, path), { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return path;
  throw new ConfigurationError(`${path} is there, and is no file of its own.`, "Say where the page goes: -o FILE.");
}

/** Writes the other results; the exit code says whether all of them are there, of whole records of runs that ended. */
async function endOf(outlets: Outlets, folders: readonly string[], io: CliIo): Promise<number> {
  const faults = await outlets.end(folders);
  for (const fault of faults) io.err(`hil: ${messageOf(fault)}\n`);
  for (const text of outlets.incomplete) io.err(`hil: ${text}\n`);
  return faults[0]?.exitCode ?? (outlets.incomplete.length > 0 ? EXIT.bench : EXIT.pass);
}

/** Over all runs of a folder of records: boards and scenarios by night, what is new, causes, benches. */
function labReport(args: Parsed, io: CliIo): number {
  const [folder = "runs", ...others] = args.positional;
  if (others.length > 0) throw new UsageError("--lab wants one folder of records.", "It holds the runs of all boards.");
  for (const name of Object.keys(OUTLET_OPTIONS)) {
    if (args.text(name) !== undefined) {
      throw new UsageError(
        `--${name} and --lab do not go together.`,
        `Give --${name} to hil run, or to hil report RUN.`,
      );
    }
  }
  requireRunFolder(folder, io);
  const output = args.text("output");
  const place = () => output ?? ownPage(folder, "lab.html", io);
  const { lines, unfinished, unread } = foundRuns(folder, io);
  const beside = dirname(resolve(io.cwd, output ?? join(folder, "lab.html")));
  const lab = labPage(lines, {
    folder,
    nights: args.whole("nights", { least: 1, most: NIGHTS_MAX }) ?? 30,
    pageOf: (run) => {
      const page = join(resolve(io.cwd, folder), run, "report.html");
      return existsSync(page) ? relative(beside, page).split(sep).map(encodeURIComponent).join("/") : undefined;
    },
    unfinished,
    unread: unread.map(({ id }) => id),
  });
  putPage({ data: lab, html: () => labDocument(lab, pageCode(), ownVersion()), place }, args, io);
  return EXIT.pass;
}
