import { type ImagePair, type LoaderState, PRIMARY, SECONDARY, type Slot, type Swap } from "../loader/loader-state.ts";
import { netPrimaryHeader } from "../net-core/simultaneous.ts";
import type { Steps } from "../steps/steps.ts";
import { strategyOf } from "../swap/strategies.ts";

/**
 * Reads both headers into the loader's state; through the status of a swap, when one is given.
 * @returns false when the primary's cannot be had, or with `all` when either cannot.
 * Source: MCUboot bootutil_loader.c boot_read_image_headers.
 */
export function* readHeaders(loader: LoaderState, image: ImagePair, swap?: Swap, all = false): Steps<boolean> {
  // The half that does not run holds no image until MCUboot was updated: that is no failure (sdk-mcuboot af9d2860).
  if (!(yield* readOne(loader, image, PRIMARY, swap)) && !image.own) return false;
  return (yield* readOne(loader, image, SECONDARY, swap)) || !all;
}

function* readOne(loader: LoaderState, image: ImagePair, slot: Slot, swap: Swap | undefined): Steps<boolean> {
  if (slot === PRIMARY && image.areas[PRIMARY].inRam === true) {
    image.headers[PRIMARY] = netPrimaryHeader();
    return true;
  }
  const found = strategyOf(loader.build.mode).readHeader(loader, image, slot, swap);
  return typeof found === "boolean" ? found : yield* found;
}
