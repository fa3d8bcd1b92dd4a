import { relative, resolve } from "node:path";
import {
  cutNumber,
  type RunEvent,
  type RunOutcome,
  type RunRequest,
  recordedVerdict,
  run,
  type Verdict,
  verdictsIn,
} from "../../campaign/index.ts";
import { EXIT, isHilError, messageOf } from "../../core/index.ts";
import { OUTLET_OPTIONS, Outlets } from "../report/outlets.ts";
import { PageFile } from "../report/page-file.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { WATCH_OPTIONS, WatchBeside } from "../watch/beside.ts";
import type { RunAsked } from "./asked.ts";
import { labelsOf } from "./labels.ts";
import { waitingOpen } from "./lock-wait.ts";
import { JunitFile } from "./report-file.ts";
import { shownRun } from "./ticker.ts";

/** Options that `run` and `replay` share. */
export const REPORT_OPTIONS = {
  runs: { type: "string", describe: "folder for run records", default: "runs" },
  junit: { type: "string", describe: "also write JUnit XML to this file" },
  report: { type: "string", describe: "also write the run as one HTML page to this file (later: hil report)" },
  ...OUTLET_OPTIONS,
  ...WATCH_OPTIONS,
  label: {
    type: "string",
    describe: "NAME=VALUE to find the run by; CI servers' commit, branch and build are taken (repeatable)",
  },
  trace: { type: "boolean", describe: "print every event as it happens: boot log, SMP, power, verdicts" },
  json: { type: "boolean", describe: "print the result as JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

/** Runs, shows, writes the reports; returns the exit code. */
export async function runAndReport(asked: RunAsked, args: Parsed, io: CliIo): Promise<number> {
  const json = args.flag("json");
  const file = junitFile(args, io, [asked]);
  const page = pageFile(args, io);
  const outlets = await Outlets.open(args, io);
  await using watch = await WatchBeside.open(args, io);
  const notable = new Notable();
  let outcome: RunOutcome;
  try {
    using shown = shownRun(args, asked.board.profile.provider, io);
    outcome = await run({
      ...asked,
      ...surroundings(args, io),
      keepsEvents: file !== undefined,
      onFolder: watch.add,
      ...shown.heard,
      onEvent: (event) => {
        notable.take(event);
        shown.heard.onEvent(event);
      },
    });
  } catch (error) {
    tell(file?.end([{ asked, error }]), io);
    throw error;
  }
  const ends = [file?.end([{ asked, outcome }]), await page?.end([outcome.folder])];
  const lost = ends.filter((fault) => fault !== undefined);
  if (json) printJson(asked, { ...outcome, events: notable.images }, io);
  else printEnd(outcome, notable, page, io);
  const unwritten = await outlets.end([outcome.folder]);
  for (const fault of [...lost, ...unwritten]) tell(fault, io);
  // Main prints it, with the exit code of its kind; a record of it exists already.
  if (outcome.error !== undefined) throw outcome.error;
  return [...lost, ...unwritten][0]?.exitCode ?? exitOf(outcome);
}

/** Exit code of a run that came to its end. */
export function exitOf({ result }: Pick<RunOutcome, "result">): number {
  if (result.outcome === "pass") return EXIT.pass;
  return result.outcome === "incomplete" ? EXIT.bench : EXIT.failed;
}

/** Prints what went wrong besides the run itself. */
export function tell(error: unknown, io: CliIo): void {
  if (error !== undefined) io.err(`hil: ${messageOf(error)}\n`);
}

/** What a run is told by the command line's surroundings. */
export function surroundings(
  args: Parsed,
  io: CliIo,
): Pick<RunRequest, "runsRoot" | "version" | "signal" | "labels" | "open"> {
  const labels = labelsOf(args.texts("label"), io.env);
  const runsRoot = resolve(io.cwd, args.text("runs") ?? "runs");
  return { runsRoot, version: ownVersion(), signal: io.signal, labels, open: waitingOpen(args, io) };
}

/** @throws UsageError for labels, results and messages that are asked for wrongly: a dry run finds them, too. */
export async function checkOutputs(args: Parsed, io: CliIo): Promise<void> {
  labelsOf(args.texts("label"), io.env);
  await Outlets.check(args, io);
}

/** The file of `--junit`, begun; undefined when none is asked for. */
export function junitFile(args: Parsed, io: CliIo, planned: readonly RunAsked[]): JunitFile | undefined {
  const file = args.text("junit");
  return file === undefined ? undefined : new JunitFile(file, io.cwd, planned);
}

/** The page of `--report`, begun; undefined when none is asked for. */
export function pageFile(args: Parsed, io: CliIo): PageFile | undefined {
  const file = args.text("report");
  return file === undefined ? undefined : new PageFile(file, io.cwd);
}

/**
 * Where the record lies, and how to see the first failure again: by its cut, also where it came in a boot after it.
 * What failed without a cut comes in the replay of any; a good run shows its first.
 */
function printEnd(outcome: RunOutcome, { failed, firstCut }: Notable, page: PageFile | undefined, io: CliIo): void {
  const folder = relative(io.cwd, outcome.folder) || ".";
  const cut = (failed && cutNumber(failed.subject)) ?? firstCut;
  const which = cut === undefined ? "" : ` --cut ${cut}`;
  io.out(`record    ${folder}\nreplay    npx hil replay ${folder}${which}${failed ? " --trace" : ""}\n`);
  io.out(`report    ${page?.shown ?? `npx hil report ${folder}`}\n`);
}

/** What of a run's events is asked for at its end: of all the others there may be more than memory. */
class Notable {
  readonly images: RunEvent[] = [];
  /** The first verdict that failed. */
  failed: Verdict | undefined;
  /** Number of the first cut that has a verdict. */
  firstCut: number | undefined;

  take(event: RunEvent): void {
    if (event.event === "images-built") this.images.push(event);
    if (event.event !== "verdict") return;
    if (!event.verdict.pass) this.failed ??= event.verdict;
    this.firstCut ??= cutNumber(event.verdict.subject);
  }
}

/** As `outcomeJson`, verdict by verdict from the record: a night's run has tens of thousands. */
function printJson(asked: RunAsked, outcome: RunOutcome, io: CliIo): void {
  const [head = "", tail = ""] = JSON.stringify(outcomeJson(asked, outcome), undefined, 2).split(
    /(?<="verdicts": \[)(?=\]\n\}$)/,
  );
  io.out(head);
  let isFirst = true;
  for (const verdict of verdictsIn(outcome.folder)) {
    const text = JSON.stringify(verdict, undefined, 2).replaceAll("\n", "\n    ");
    io.out(`${isFirst ? "" : ","}\n    ${text}`);
    isFirst = false;
  }
  io.out(`${isFirst ? "" : "\n  "}${tail}\n`);
}

/** The machine-readable result: no time of day, no path, no host. */
export function outcomeJson(asked: RunAsked, outcome: RunOutcome): unknown {
  const verdicts = outcome.events
    .filter((event) => event.event === "verdict")
    .map((event) => recordedVerdict(event.verdict));
  const images = outcome.events.find((event) => event.event === "images-built");
  const error = outcome.error;
  return {
    schema: 1,
    scenario: asked.scenario.value.name,
    board: asked.board.profile.name,
    seed: asked.seed,
    result: outcome.result,
    images: images?.event === "images-built" ? images.images : [],
    error: error === undefined ? null : { kind: isHilError(error) ? error.kind : "unknown", text: messageOf(error) },
    verdicts,
  };
}
