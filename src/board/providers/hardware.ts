import { Cleanup, RealClock } from "../../core/index.ts";
import { assemble } from "../assemble.ts";
import type { Board } from "../board.ts";
import { openFlasher } from "../flash/tool-flasher.ts";
import { hardwarePorts } from "../hardware-ports.ts";
import { healthFile } from "../health.ts";
import { takeLease } from "../lease.ts";
import { Losses } from "../losses.ts";
import type { OpenOptions } from "../open.ts";
import type { LoadedProfile } from "../profile.ts";
import { wearFile } from "../wear-file.ts";

/** A board on this machine's serial ports (or whatever else speaks there: `hil twin` does). Real time. */
export async function openHardware(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  const clock = options.clock ?? new RealClock();
  const flasher = openFlasher(loaded, { clock });
  const ports = hardwarePorts(loaded, clock);
  // What closing says about a half-open board matters less than why it could not be opened.
  const undo = new Cleanup(() => undefined);
  const lease = undo.use("lease", await takeLease(loaded));
  try {
    const { cards } = options;
    const losses = new Losses();
    const power = cards && undo.use("power", await cards.openSwitch(loaded, losses.watching(ports), clock));
    return await assemble(loaded, {
      clock,
      ...(flasher ? { flasher } : {}),
      links: ports,
      check: () => losses.check(),
      ...(power ? { power } : {}),
      wear: wearFile(loaded.file),
      health: healthFile(loaded.file),
      notes: lease.notes,
      behind: lease,
    });
  } catch (error) {
    await undo[Symbol.asyncDispose]();
    throw error;
  }
}
