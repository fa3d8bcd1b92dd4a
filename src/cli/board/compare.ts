import {
  type BootDifference,
  countPieces,
  type Explanation,
  explainDifference,
  FirmwareBench,
  type FirmwareSwept,
  sweepFirmware,
  type WitnessedBoot,
} from "../../board/index.ts";
import { EXIT, Random } from "../../core/index.ts";
import { askedFlash, modeOf, timeline, type UpgradeSwept } from "../../mcuboot/index.ts";
import { count, grouped } from "../../report/index.ts";
import { type Budget, driven } from "../sweep/driven.ts";
import { placeOf, progressOf, wasNotCut } from "../sweep/firmware.ts";
import type { SweepRequest } from "../sweep/request.ts";
import type { CliIo } from "../terminal/io.ts";

interface Asked {
  readonly request: SweepRequest;
  readonly upgrade: UpgradeSwept;
  readonly json: boolean;
  readonly budget: Budget;
}

/** One uncut boot: what the binary did, and the model. */
interface SideBySide {
  readonly boot: "upgrade" | "revert";
  readonly operations: number;
  readonly modelOperations: number;
  readonly agrees: boolean;
}

interface Compared {
  readonly swept: FirmwareSwept;
  readonly uncut: readonly SideBySide[];
  readonly explanations: readonly Explanation[];
  readonly unknown: readonly string[];
}

/** So many boots with a difference are kept for the search of what explains them. */
const WITNESSES_MAX = 8;

/**
 * `hil emulate MERGED.hex --compare`: two independent witnesses of one bootloader. Each uncut boot and each cut of the
 * binary beside the model's for the profile; where they differ, the fields of the profile are tried.
 * @throws ConfigurationError for firmware that is not there, does not fit, or contradicts the profile
 */
export async function compareFirmware({ request, upgrade, json, budget }: Asked, io: CliIo): Promise<number> {
  const { build } = upgrade;
  const bench = new FirmwareBench(request.board, Random.fromSeed(request.seed));
  const witnesses: (WitnessedBoot & { readonly difference: BootDifference | undefined })[] = [];
  const witness = (one: WitnessedBoot, difference: BootDifference | undefined) => {
    if (witnesses.length < WITNESSES_MAX) witnesses.push({ ...one, difference });
  };
  const steps = sweepFirmware({ bench, build, start: askedFlash(upgrade), torn: [], looksAtLog: true, witness });
  const isSpent = ({ booted }: FirmwareSwept) => booted >= budget.states;
  const swept = await driven(steps, { textOf: progressOf, isSpent }, budget, io.isTty && !json, io);
  const compared: Compared = {
    swept,
    uncut: witnesses.slice(0, swept.operations.length).map(({ content, boot, difference }, at) => ({
      boot: at === 0 ? "upgrade" : "revert",
      operations: countPieces(boot.operations, bench.timing),
      modelOperations: countPieces(
        timeline(content, build, bench.timing).operations.map(({ operation }) => operation),
        bench.timing,
      ),
      agrees: difference === undefined,
    })),
    explanations: explainDifference(witnesses, { build, timing: bench.timing, looksAtLog: true }),
    unknown: bench.unknown(),
  };
  if (json) io.out(`${JSON.stringify(jsonOf(compared), undefined, 2)}\n`);
  else print(compared, upgrade, io);
  if (swept.findings.length > 0) return EXIT.failed;
  return wasNotCut(swept) ? EXIT.bench : EXIT.pass;
}

function print({ swept, uncut, explanations, unknown }: Compared, { build }: UpgradeSwept, io: CliIo): void {
  const { cuts, cutPoints, findings } = swept;
  io.out(`model     MCUboot ${build.generation.name}, ${modeOf(build).name}\n`);
  for (const { boot, operations, modelOperations, agrees } of uncut) {
    const both = `${grouped(operations)} flash operations of the binary, ${grouped(modelOperations)} of the model`;
    io.out(`${boot.padEnd(9)} ${both}: ${agrees ? "the same, and the same log lines" : "they differ"}\n`);
  }
  io.out(`cuts      ${progressOf(swept)}\n`);
  for (const text of unknown) io.out(`note      ${text}\n`);
  for (const finding of findings) io.out(`finding   ${placeOf(finding)}: ${finding.what}\n`);
  for (const line of explanationLines(explanations)) io.out(`because   ${line}\n`);
  if (findings.length > 0 && explanations.length === 0) {
    io.out("because   no single field of the profile explains it: compare the build's Kconfig with the profile\n");
  }
  const part = cuts === cutPoints ? "every cut point" : "a part of the cut points, all erases first";
  const clean = wasNotCut(swept)
    ? "INCOMPLETE  the budget ended before the first cut"
    : `PASS  binary and model agree in flash operations, contents and log lines: ${part}`;
  io.out(`verdict   ${findings.length === 0 ? clean : `FAIL  ${count(findings.length, "finding")}`}\n`);
}

/** One line a field. */
function explanationLines(explanations: readonly Explanation[]): readonly string[] {
  return [...new Set(explanations.map(({ field }) => field))].map((field) => {
    const rows = explanations.filter((row) => row.field === field);
    const [{ text, agrees, of } = { text: "", agrees: 0, of: 0 }] = rows;
    const values = rows.map(({ value }) => value).join(", ");
    const named = rows.length === 1 ? text : "this bootloader was built like one of these";
    return `${field}: ${values} makes ${agrees} of ${count(of, "boot")} the model's: ${named}`;
  });
}

/** The machine-readable result: no time of day, no path, no host. */
function jsonOf({ swept, uncut, explanations, unknown }: Compared): unknown {
  const { cutPoints, cuts, booted, findings } = swept;
  const boots = uncut.map(({ modelOperations, ...row }) => ({ ...row, model_operations: modelOperations }));
  const counts = { cut_points: cutPoints, cuts, booted };
  return { schema: 1, kind: "compare", boots, ...counts, unknown, findings, explanations };
}
