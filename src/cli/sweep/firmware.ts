import {
  FirmwareBench,
  type FirmwareFinding,
  type FirmwareSwept,
  sharesTogether,
  sweepFirmware,
} from "../../board/index.ts";
import { EXIT, Random } from "../../core/index.ts";
import { askedFlash, SWEPT_TEARS, type UpgradeSwept } from "../../mcuboot/index.ts";
import { count, grouped } from "../../report/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { type Budget, driven } from "./driven.ts";
import type { SweepRequest } from "./request.ts";
import { SharesBeside, type SweepJobs } from "./shares.ts";

interface Asked {
  readonly request: SweepRequest;
  readonly upgrade: UpgradeSwept;
  readonly torn: boolean;
  readonly json: boolean;
  readonly budget: Budget;
  readonly parts: SweepJobs;
}

/**
 * `hil sweep --firmware MERGED.hex`: every flash operation of a real bootloader cut, the model beside it.
 * @throws ConfigurationError for firmware that is not there, does not fit, or contradicts the profile
 */
export async function sweepBinary({ request, upgrade, torn, json, budget, parts }: Asked, io: CliIo): Promise<number> {
  const bench = new FirmwareBench(request.board, Random.fromSeed(request.seed));
  using beside = new SharesBeside(parts, io);
  const { share } = parts;
  const { build } = upgrade;
  const steps = sweepFirmware({ bench, build, start: askedFlash(upgrade), torn: torn ? SWEPT_TEARS : [], share });
  const isSpent = ({ booted }: FirmwareSwept) => booted >= budget.states / share.of;
  const own = await driven(steps, { textOf: progressOf, isSpent }, budget, io.isTty && !json, io);
  const others = await beside.results();
  const swept = sharesTogether([own, ...others.map(({ swept: other }) => other)]);
  const unknown = [...new Set([...bench.unknown(), ...others.flatMap((other) => other.unknown)])];
  if (json) io.out(`${JSON.stringify(jsonOf(swept, unknown), undefined, 2)}\n`);
  else print(swept, unknown, io);
  if (swept.findings.length > 0) return EXIT.failed;
  return wasNotCut(swept) ? EXIT.bench : EXIT.pass;
}

/** No cut was made, though there was something to cut: a boot that writes no flash (direct-XIP, say) has nothing. */
export function wasNotCut({ operations, cuts }: FirmwareSwept): boolean {
  const nothingToCut = operations.length > 0 && operations.every((number) => number === 0);
  return cuts === 0 && !nothingToCut;
}

/** How far a sweep of a binary is, for people. */
export function progressOf({ cuts, cutPoints, booted }: FirmwareSwept): string {
  return `${grouped(cuts)} of ${count(cutPoints, "cut point")}, ${count(booted, "flash content")} booted`;
}

function print(swept: FirmwareSwept, unknown: readonly string[], io: CliIo): void {
  const { operations, cuts, cutPoints, findings } = swept;
  io.out(
    `swap      ${operations.map(grouped).join(" + ")} flash operations of the binary: the upgrade, and its revert\n`,
  );
  io.out(`swept     ${progressOf(swept)}\n`);
  const whole = cuts === cutPoints ? "every cut point" : "a part, all erases first, the rest spread evenly";
  io.out(`covered   ${whole}; one cut a boot, and the boot after it: what is cut again is not\n`);
  for (const text of unknown) io.out(`note      ${text}\n`);
  for (const finding of findings) io.out(`finding   ${placeOf(finding)}: ${finding.what}\n`);
  const clean = wasNotCut(swept)
    ? "INCOMPLETE  the budget ended before the first cut"
    : `PASS  every boot of the binary is the model's, ${cuts === 0 ? "and writes no flash: there is nothing to cut" : "operation by operation"}`;
  io.out(`verdict   ${findings.length === 0 ? clean : `FAIL  ${count(findings.length, "finding")}`}\n`);
}

/** Where a finding's cut was, for people. */
export function placeOf({ cut }: FirmwareFinding): string {
  const boot = cut.boot === 0 ? "the upgrade" : "the revert";
  if (!("operation" in cut)) return `${boot}, not cut`;
  const torn = cut.torn === undefined ? "" : `, torn ${JSON.stringify(cut.torn)}`;
  return `${boot}, cut before operation ${cut.operation}${torn}`;
}

/** The machine-readable result: no time of day, no path, no host. */
function jsonOf(swept: FirmwareSwept, unknown: readonly string[]): unknown {
  const { operations, cutPoints, cuts, booted, findings } = swept;
  return { schema: 1, kind: "firmware", operations, cut_points: cutPoints, cuts, booted, unknown, findings };
}
