import { ConfigurationError, hexOf, ImageError, messageOf, type Random, readInput, viewOf } from "../../core/index.ts";
import type { Engine } from "../../emulator/index.ts";
import { parseImage } from "../../image/index.ts";
import { FlashContent } from "../../mcuboot/index.ts";
import { CHIP_MAKERS, type MadeChip } from "../emulated/chips.ts";
import type { NameAddress } from "../emulated/cpu-watch.ts";
import { checkFirmware } from "../emulated/firmware-check.ts";
import { Symbols } from "../emulated/symbols.ts";
import { cachedFile } from "../lease/cached-file.ts";
import { emulatedChip } from "../profile/emulated-chips.ts";
import { flashTimingOf } from "../profile/flash-timing.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { type FirmwareFiles, factoryFlash } from "../qemu/firmware.ts";

const FIELD = ["emulated", "firmware"];
const NETWORK_FLASH = { start: 0x0100_0000, flashBytes: 0x4_0000 };

/** A chip as it comes from the factory: what its application core's flash holds is still to be written. */
export interface FactoryChip extends MadeChip {
  /** Content of the application core's flash. */
  readonly factory: Uint8Array;
  readonly pageBytes: number;
  /** Names an address of code by the profile's ELF files. */
  readonly nameOf: NameAddress;
  /** What people should know: registers that the emulator does not have, a debug port that the HEX closes. */
  readonly remarks: () => readonly string[];
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
  const { emulated, images, factory, files } = factoryOf(loaded);
  checkFirmware(loaded, factory);
  const { pageBytes } = flashTimingOf(loaded.profile);
  const made = CHIP_MAKERS[emulated.chip]({ output, random, pageBytes, engine });
  const all = [...images, ...(emulated.networkFirmware ?? [])];
  const network = { name: "network core", ...NETWORK_FLASH, field: FIELD, images: all, hexOnly: images };
  made.loadNetwork?.(factoryFlash(loaded, network, files));
  const remarks = made.uicr.flatMap(({ start, load }) => {
    const machine = { name: "UICR", flashBytes: UICR_BYTES, start, hexOnly: all, field: FIELD, images: all };
    const words = programmed(factoryFlash(loaded, machine, files));
    load(words);
    const isClosed = (words.get(APPROTECT) ?? UNPROTECTED) !== UNPROTECTED && emulated.chip === "nrf5340";
    return isClosed ? [protectedText(start)] : [];
  });
  const { nameOf } = new Symbols(elfFiles(loaded, emulated.elf ?? []));
  return { ...made, factory, pageBytes, nameOf, remarks: () => [...remarks, ...made.unknown(nameOf)] };
}

/** @throws ConfigurationError for one that cannot be read */
function elfFiles({ profile, wrong }: LoadedProfile, files: readonly string[]) {
  return files.map((file) => {
    try {
      return { file, content: readInput(cachedFile(profile.file, file)) };
    } catch (cause) {
      throw wrong(["emulated", "elf"], `names ${file}, which cannot be read: ${messageOf(cause)}`, "", { cause });
    }
  });
}

/** UICR.APPROTECT, and what leaves the debug port open. Source: nRF5340 Product Specification v1.5, UICR. */
const [UICR_BYTES, APPROTECT, UNPROTECTED] = [0x1000, 0, 0x50fa_50fa];

function protectedText(start: number): string {
  return `the HEX closes the chip's debug port (UICR.APPROTECT at ${hexOf(start)}): a real board lets a flasher in only after it erased all`;
}

/** Words that are not all ones, by offset. */
function programmed(content: Uint8Array): ReadonlyMap<number, number> {
  const view = viewOf(content);
  const words = Array.from({ length: content.length / 4 }, (_, at) => [4 * at, view.getUint32(4 * at, true)] as const);
  return new Map(words.filter(([, word]) => word !== 0xffff_ffff));
}

/** The whole device as it comes from the factory. */
export function factoryContent({ deviceBytes, pageBytes, factory }: FactoryChip): FlashContent {
  const content = FlashContent.erased(deviceBytes, pageBytes);
  content.load(0, factory);
  return content;
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
  const files: FirmwareFiles = new Map();
  const machine = { ...emulatedChip(emulated.chip), field: FIELD, images };
  return { emulated, images, files, factory: factoryFlash(loaded, machine, files) };
}
