import { ConfigurationError, type Random } from "../../core/index.ts";
import { CHIP_MAKERS, type MadeChip } from "../emulated/chips.ts";
import { checkFirmware } from "../emulated/firmware-check.ts";
import { emulatedChip } from "../profile/emulated-chips.ts";
import { flashTimingOf } from "../profile/flash-timing.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { factoryFlash } from "../qemu/firmware.ts";

const NETWORK_FLASH = { start: 0x0100_0000, flashBytes: 0x4_0000 };

/** A chip as it comes from the factory: what its application core's flash holds is still to be written. */
export interface FactoryChip extends MadeChip {
  /** Content of the application core's flash. */
  readonly factory: Uint8Array;
  readonly pageBytes: number;
}

/**
 * Makes the chip of a profile and reads its images; the network core's are in.
 * @param output a byte left a UART: port 0 is the application core's, 1 the network core's; microseconds since power on
 * @throws ConfigurationError when its firmware is not there, does not fit, or contradicts the profile
 */
export function makeEmulatedChip(
  loaded: LoadedProfile,
  output: (byte: number, atUs: number, port: number) => void,
  random: Random,
): FactoryChip {
  const { emulated } = loaded.profile;
  if (emulated === undefined)
    throw new ConfigurationError(`${loaded.file} has no section emulated.`, "See docs/emulator.md.");
  const images = emulated.firmware;
  if (images === undefined) {
    const hint = "Give your build's HEX: hil run --firmware merged.hex, or name it in the profile (docs/emulator.md).";
    throw loaded.wrong(["emulated", "firmware"], "is missing: there is nothing to run.", hint);
  }
  const field = ["emulated", "firmware"];
  const factory = factoryFlash(loaded, { ...emulatedChip(emulated.chip), field, images });
  checkFirmware(loaded, factory);
  const { pageBytes } = flashTimingOf(loaded.profile);
  const made = CHIP_MAKERS[emulated.chip]({ output, random, pageBytes });
  if (made.loadNetwork) {
    const all = [...images, ...(emulated.networkFirmware ?? [])];
    made.loadNetwork(factoryFlash(loaded, { name: "network core", ...NETWORK_FLASH, field, images: all }));
  }
  return { ...made, factory, pageBytes };
}
