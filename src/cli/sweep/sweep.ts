import { join, relative, resolve } from "node:path";
import { loadProfile, withFirmware } from "../../board/index.ts";
import { namedScenario } from "../../campaign/index.ts";
import { ConfigurationError, defined, EXIT, makeFolder, replaceFileAt, UsageError } from "../../core/index.ts";
import {
  SWEPT_TEARS,
  type Sweep,
  type SweepFinding,
  type SweepOptions,
  type SweepProgress,
  sweepSteps,
} from "../../mcuboot/index.ts";
import { count, grouped } from "../../report/index.ts";
import { PLOT_OPTION, plotFile } from "../report/plot-file.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { budgetOf, driven } from "./driven.ts";
import { sweepBinary } from "./firmware.ts";
import { sweepPlot } from "./plot.ts";
import { replaySweep } from "./replay.ts";
import { parseSwept, type SweepReplay, type SweepRequest, upgradeOf } from "./request.ts";
import { SHARE_OPTIONS, sweepJobsOf } from "./shares.ts";
import { coverageText, findingLines, mapOf } from "./text.ts";

const OPTIONS = {
  board: { type: "string", describe: 'board profile: a YAML file, or "twin"; with --firmware "emulated"' },
  firmware: { type: "string", describe: "sweep this binary, the model beside it: merged HEX (repeatable)" },
  net: { type: "string", describe: "with --firmware: image of the network core (repeatable)" },
  mode: { type: "string", describe: "another mode than the profile's: swap-move, swap-offset, direct-xip …" },
  generation: { type: "string", describe: "another MCUboot than the profile's" },
  cuts: { type: "string", describe: "cuts in one sequence: 1, 2 … or any", default: "any" },
  torn: { type: "boolean", describe: "one of the cuts may tear its operation" },
  permanent: { type: "boolean", describe: "ask for a permanent upgrade instead of a test" },
  revert: { type: "boolean", describe: "start with the new image on trial: only the revert is cut" },
  plain: { type: "boolean", describe: "do not encrypt the images" },
  primary: { type: "string", describe: "what lies in the primary slot: old, stale (a tail behind it), empty" },
  "old-bytes": { type: "string", describe: "length of the old payload" },
  "new-bytes": { type: "string", describe: "length of the new payload" },
  "slot-sectors": { type: "string", describe: "sectors of each slot" },
  "downgrade-prevention": { type: "boolean", describe: "a bootloader with MCUBOOT_DOWNGRADE_PREVENTION" },
  bootstrap: { type: "boolean", describe: "a bootloader with MCUBOOT_BOOTSTRAP" },
  budget: { type: "string", describe: "give up after so many states (20000) or so long (90s, 10m)" },
  seed: { type: "string", describe: "seed of payloads and image keys", default: "1" },
  out: { type: "string", describe: "folder for the replay files of findings", default: "runs/sweep" },
  replay: { type: "string", describe: "walk the way of a finding again, from its file" },
  trace: { type: "boolean", describe: "with --replay: every operation and log line" },
  ...SHARE_OPTIONS,
  ...PLOT_OPTION,
  json: { type: "boolean", describe: "print the result as JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

/** A replay may be a stranger's: whether it may read files is asked where there is an option for the answer. */
function admitNone(files: readonly string[]): void {
  if (files.length === 0) return;
  const list = files.map((path) => `\n  ${path}`).join("");
  throw new ConfigurationError(
    `the replay names files of this machine:${list}\n`,
    "Walk it with `hil replay FILE --within FOLDER`, or --trust-record.",
  );
}

/** `hil sweep [SCENARIO | OLD NEW] [options]` */
export async function sweepCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil sweep [SCENARIO.yaml | OLD NEW] [options]", OPTIONS, 2);
  if (!args) return EXIT.pass;
  const file = args.text("replay");
  if (file !== undefined) {
    const asked = { trace: args.flag("trace"), json: args.flag("json"), admit: admitNone };
    return replaySweep(resolve(io.cwd, file), asked, io);
  }
  requireOwnLengths(args);
  const plot = plotFile(args.text("output"), io);
  const images = { firmware: args.texts("firmware"), network: args.texts("net"), cwd: io.cwd };
  const request: SweepRequest = {
    board: withFirmware(
      await loadProfile(args.text("board") ?? (images.firmware.length > 0 ? "emulated" : "twin"), io),
      images,
    ),
    scenario: await namedScenario(args.positional, io.cwd),
    seed: args.whole("seed") ?? 1,
    swept: sweptFields(args),
  };
  const json = args.flag("json");
  const cutsMax = cutsOf(args);
  const budget = budgetOf(args.text("budget"));
  const upgrade = await upgradeOf(request);
  const { build } = upgrade;
  if (!json) {
    const kind = upgrade.bootloader
      ? "update of MCUboot itself"
      : upgrade.permanent
        ? "permanent upgrade"
        : upgrade.revertOnly
          ? "revert"
          : "test upgrade and its revert";
    io.out(`${request.scenario.value.name}: ${kind}, MCUboot ${build.generation.name}, ${build.mode}\n`);
  }
  if (request.board.profile.emulated?.firmware !== undefined) {
    if (plot !== undefined) throw new UsageError("-o draws the sweep of the model.", "Leave it out with --firmware.");
    const parts = sweepJobsOf(args, argv, io);
    return sweepBinary({ request, upgrade, torn: args.flag("torn"), json, budget, parts }, io);
  }
  const torn = args.flag("torn") ? SWEPT_TEARS : [];
  // With a budget level by level, so that what is covered when it ends is as much as can be.
  const deepen = args.text("budget") !== undefined;
  const options = { torn, deepen, ...defined({ cutsMax }) };
  const isSpent = ({ states }: SweepProgress) => states > budget.states;
  const shown = { textOf: progressText, isSpent };
  const sweep = await driven(sweepSteps(upgrade, options), shown, budget, io.isTty && !json, io);
  const folder = resolve(io.cwd, args.text("out") ?? "runs/sweep");
  const files = sweep.findings.map((finding, at) => written(finding, at + 1, request, folder, io));
  if (json) io.out(`${JSON.stringify(jsonOf(sweep, files, options), undefined, 2)}\n`);
  else print(sweep, files, io);
  plot?.(sweepPlot(`Sweep of ${request.scenario.value.name}, MCUboot ${build.generation.name}, ${build.mode}`, sweep));
  if (sweep.findings.length > 0) return EXIT.failed;
  return isIncomplete(sweep) ? EXIT.bench : EXIT.pass;
}

/** True when the budget ended before even the upgrade without a cut was looked at: nothing was shown. */
function isIncomplete({ exploration: { coveredCuts } }: Sweep): boolean {
  return coveredCuts !== undefined && coveredCuts < 0;
}

/** @throws UsageError where two images are given, and a length that would put a generated one in their place. */
function requireOwnLengths(args: Parsed): void {
  const option = ["old-bytes", "new-bytes"].find((name) => args.text(name) !== undefined);
  if (args.positional.length < 2 || option === undefined) return;
  throw new UsageError(`--${option} generates a payload, and OLD NEW are images with their own.`, "Leave one out.");
}

function sweptFields(args: Parsed): SweepRequest["swept"] {
  const given = (name: string) =>
    args.text(name) === undefined ? {} : { [name.replaceAll("-", "_")]: args.text(name) };
  const number = (name: string) =>
    args.whole(name) === undefined ? {} : { [name.replaceAll("-", "_")]: args.whole(name) };
  return parseSwept({
    ...given("mode"),
    ...given("generation"),
    ...given("primary"),
    ...number("old-bytes"),
    ...number("new-bytes"),
    ...number("slot-sectors"),
    permanent: args.flag("permanent"),
    revert_only: args.flag("revert"),
    plain: args.flag("plain"),
    downgrade_prevention: args.flag("downgrade-prevention"),
    bootstrap: args.flag("bootstrap"),
  });
}

function cutsOf(args: Parsed): number | undefined {
  const text = args.text("cuts") ?? "any";
  if (text === "any") return undefined;
  const cuts = Number(text);
  if (Number.isSafeInteger(cuts) && cuts >= 0) return cuts;
  throw new UsageError(`--cuts wants a number of cuts or "any", not "${text}".`, "See hil sweep --help.");
}

function progressText({ states, waiting, cuts, edges }: SweepProgress): string {
  return `${count(states, "state")}, ${count(edges, "cut point")}; ${count(waiting, "state")} wait, at ${count(cuts, "cut")}`;
}

function written(finding: SweepFinding, number: number, request: SweepRequest, folder: string, io: CliIo): string {
  const { board, scenario, seed, swept } = request;
  const replay: SweepReplay = {
    schema: 1,
    kind: "sweep",
    seed,
    scenario: { name: scenario.value.name, text: scenario.text },
    profile: { name: board.profile.name, text: board.text },
    swept,
    path: finding.path.map((step) => ({ ...step })),
    finding: { class: finding.class, stage: finding.stage, known: finding.known ?? null, shows: finding.shows },
  };
  makeFolder(folder);
  const mode = swept.mode ?? board.profile.bootloader.mode;
  const name = [mode, finding.known ?? "new", finding.class, finding.stage, number].join("-").replaceAll(" ", "-");
  const file = join(folder, `${name}.json`);
  replaceFileAt(file, `${JSON.stringify(replay, undefined, 2)}\n`);
  return relative(io.cwd, file);
}

function print(sweep: Sweep, files: readonly string[], io: CliIo): void {
  const { exploration, findings, timelines } = sweep;
  const { states, contents, edges } = exploration;
  const operations = timelines.map((timeline) => timeline.operations.length).join(" + ");
  io.out(`swap      ${operations} flash operations\n`);
  io.out(
    `swept     ${count(states.length, "state")} (${grouped(contents)} flash contents), ${count(edges, "cut point")}\n`,
  );
  io.out(`covered   ${coverageText(sweep)}\n`);
  for (const line of mapOf(sweep, Math.min(90, io.columns - 12))) io.out(`${line}\n`);
  for (const [at, finding] of findings.entries()) {
    for (const line of findingLines(finding, at + 1, files[at] ?? "")) io.out(`${line}\n`);
  }
  const known = findings.filter((finding) => finding.known !== undefined).length;
  const clean = isIncomplete(sweep)
    ? "INCOMPLETE  the budget ended before any level of cuts was whole"
    : "PASS  nothing that must not be";
  const verdict = findings.length === 0 ? clean : "FAIL";
  const told = `  ${count(findings.length, "finding")}: ${known} known of MCUboot, ${findings.length - known} not on record`;
  io.out(`verdict   ${verdict}${findings.length === 0 ? "" : told}\n`);
}

/** The machine-readable result: no time of day, no path outside the working folder, no host. */
function jsonOf(sweep: Sweep, files: readonly string[], options: SweepOptions): unknown {
  const { exploration, findings, timelines } = sweep;
  return {
    schema: 1,
    incomplete: isIncomplete(sweep),
    operations: timelines.map((timeline) => timeline.operations.length),
    states: exploration.states.length,
    contents: exploration.contents,
    cut_points: exploration.edges,
    torn: options.torn,
    covered_cuts: exploration.coveredCuts ?? "any",
    waiting: exploration.waiting,
    begun: exploration.begun ?? null,
    findings: findings.map((finding, at) => ({ ...finding, replay: files[at] })),
  };
}
