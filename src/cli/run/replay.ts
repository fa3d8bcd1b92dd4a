import { resolve } from "node:path";
import { type LoadedReplay, loadReplay, type PlannedCut } from "../../campaign/index.ts";
import { EXIT, UsageError } from "../../core/index.ts";
import { isFieldReplay, replayField } from "../sweep/field-replay.ts";
import { isSweepReplay, replaySweep } from "../sweep/replay.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { watchArguments } from "../watch/beside.ts";
import { replayInputs, requireKeys, requireOwnFiles } from "./replay-inputs.ts";
import { REPORT_OPTIONS, runAndReport } from "./report.ts";

const OPTIONS = {
  cut: { type: "string", describe: "only this cut (its number in the record)" },
  board: { type: "string", describe: "another board than the recorded one: a YAML file, or a name" },
  rebuild: { type: "boolean", describe: "images of the scenario's files as they are today, not the recorded ones" },
  "trust-record": {
    type: "boolean",
    describe: "let the record start programs, talk to addresses, read the environment and files; they are listed first",
  },
  within: { type: "string", describe: "read files that the record names for images built anew, below this folder" },
  ...REPORT_OPTIONS,
} as const satisfies OptionRows;

/** `hil replay RUN|FILE [--cut N] [--trace]` */
export async function replayCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, watchArguments(argv), "hil replay <RUN folder or replay.json> [options]", OPTIONS, 1);
  if (!args) return EXIT.pass;
  const [reference] = args.positional;
  if (reference === undefined)
    throw new UsageError("hil replay wants a run folder or a replay.json.", "See hil replay --help.");
  const file = resolve(io.cwd, reference);
  const trust = {
    cwd: io.cwd,
    trusted: args.flag("trust-record"),
    within: args.text("within"),
    say: (line: string) => io.err(`${line}\n`),
  };
  if (isSweepReplay(file)) {
    const admit = (files: readonly string[]) => requireOwnFiles(files, trust);
    return replaySweep(file, { trace: args.flag("trace"), json: args.flag("json"), admit }, io);
  }
  if (isFieldReplay(file)) return replayField(file, { trace: args.flag("trace"), json: args.flag("json") }, io);
  const loaded = loadReplay(file);
  const { replay } = loaded;
  const number = args.whole("cut");
  const only = number === undefined ? undefined : oneCut(loaded, number);
  const rebuild = args.flag("rebuild");
  const inputs = await replayInputs(loaded, {
    board: args.text("board"),
    rebuild,
    ...trust,
  });
  if (!rebuild) requireKeys(loaded, inputs.board);
  const { note, ...given } = inputs;
  io[args.flag("json") ? "err" : "out"](`images    ${note}\n`);
  const asked = {
    ...given,
    faults: replay.faults,
    seed: replay.seed,
    cuts: only?.cuts ?? replay.cuts ?? undefined,
    startWith: only?.startWith ?? replay.start_with,
    recordedImages: replay.images,
    ...limitsOf(only === undefined ? replay.limits : undefined),
  };
  return runAndReport(asked, args, io);
}

/** What ended the recorded run before its last cut ends its replay, too. */
function limitsOf(limits: LoadedReplay["replay"]["limits"]) {
  if (limits === undefined) return { failFast: false };
  return {
    failFast: limits.fail_fast,
    maxDurationMs: limits.max_duration_ms ?? undefined,
    maxWear: limits.max_wear ?? undefined,
    allowIncomplete: limits.allow_incomplete,
  };
}

/** One cut of the record, with the image that ran before it. */
function oneCut(loaded: LoadedReplay, number: number): { cuts: readonly PlannedCut[]; startWith: "old" | "new" } {
  const made = loaded.made.find((entry) => entry.planned.index === number);
  if (!made) {
    const known = loaded.made.map((entry) => entry.planned.index);
    const list = known.length === 0 ? "it holds none" : `it holds ${known[0]} to ${known.at(-1)}`;
    throw new UsageError(`the record has no cut ${number}.`, `Choose one of its cuts: ${list}.`);
  }
  const old = loaded.replay.images.find(({ role, core }) => role === "old" && core === undefined);
  return { cuts: [made.planned], startWith: made.from === old?.version ? "old" : "new" };
}
