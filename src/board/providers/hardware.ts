import { RealClock } from "../../core/index.ts";
import { assemble } from "../assemble.ts";
import type { Board } from "../board.ts";
import { openFlasher } from "../flash/tool-flasher.ts";
import { hardwarePorts } from "../hardware-ports.ts";
import { healthFile } from "../health.ts";
import { takeLease } from "../lease.ts";
import type { OpenOptions } from "../open.ts";
import type { LoadedProfile } from "../profile.ts";
import { wearFile } from "../wear-file.ts";

/** A board on this machine's serial ports (or whatever else speaks there: `hil twin` does). Real time. */
export async function openHardware(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  const clock = options.clock ?? new RealClock();
  const flasher = openFlasher(loaded, { clock });
  const lease = await takeLease(loaded);
  try {
    return await assemble(loaded, {
      clock,
      ...(flasher ? { flasher } : {}),
      links: hardwarePorts(loaded, clock),
      wear: wearFile(loaded.file),
      health: healthFile(loaded.file),
      notes: lease.notes,
      behind: lease,
    });
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
}
