import { relative } from "node:path";
import {
  type CalibrationResult,
  type CalibrationTrial,
  calibrate,
  calibrationOf,
  calibrationPath,
  isShippedTwin,
  type Spread,
  saveCalibration,
} from "../../board/index.ts";
import { Cleanup, EXIT, Random, UsageError, wallTime } from "../../core/index.ts";
import { histogramOf, type PlotPage } from "../../report/index.ts";
import { PLOT_OPTION, plotFile } from "../report/plot-file.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { BOARD_OPTION, namedProfile, openLeasedBoard, whileMarkedDirty } from "./option.ts";

const TRIALS = 30;
const TRIALS_MIN = 5;
const TRIALS_MAX = 1000;

const OPTIONS = {
  ...BOARD_OPTION,
  trials: { type: "string", alias: "n", describe: "how often power is cut", default: String(TRIALS) },
  "boot-ms": { type: "string", describe: "from power to the first byte of the boot log, where you know it" },
  seed: { type: "string", describe: "seed of the moments that are drawn", default: "1" },
  "dry-run": { type: "boolean", describe: "measure and print; keep nothing" },
  ...PLOT_OPTION,
  json: { type: "boolean", describe: "print one line of JSON" },
} as const satisfies OptionRows;

/** `hil board calibrate`: measures the switch and keeps the figures beside the profile, where the runner finds them. */
export async function boardCalibrateCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board calibrate [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const trials = args.whole("trials", { least: TRIALS_MIN, most: TRIALS_MAX }) ?? TRIALS;
  const seed = args.whole("seed") ?? 1;
  const bootMs = args.number("boot-ms");
  if (bootMs !== undefined && bootMs < 0) throw new UsageError("--boot-ms wants milliseconds from 0 on.");
  const loaded = await namedProfile(args, io);
  const json = args.flag("json");
  const plot = plotFile(args.text("output"), io);
  const made: CalibrationTrial[] = [];
  await using closing = new Cleanup();
  const board = await openLeasedBoard(loaded, io, closing);
  const measure = () =>
    calibrate(board, {
      trials,
      random: Random.fromSeed(seed).fork("calibrate"),
      signal: io.signal,
      bootUs: bootMs === undefined ? undefined : Math.round(bootMs * 1000),
      onTrial: (trial, done) => {
        made.push(trial);
        if (!json && done % 10 === 0) io.err(`${done} of ${trials} trials\n`);
      },
    });
  const result = await whileMarkedDirty(board, "hil board calibrate was under way and did not end", measure);
  const isShipped = isShippedTwin(loaded);
  const kept =
    args.flag("dry-run") || isShipped
      ? undefined
      : saveCalibration(loaded.profile, calibrationOf(result, loaded.profile, wallTime()));
  if (json) io.out(`${JSON.stringify({ schema: 1, board: board.name, ...result, file: kept ?? null })}\n`);
  else {
    const file = relative(io.cwd, calibrationPath(loaded.file));
    const nothing = `nothing (${isShipped ? "a simulated board that ships with hil: copy its profile" : "--dry-run"})`;
    io.out(`${calibrationText(result)}kept      ${kept === undefined ? nothing : file}\n`);
  }
  plot?.(calibrationPlot(board.name, result, made));
  return EXIT.pass;
}

/** Each trial's times as histograms, and the figures that campaigns aim by. */
function calibrationPlot(board: string, result: CalibrationResult, trials: readonly CalibrationTrial[]): PlotPage {
  const { off } = result;
  const contacts = trials.flatMap(({ contactUs }) => contactUs ?? []);
  return {
    title: `Calibration of ${board}`,
    sentence: `a cut falls ${ms(off.latencyUs)} after its command, ± ${ms(off.uncertaintyUs)}`,
    outcome: "pass",
    charts: [
      histogramOf(
        "power off to last byte",
        trials.map(({ offUs }) => Math.max(0, offUs)),
      ),
      ...(contacts.length === 0 ? [] : [histogramOf("power off to the end of the current", contacts)]),
      histogramOf(
        "longest pause of the line before",
        trials.map(({ blindUs }) => blindUs),
      ),
      histogramOf(
        "power on to first byte",
        trials.map(({ firstByteUs }) => firstByteUs),
      ),
    ],
    tables: [
      {
        caption: "Figures",
        heads: ["what", "measured"],
        rows: calibrationText(result)
          .trimEnd()
          .split("\n")
          .map((line) => [line.slice(0, 10).trim(), line.slice(10)]),
      },
    ],
  };
}

/** The figures for people, with what they mean for a campaign. */
export function calibrationText({ off, on }: CalibrationResult): string {
  const first = [
    `off       ${spreadText(off.seen)} from the command to the last byte`,
    `          a cut falls ${ms(off.latencyUs)} after its command, ± ${ms(off.uncertaintyUs)}` +
      ` (pauses of the line: up to ${ms(off.blindUs)})`,
    ...(off.contact === undefined
      ? []
      : [`          ${spreadText(off.contact)} to the end of its current: the rest is hold-up`]),
    `on        ${spreadText(on.firstByte)} from the command to the first byte`,
  ];
  const rest =
    on.latencyUs === undefined || on.bootUs === undefined
      ? []
      : [`          of it ${ms(on.latencyUs)} the switch, when a boot needs ${ms(on.bootUs)} to its first byte`];
  return `${[...first, ...rest].join("\n")}\n`;
}

function spreadText({ trials, minUs, medianUs, maxUs }: Spread): string {
  return `median ${ms(medianUs)} (${ms(minUs)} to ${ms(maxUs)}, ${trials} trials)`;
}

function ms(us: number): string {
  return `${(us / 1000).toFixed(1)} ms`;
}
