import { Cleanup, defined, RealClock } from "../../core/index.ts";
import { openFlasher } from "../flash/tool-flasher.ts";
import { healthFile } from "../lease/health.ts";
import { takeLease } from "../lease/lease.ts";
import { assembleBoard } from "../parts/assemble.ts";
import type { Board } from "../parts/board.ts";
import { hardwarePorts } from "../parts/hardware-ports.ts";
import type { OpenOptions } from "../parts/open-options.ts";
import { wearFile } from "../parts/wear-file.ts";
import type { LoadedProfile } from "../profile/profile.ts";

/** A board on this machine's serial ports (or whatever else speaks there: `hil twin` does). Real time. */
export async function openHardware(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  const clock = options.clock ?? new RealClock();
  const flasher = openFlasher(loaded, { clock });
  const ports = hardwarePorts(loaded, clock);
  // What closing says about a half-open board matters less than why it could not be opened.
  const undo = new Cleanup(() => undefined);
  const lease = undo.use("lease", await takeLease(loaded));
  try {
    return await assembleBoard(loaded, {
      clock,
      ...(flasher ? { flasher } : {}),
      links: ports,
      ...defined({ cards: options.cards }),
      wear: wearFile(loaded.file),
      health: healthFile(loaded.file),
      notes: lease.notes,
      backend: lease,
    });
  } catch (error) {
    await undo[Symbol.asyncDispose]();
    throw error;
  }
}
