import type { LoadedProfile } from "../../board/index.ts";
import { modeRow } from "../../mcuboot/index.ts";
import type { Scenario } from "./scenario.ts";

/** New images come by MCUboot's serial recovery: as the scenario says, or because the board has a single slot. */
export function uploadsInRecovery(
  { upload }: Pick<Scenario, "upload">,
  { bootloader }: LoadedProfile["profile"],
): boolean {
  return (upload ?? (modeRow(bootloader.mode).slots === 1 ? "serial-recovery" : "application")) === "serial-recovery";
}
