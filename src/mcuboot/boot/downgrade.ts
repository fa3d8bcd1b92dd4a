import { compareVersions } from "../../image/index.ts";
import { type ImagePair, type LoaderState, log, SECONDARY } from "../loader/loader-state.ts";
import { eraseSlot } from "../loader/regions.ts";
import type { Steps } from "../steps/steps.ts";
import { readTrailer } from "../trailer/trailer.ts";

/**
 * Downgrade prevention of the swap modes: an older image in the secondary slot is erased instead of swapped in.
 * @returns true when it was.
 * Source: MCUboot loader.c check_downgrade_prevention.
 */
export function* downgradePrevented(loader: LoaderState, image: ImagePair): Steps<boolean> {
  const { build, flash } = loader;
  if (!build.downgradePrevention || build.mode === "overwrite" || !build.generation.preventsSwapDowngrades)
    return false;
  // MCUboot's own versions are NSIB's to compare. Source: sdk-mcuboot 3f24d801.
  if (image.own) return false;
  const [primary, secondary] = image.headers;
  const options = { useBuildNumber: build.versionCmpUsesBuild };
  if (build.fixes?.has("U11") && readTrailer(flash, build, image.areas[SECONDARY]).swapType === "revert") return false;
  if (compareVersions(secondary.version, primary.version, options) >= 0) return false;
  yield* log(loader, "downgrade prevented", { image: image.index });
  yield* eraseSlot(loader, image.areas[SECONDARY]);
  return true;
}
