import { Cleanup, defined, RealClock } from "../../core/index.ts";
import { openFlasher } from "../flash/tool-flasher.ts";
import { healthFile } from "../lease/health.ts";
import { acquirePlace } from "../lease/labgrid-place.ts";
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
  const held = new Cleanup();
  try {
    const lease = held.use("lease", await takeLease(loaded));
    const { labgrid } = loaded.profile;
    if (labgrid !== undefined) held.use("labgrid's place", await acquirePlace(labgrid, loaded.file, clock));
    return await assembleBoard(loaded, {
      clock,
      ...(flasher ? { flasher } : {}),
      links: ports,
      ...defined({ cards: options.cards }),
      wear: wearFile(loaded.file),
      health: healthFile(loaded.file),
      notes: lease.notes,
      // In reverse: the place is given back before the locks.
      backend: held,
    });
  } catch (error) {
    // What closing says about a half-open board matters less than why it could not be opened.
    await held[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
}
