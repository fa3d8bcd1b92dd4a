import { ConfigurationError, VirtualClock } from "../../core/index.ts";
import { FlashContent, FlashTrace, operationDurationUs } from "../../mcuboot/index.ts";
import { checkErase, type MadeChip, watchedChip } from "../emulated/chips.ts";
import { CpuWatch } from "../emulated/cpu-watch.ts";
import { RunningChip } from "../emulated/running-chip.ts";
import { assembleBoard } from "../parts/assemble.ts";
import type { Board } from "../parts/board.ts";
import type { OpenOptions } from "../parts/open-options.ts";
import { wholeFlashFlasher } from "../parts/whole-flash.ts";
import { EMULATED_NETWORK_UART, EMULATED_UART } from "../profile/emulated-schema.ts";
import { flashTimingOf } from "../profile/flash-timing.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { makeEmulatedChip } from "./emulated-chip.ts";

const FINDINGS_MAX = 20;

/**
 * Real firmware on a chip that this program executes, in virtual time: born anew from the profile's images for each
 * run.
 * @throws ConfigurationError when its firmware is not there, does not fit, or contradicts the profile.
 */
export async function openEmulated(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  const clock = options.clock ?? new VirtualClock();
  const timing = flashTimingOf(loaded.profile);
  const made = makeEmulatedChip(
    loaded,
    (byte, atUs, port) => running.sent(byte, atUs, port),
    options.random.fork("emulated chip"),
  );
  const running = new RunningChip([EMULATED_UART, EMULATED_NETWORK_UART], made.chip, clock);
  const watch = new CpuWatch(watchedChip(made), loaded.profile, made.nameOf);
  const trace = new FlashTrace(timing.pageBytes);
  running.checkOperation = (operation, atUs) => {
    checkErase(operation, timing.pageBytes);
    trace.take(operation, atUs, atUs + operationDurationUs(operation, timing));
    watch.before(operation);
  };
  running.onRun = () => watch.look();
  running.onPower = () => watch.restart();
  const bytes = timing.above === undefined ? made.factory.length : made.deviceBytes;
  const flash = flashOf(running, made, { bytes, pageBytes: timing.pageBytes });
  await flash.write(made.factory);
  return assembleBoard(loaded, {
    clock,
    links: { open: async (port) => linkOf(loaded, running, "path" in port ? port.path : "") },
    power: running,
    flash,
    stopAfter: (progress, signal) => running.stopAfter(progress, signal),
    flasher: wholeFlashFlasher(loaded.profile, flash),
    check: () => running.check(),
    brokenRules: () => watch.findings(),
    flashDone: () => trace.done(),
    remarks: () => made.remarks().slice(0, FINDINGS_MAX),
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
