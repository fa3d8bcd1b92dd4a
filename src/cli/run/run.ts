import { type LoadedProfile, loadProfile, requireApart, withFirmware } from "../../board/index.ts";
import {
  cutsAt,
  cutsOn,
  namedMatrix,
  namedScenario,
  type PlannedCut,
  type ScenarioFile,
  scenarioCuts,
  triggerFault,
} from "../../campaign/index.ts";
import { defined, EXIT, UsageError } from "../../core/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import { durationMs } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";
import { watchArguments } from "../watch/beside.ts";
import { runBoards } from "./boards.ts";
import { dryRun } from "./dry-run.ts";
import { withFaults } from "./faults.ts";
import { WAIT_OPTIONS } from "./lock-wait.ts";
import { runMatrix } from "./matrix.ts";
import { checkOutputs, REPORT_OPTIONS, runAndReport } from "./report.ts";
import { requireTrusted, TRUST_OPTIONS } from "./trust.ts";

const DEFAULT_SEED = 1;
const MATRIX_HINT = "See docs/scenario.md, matrix.";

const OPTIONS = {
  board: {
    type: "string",
    describe: 'board profile: a YAML file, or "twin" (repeatable: boards that run at once)',
    default: "twin",
  },
  firmware: {
    type: "string",
    describe: "image that an emulated board runs: merged HEX, or bootloader and application (repeatable)",
  },
  net: { type: "string", describe: "image of its network core (repeatable)" },
  cuts: { type: "string", describe: "spread this many cuts over the swap (default: the scenario's)" },
  "cut-at": { type: "string", describe: "cut this many ms after the answer to the reset command (repeatable)" },
  "cut-on": { type: "string", describe: "cut when the log matches, e.g. 'Starting swap+250' (ms; repeatable)" },
  seed: { type: "string", describe: "seed of everything that is drawn", default: String(DEFAULT_SEED) },
  "max-duration": { type: "string", describe: "make no new cut after this long: 90s, 10m, 2h" },
  "allow-incomplete": { type: "boolean", describe: "pass although cuts were left unmade (else INCOMPLETE, exit 3)" },
  "max-wear": { type: "string", describe: "erase cycles a page may spend (default: the profile's, 10,000)" },
  fault: { type: "string", describe: "switch a fault of the twin on, to see it caught (repeatable)" },
  "fail-fast": { type: "boolean", describe: "stop at the first verdict that fails" },
  "infra-retries": { type: "string", describe: "try a bench that fails again so often (default: the scenario's, 0)" },
  recover: { type: "boolean", describe: "also a board that is marked bad: try to bring it back first" },
  resume: { type: "boolean", describe: "of a matrix: do not run again what has been run" },
  "dry-run": { type: "boolean", describe: "check everything and show the plan; touch no board" },
  ...WAIT_OPTIONS,
  ...TRUST_OPTIONS,
  ...REPORT_OPTIONS,
} as const satisfies OptionRows;

/** `hil run [SCENARIO.yaml | OLD NEW] [--board PROFILE] …` */
export async function runCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, watchArguments(argv), "hil run [SCENARIO.yaml | OLD NEW] [options]", OPTIONS, 2);
  if (!args) return EXIT.pass;
  const cuts = givenCuts(args);
  const count = args.whole("cuts");
  const maxWear = args.whole("max-wear", { least: 1 });
  const seed = args.whole("seed") ?? DEFAULT_SEED;
  const duration = args.text("max-duration");
  const maxDurationMs = duration === undefined ? undefined : durationMs("max-duration", duration);
  const infraRetries = args.whole("infra-retries");
  const faults = args.texts("fault");
  const boards = await namedBoards(args, io, faults);
  const [first = "", second] = args.positional;
  const matrix = second === undefined && first !== "" ? await namedMatrix(first, io.cwd) : undefined;
  if (matrix === undefined && args.flag("resume")) throw new UsageError("--resume goes on with a matrix.", MATRIX_HINT);
  if (args.flag("dry-run")) await checkOutputs(args, io);
  const common = {
    faults,
    seed,
    failFast: args.flag("fail-fast"),
    maxDurationMs,
    allowIncomplete: args.flag("allow-incomplete") || undefined,
    maxWear,
    infraRetries,
    recover: args.flag("recover"),
  };
  if (matrix) {
    if (cuts !== undefined || count !== undefined) {
      throw new UsageError("a matrix says itself where power goes: no --cuts, --cut-at and --cut-on.", MATRIX_HINT);
    }
    return runMatrix(matrix, boards, common, args, io);
  }
  const scenario = withCount(await namedScenario(args.positional, io.cwd), count);
  requireTrusted(boards, scenario, args, io);
  const planned = cuts ?? scenarioCuts(scenario.value);
  const shared = { ...common, scenario, cuts: planned };
  const [board, ...others] = boards;
  if (others.length > 0) return runBoards(boards, shared, args, io);
  if (args.flag("dry-run")) return dryRun({ board, scenario, seed, cuts: planned, json: args.flag("json") }, io);
  return runAndReport({ ...shared, board }, args, io);
}

/** @throws ConfigurationError for a profile that is wrong, and for two that share a port or a relay channel. */
async function namedBoards(
  args: Parsed,
  io: CliIo,
  faults: readonly string[],
): Promise<readonly [LoadedProfile, ...LoadedProfile[]]> {
  const images = { firmware: args.texts("firmware"), network: args.texts("net"), cwd: io.cwd };
  const load = async (name: string) =>
    withFirmware(withFaults(await loadProfile(name, { cwd: io.cwd }), faults), images);
  const [first = "twin", ...more] = args.texts("board");
  const boards = [await load(first), ...(await Promise.all(more.map(load)))] as const;
  if (more.length > 0) await requireApart(boards);
  return boards;
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
    const fault = triggerFault(text);
    if (fault === undefined) continue;
    throw new UsageError(`--cut-on: ${fault}.`, "Write a regular expression, then +MS for a delay.");
  }
  if (at.length > 0) return cutsAt(at.map(Number));
  return on.length > 0 ? cutsOn(on) : undefined;
}

function withCount(scenario: ScenarioFile, count: number | undefined): ScenarioFile {
  if (count === undefined) return scenario;
  // Without cuts there are no boots after them: whoever says --cuts 0 knows.
  const boots_after = count === 0 ? 0 : scenario.value.boots_after;
  return { ...scenario, value: { ...scenario.value, boots_after, cuts: { ...cutWhere(scenario), count } } };
}

function cutWhere({ value }: ScenarioFile): Pick<ScenarioFile["value"]["cuts"], "in"> {
  return defined({ in: value.cuts.in });
}
