import { ConfigurationError, ImageError, type Random } from "../../core/index.ts";
import type { Engine } from "../../emulator/index.ts";
import { parseImage } from "../../image/index.ts";
import { CHIP_MAKERS, type MadeChip } from "../emulated/chips.ts";
import { checkFirmware } from "../emulated/firmware-check.ts";
import { emulatedChip } from "../profile/emulated-chips.ts";
import { flashTimingOf } from "../profile/flash-timing.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { factoryFlash } from "../qemu/firmware.ts";

const FIELD = ["emulated", "firmware"];
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
  engine?: Engine,
): FactoryChip {
  const { emulated, images, factory } = factoryOf(loaded);
  checkFirmware(loaded, factory);
  const { pageBytes } = flashTimingOf(loaded.profile);
  const made = CHIP_MAKERS[emulated.chip]({ output, random, pageBytes, engine });
  if (made.loadNetwork) {
    const all = [...images, ...(emulated.networkFirmware ?? [])];
    made.loadNetwork(factoryFlash(loaded, { name: "network core", ...NETWORK_FLASH, field: FIELD, images: all }));
  }
  return { ...made, factory, pageBytes };
}

/**
 * The signed image that a board's firmware brings in its primary slot.
 * @throws ConfigurationError when the firmware is not there, and for a slot without an image
 */
export function factoryImage(loaded: LoadedProfile): Uint8Array {
  const { offset, bytes } = loaded.profile.slots.primary;
  const slot = factoryOf(loaded).factory.subarray(offset, offset + bytes);
  try {
    return slot.slice(0, parseImage(slot).imageBytes);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw loaded.wrong(FIELD, `holds no application: ${error.message}`, "Give the merged HEX, or two signed images.");
  }
}

function factoryOf(loaded: LoadedProfile) {
  const { emulated } = loaded.profile;
  if (emulated === undefined)
    throw new ConfigurationError(`${loaded.file} has no section emulated.`, "See docs/emulator.md.");
  const images = emulated.firmware;
  if (images === undefined) {
    const hint = "Give your build's HEX: hil run --firmware merged.hex, or name it in the profile (docs/emulator.md).";
    throw loaded.wrong(FIELD, "is missing: there is nothing to run.", hint);
  }
  return { emulated, images, factory: factoryFlash(loaded, { ...emulatedChip(emulated.chip), field: FIELD, images }) };
}
