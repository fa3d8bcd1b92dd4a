import { ConfigurationError, VirtualClock } from "../../core/index.ts";
import { Nrf51 } from "../../emulator/index.ts";
import { FlashContent } from "../../mcuboot/index.ts";
import { RunningChip } from "../emulated/running-chip.ts";
import { assembleBoard } from "../parts/assemble.ts";
import type { Board } from "../parts/board.ts";
import type { OpenOptions } from "../parts/open-options.ts";
import { wholeFlashFlasher } from "../parts/whole-flash.ts";
import { emulatedChip } from "../profile/emulated-chips.ts";
import { EMULATED_UART } from "../profile/emulated-schema.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { factoryFlash } from "../qemu/firmware.ts";

/**
 * Real firmware on a chip that this program executes, in virtual time: born anew from the profile's image for each
 * run.
 * @throws ConfigurationError when its firmware is not there or does not fit.
 */
export async function openEmulated(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  const { emulated } = loaded.profile;
  if (emulated === undefined)
    throw new ConfigurationError(`${loaded.file} has no section emulated.`, "See docs/emulator.md.");
  const row = emulatedChip(emulated.chip);
  const content = factoryFlash(loaded, { ...row, field: ["emulated", "firmware"], image: emulated.firmware });
  const clock = options.clock ?? new VirtualClock();
  const chip = new Nrf51({
    output: (byte, atUs) => running.sent(byte, atUs),
    random: options.random.fork("emulated chip"),
  });
  const running = new RunningChip(EMULATED_UART, chip, clock);
  const write = async (bytes: Uint8Array) => running.writeFlash(contentOf(bytes, row.timing.pageBytes));
  const flash = { read: async () => running.flashContent(), write };
  await write(content);
  return assembleBoard(loaded, {
    clock,
    links: {
      open: async (port) => {
        if ("path" in port && port.path === EMULATED_UART) return running;
        throw new ConfigurationError(
          `${loaded.file} names a port that an emulated board does not have.`,
          `It has ${EMULATED_UART}.`,
        );
      },
    },
    power: running,
    flash,
    stopAfter: (progress, signal) => running.stopAfter(progress, signal),
    flasher: wholeFlashFlasher(loaded.profile, flash),
    check: () => running.check(),
    backend: running,
  });
}

function contentOf(bytes: Uint8Array, pageBytes: number): FlashContent {
  const content = FlashContent.erased(bytes.length, pageBytes);
  content.load(0, bytes);
  return content;
}
