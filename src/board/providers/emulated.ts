import { ConfigurationError, hexOf, VirtualClock } from "../../core/index.ts";
import { FlashContent } from "../../mcuboot/index.ts";
import { CHIP_MAKERS, checkErase, type MadeChip } from "../emulated/chips.ts";
import { checkFirmware } from "../emulated/firmware-check.ts";
import { RunningChip } from "../emulated/running-chip.ts";
import { assembleBoard } from "../parts/assemble.ts";
import type { Board } from "../parts/board.ts";
import type { OpenOptions } from "../parts/open-options.ts";
import { wholeFlashFlasher } from "../parts/whole-flash.ts";
import { emulatedChip } from "../profile/emulated-chips.ts";
import { EMULATED_NETWORK_UART, EMULATED_UART } from "../profile/emulated-schema.ts";
import { flashTimingOf } from "../profile/flash-timing.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { factoryFlash } from "../qemu/firmware.ts";

const NETWORK_FLASH = { start: 0x0100_0000, flashBytes: 0x4_0000 };
const FINDINGS_MAX = 20;

/**
 * Real firmware on a chip that this program executes, in virtual time: born anew from the profile's images for each
 * run.
 * @throws ConfigurationError when its firmware is not there, does not fit, or contradicts the profile.
 */
export async function openEmulated(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  const { emulated } = loaded.profile;
  if (emulated === undefined)
    throw new ConfigurationError(`${loaded.file} has no section emulated.`, "See docs/emulator.md.");
  const row = emulatedChip(emulated.chip);
  const images = emulated.firmware;
  if (images === undefined) {
    const hint = "Give your build's HEX: hil run --firmware merged.hex, or name it in the profile (docs/emulator.md).";
    throw loaded.wrong(["emulated", "firmware"], "is missing: there is nothing to run.", hint);
  }
  const field = ["emulated", "firmware"];
  const factory = factoryFlash(loaded, { ...row, field, images });
  checkFirmware(loaded, factory);
  const clock = options.clock ?? new VirtualClock();
  const timing = flashTimingOf(loaded.profile);
  const made = CHIP_MAKERS[emulated.chip]({
    output: (byte, atUs, port) => running.sent(byte, atUs, port),
    random: options.random.fork("emulated chip"),
    pageBytes: timing.pageBytes,
  });
  const running = new RunningChip([EMULATED_UART, EMULATED_NETWORK_UART], made.chip, clock);
  const { primary } = loaded.profile.slots;
  const strays = new Set<string>();
  running.checkOperation = (operation) => {
    checkErase(operation, timing.pageBytes);
    if (operation.offset >= primary.offset || strays.size >= FINDINGS_MAX) return;
    strays.add(`the firmware changed the bootloader's flash: ${operation.kind} at ${hexOf(operation.offset)}`);
  };
  if (made.loadNetwork) {
    const all = [...images, ...(emulated.networkFirmware ?? [])];
    made.loadNetwork(factoryFlash(loaded, { name: "network core", ...NETWORK_FLASH, field, images: all }));
  }
  const bytes = timing.above === undefined ? row.flashBytes : made.deviceBytes;
  const flash = flashOf(running, made, { bytes, pageBytes: timing.pageBytes });
  await flash.write(factory);
  return assembleBoard(loaded, {
    clock,
    links: { open: async (port) => linkOf(loaded, running, "path" in port ? port.path : "") },
    power: running,
    flash,
    stopAfter: (progress, signal) => running.stopAfter(progress, signal),
    flasher: wholeFlashFlasher(loaded.profile, flash),
    check: () => running.check(),
    brokenRules: () => [...new Set([...strays, ...made.faults()])].slice(0, FINDINGS_MAX),
    remarks: () => made.unknown().slice(0, FINDINGS_MAX),
    backend: running,
  });
}

/** The flash that the judge sees: the internal one, and the serial one behind it where a slot lies there. */
function flashOf(
  running: RunningChip,
  { deviceBytes }: MadeChip,
  { bytes, pageBytes }: { readonly bytes: number; readonly pageBytes: number },
): NonNullable<Board["flash"]> {
  return {
    read: async () => running.flashContent(bytes),
    write: async (data) => {
      const content = FlashContent.erased(Math.max(deviceBytes, data.length), pageBytes);
      content.load(0, data);
      running.writeFlash(content);
    },
  };
}

function linkOf({ file }: LoadedProfile, { ports }: RunningChip, name: string) {
  const link = ports.find((port) => port.name === name);
  if (link) return link;
  throw new ConfigurationError(
    `${file} names a port that an emulated board does not have.`,
    `It has ${ports.map((port) => port.name).join(" and ")}.`,
  );
}
