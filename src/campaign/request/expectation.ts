import type { LoadedProfile } from "../../board/index.ts";
import { type ModeName, modeRow } from "../../mcuboot/index.ts";
import type { Scenario } from "./scenario.ts";

/** What a campaign expects of its new image when it is not cut. */
export interface Expectation {
  readonly outcome: "upgrade" | "refused" | "no boot";
  /** Part of the reason of a refusal; default: any reason. */
  readonly reason?: string;
}

/** What a scenario expects: what it says, and else that an image with damage is refused and any other installed. */
export function expectationOf({ expect, images }: Pick<Scenario, "expect" | "images">): Expectation {
  if (expect === undefined) return { outcome: images.new.damage === undefined ? "upgrade" : "refused" };
  return typeof expect === "string" ? { outcome: expect } : { outcome: "refused", reason: expect.refused };
}

/**
 * Whether a campaign ends with an upgrade that nobody confirms: where not said, if there is one that can come back.
 * @param mode of the profile.
 */
export function checksRevert(scenario: Scenario, mode: ModeName): boolean {
  const isInstalled = expectationOf(scenario).outcome === "upgrade";
  const comesBack = scenario.request === "test" && isInstalled && modeRow(mode).takesBack;
  return scenario.revert_check ?? comesBack;
}

/** New images come by MCUboot's serial recovery: as the scenario says, or because the board has a single slot. */
export function uploadsInRecovery(
  { upload }: Pick<Scenario, "upload">,
  { bootloader }: LoadedProfile["profile"],
): boolean {
  return (upload ?? (modeRow(bootloader.mode).slots === 1 ? "serial-recovery" : "application")) === "serial-recovery";
}
