import type { BootLine } from "../../board/index.ts";
import type { RunningBootloader } from "../../mcuboot/index.ts";
import type { BootloaderReport, Failure, Shown } from "./check.ts";

/** "MCUboot 2 in S1". */
export function bootloaderText({ half, version }: RunningBootloader): string {
  return `MCUboot ${version} in ${half.toUpperCase()}`;
}

/** The application is the same before and after an update of MCUboot: NSIB's log tells which MCUboot runs. */
export function checkBootloader({ bootloader, nearest }: Shown): Failure | undefined {
  if (bootloader === undefined) return undefined;
  const { told, optional } = bootloader;
  if (told === undefined) return optional ? undefined : { ending: "bootloader not told", because: NOBODY };
  const result = nearest?.outcome.result;
  const wanted = result?.kind === "run" ? result.bootloader : undefined;
  if (wanted === undefined || (wanted.half === told.half && wanted.version === told.version)) return undefined;
  const because = `${bootloaderText(told)} was started, and it was to be ${bootloaderText(wanted)}`;
  return { ending: "wrong bootloader", because };
}

const NOBODY =
  'NSIB\'s log does not say which MCUboot it starts (its lines begin with "Attempting to boot slot"). ' +
  "Build NSIB with its log on ports.app, or set images.bootloader.witness: none";

/** What is told of it beside the slots. */
export function reportedBootloader({ told }: BootloaderReport): string {
  return told === undefined ? "; NSIB says nothing" : `; ${bootloaderText(told)} runs (NSIB's log)`;
}

/**
 * Which MCUboot NSIB has started last, by its log: the number of the half, and its firmware version. Undefined where no
 * line tells, or where nothing was started.
 */
export function bootloaderTold(lines: readonly Pick<BootLine, "event" | "fields">[]): RunningBootloader | undefined {
  let half: RunningBootloader["half"] | undefined;
  let told: RunningBootloader | undefined;
  for (const { event, fields } of lines) {
    if (event === "nsib slot") half = fields["count"] === "1" ? "s1" : "s0";
    if (event === "nsib slot" || event === "nsib empty") told = undefined;
    if (event === "nsib version" && half !== undefined) told = { half, version: Number(fields["count"]) };
  }
  return told;
}
