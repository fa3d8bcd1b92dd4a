import { writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { loadProfile } from "../board/index.ts";
import {
  cutsAt,
  cutsOn,
  DEFAULT_SCENARIO,
  loadScenario,
  type PlannedCut,
  patternFault,
  type RunOutcome,
  type RunRequest,
  run,
  type ScenarioFile,
  scenarioCuts,
} from "../campaign/index.ts";
import { ConfigurationError, EXIT, isHilError, makeFolder, messageOf, UsageError } from "../core/index.ts";
import { ConsoleReport, junit, traceLine } from "../report/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "./arguments.ts";
import { dryRun } from "./dry-run.ts";
import { withFaults } from "./faults.ts";
import type { CliIo } from "./io.ts";
import { ownVersion } from "./version.ts";

const DEFAULT_SEED = 1;

/** Options that `run` and `replay` share. */
export const REPORT_OPTIONS = {
  runs: { type: "string", describe: "folder for run records", default: "runs" },
  junit: { type: "string", describe: "also write JUnit XML to this file" },
  json: { type: "boolean", describe: "print the result as JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

const OPTIONS = {
  board: { type: "string", describe: 'board profile: a YAML file, or "twin"', default: "twin" },
  cuts: { type: "string", describe: "spread this many cuts over the swap (default: the scenario's)" },
  "cut-at": { type: "string", describe: "cut this many ms after the answer to the reset command (repeatable)" },
  "cut-on": { type: "string", describe: "cut when the log matches, e.g. 'Starting swap+250' (ms; repeatable)" },
  seed: { type: "string", describe: "seed of everything that is drawn", default: String(DEFAULT_SEED) },
  "max-duration": { type: "string", describe: "make no new cut after this long: 90s, 10m, 2h" },
  "max-wear": { type: "string", describe: "erase cycles a page may spend (default: the profile's, 10,000)" },
  fault: { type: "string", describe: "switch a fault of the twin on, to see it caught (repeatable)" },
  "fail-fast": { type: "boolean", describe: "stop at the first verdict that fails" },
  "dry-run": { type: "boolean", describe: "check everything and show the plan; touch no board" },
  ...REPORT_OPTIONS,
} as const satisfies OptionRows;

/** `hil run [SCENARIO.yaml] [--board PROFILE] …` */
export async function runCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil run [SCENARIO.yaml] [options]", OPTIONS, 1);
  if (!args) return EXIT.pass;
  const cuts = givenCuts(args);
  const count = integer(args, "cuts", 0);
  const maxWear = integer(args, "max-wear", 1);
  const seed = integer(args, "seed", 0) ?? DEFAULT_SEED;
  const maxDurationMs = durationMs(args);
  const faults = args.texts("fault");
  const board = withFaults(await loadProfile(args.text("board") ?? "twin", { cwd: io.cwd }), faults);
  const scenario = withCount(await loadScenario(args.positional[0] ?? DEFAULT_SCENARIO, io.cwd), count);
  const planned = cuts ?? scenarioCuts(scenario.value);
  if (args.flag("dry-run")) return dryRun({ board, scenario, seed, cuts: planned, json: args.flag("json") }, io);
  const failFast = args.flag("fail-fast");
  return runAndReport({ board, faults, scenario, seed, cuts: planned, failFast, maxDurationMs, maxWear }, args, io);
}

type Asked = Omit<RunRequest, "runsRoot" | "version" | "signal" | "onEvent">;

/** Runs, shows, writes the reports; answers the exit code. */
export async function runAndReport(
  asked: Asked,
  args: Parsed,
  io: CliIo,
  options: { readonly trace?: boolean } = {},
): Promise<number> {
  const json = args.flag("json");
  const writeJunit = junitWriter(args, io);
  const report = new ConsoleReport(io);
  const outcome = await run({
    ...asked,
    runsRoot: resolve(io.cwd, args.text("runs") ?? "runs"),
    version: ownVersion(),
    signal: io.signal,
    onEvent: (event) => {
      if (options.trace) io[json ? "err" : "out"](`${traceLine(event)}\n`);
      else if (!json) report.take(event);
    },
  });
  writeJunit?.(outcome);
  if (json) io.out(`${JSON.stringify(jsonOf(asked, outcome), undefined, 2)}\n`);
  else printEnd(outcome, io);
  if (outcome.error !== undefined) {
    // Main prints it, with the exit code of its kind; a record of it exists already.
    throw outcome.error;
  }
  return outcome.result.outcome === "pass" ? EXIT.pass : EXIT.failed;
}

/**
 * Writes the JUnit file once before the run, so that a path that cannot be written is found at once, and after it.
 * @throws ConfigurationError when the file cannot be written.
 */
function junitWriter(args: Parsed, io: CliIo): ((outcome: RunOutcome) => void) | undefined {
  const file = args.text("junit");
  if (file === undefined) return undefined;
  const path = resolve(io.cwd, file);
  const write = (text: string) => {
    try {
      makeFolder(dirname(path));
      writeFileSync(path, text);
    } catch (error) {
      throw new ConfigurationError(`cannot write ${file}: ${messageOf(error)}.`, "", { cause: error });
    }
  };
  write(junit([]));
  return (outcome) => write(junit(outcome.events));
}

/** Where the record lies, and how to see the first failed cut, or the first cut, again. */
function printEnd(outcome: RunOutcome, io: CliIo): void {
  const folder = relative(io.cwd, outcome.folder) || ".";
  const cuts = outcome.events.flatMap((event) =>
    event.event === "verdict" && event.verdict.cut ? [{ pass: event.verdict.pass, ...event.verdict.cut.planned }] : [],
  );
  const failed = cuts.find((cut) => !cut.pass);
  const cut = failed ?? cuts[0];
  const which = cut === undefined ? "" : ` --cut ${cut.index}`;
  io.out(`record    ${folder}\nreplay    npx hil replay ${folder}${which}${failed ? " --trace" : ""}\n`);
}

/** The machine-readable result: no time of day, no path, no host. */
function jsonOf(asked: Asked, outcome: RunOutcome): unknown {
  const verdicts = outcome.events.filter((event) => event.event === "verdict").map((event) => event.verdict);
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

function integer(args: Parsed, name: string, least: number): number | undefined {
  const value = args.number(name);
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new UsageError(
    `--${name} wants a whole number from ${least} on, not "${args.text(name)}".`,
    "See hil run --help.",
  );
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function durationMs(args: Parsed): number | undefined {
  const text = args.text("max-duration");
  if (text === undefined) return undefined;
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = UNITS_MS[parts?.[2] ?? ""];
  if (parts && unit !== undefined) return Number(parts[1]) * unit;
  throw new UsageError(`--max-duration wants a number and a unit, not "${text}".`, "Write 90s, 10m or 2h.");
}

/** Cuts of the command line, in the order given; undefined when it names none. */
function givenCuts(args: Parsed): readonly PlannedCut[] | undefined {
  const at = args.texts("cut-at");
  const on = args.texts("cut-on");
  const ways = [args.text("cuts") !== undefined, at.length > 0, on.length > 0].filter(Boolean).length;
  if (ways > 1) throw new UsageError("--cuts, --cut-at and --cut-on exclude each other.", "Use one of them.");
  for (const text of at) {
    if (/^\d+(\.\d+)?$/.test(text)) continue;
    throw new UsageError(`--cut-at wants milliseconds from 0 on, not "${text}".`, "See hil run --help.");
  }
  for (const text of on) {
    const fault = patternFault(text);
    if (fault === undefined) continue;
    throw new UsageError(`--cut-on: ${fault}.`, "Write a regular expression, then +MS for a delay.");
  }
  if (at.length > 0) return cutsAt(at.map(Number));
  return on.length > 0 ? cutsOn(on) : undefined;
}

function withCount(scenario: ScenarioFile, count: number | undefined): ScenarioFile {
  if (count === undefined) return scenario;
  return { ...scenario, value: { ...scenario.value, cuts: { ...cutWhere(scenario), count } } };
}

function cutWhere({ value }: ScenarioFile): Pick<ScenarioFile["value"]["cuts"], "in"> {
  return value.cuts.in === undefined ? {} : { in: value.cuts.in };
}
