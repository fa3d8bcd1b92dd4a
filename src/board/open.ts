import type { Board } from "./parts/board.ts";
import type { OpenOptions } from "./parts/open-options.ts";
import type { LoadedProfile } from "./profile/profile.ts";
import { openEmulated } from "./providers/emulated.ts";
import { openHardware } from "./providers/hardware.ts";
import { openQemu } from "./providers/qemu.ts";
import { openTwin } from "./providers/twin.ts";

/**
 * Opens the board of a profile: ports, SMP client, log, power switch. It is left as it is found; closing it closes the
 * ports and moves nothing.
 * @throws BenchError when a port or the switch cannot be opened; ConfigurationError for what the profile gets wrong.
 */
export function openBoard(loaded: LoadedProfile, options: OpenOptions): Promise<Board> {
  switch (loaded.profile.provider) {
    case "twin":
      return openTwin(loaded, options);
    case "hardware":
      return openHardware(loaded, options);
    case "emulated":
      return openEmulated(loaded, options);
    case "qemu":
      return openQemu(loaded, options);
  }
}
