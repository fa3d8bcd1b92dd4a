import { RealClock } from "../../core/index.ts";
import { assemble } from "../assemble.ts";
import type { Board } from "../board.ts";
import { openFlasher } from "../flash/tool-flasher.ts";
import { hardwarePorts } from "../hardware-ports.ts";
import type { OpenOptions } from "../open.ts";
import type { LoadedProfile } from "../profile.ts";
import { wearFile } from "../wear-file.ts";

/** A board on this machine's serial ports (or whatever else speaks there: `hil twin` does). Real time. */
export async function openHardware(loaded: LoadedProfile, _options: OpenOptions): Promise<Board> {
  const clock = new RealClock();
  const flasher = openFlasher(loaded, { clock });
  return assemble(loaded, {
    clock,
    ...(flasher ? { flasher } : {}),
    links: hardwarePorts(loaded, clock),
    wear: wearFile(loaded.file),
  });
}
