import type { BootLine } from "../../board/index.ts";
import type { RunningBootloader } from "../../mcuboot/index.ts";

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
