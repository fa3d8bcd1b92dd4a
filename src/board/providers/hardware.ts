import { RealClock, resolveFrom } from "../../core/index.ts";
import { portName } from "../../power/index.ts";
import { openSerialPort, resolvePort } from "../../serial/index.ts";
import { assemble } from "../assemble.ts";
import type { Board } from "../board.ts";
import { openFlasher } from "../flash/tool-flasher.ts";
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
    links: {
      open: async (port, line) => {
        const path = await resolvePort("path" in port ? { path: fromProfile(loaded.file, port.path) } : port);
        return openSerialPort(path, { ...line, clock, name: portName(port) });
      },
    },
    wear: wearFile(loaded.file),
  });
}

/** A relative path of a port starts at its profile, as all paths there do; a bare name (COM7) is none. */
function fromProfile(file: string, path: string): string {
  return path.includes("/") ? resolveFrom(file, path) : path;
}
