import type { BootloaderBuild } from "../builds/build.ts";
import { type ImagePair, type LoaderState, log, PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import type { Steps } from "../steps/steps.ts";
import type { SwapType } from "../trailer/swap-codes.ts";
import { type SwapRules, swapRow } from "../trailer/swap-table.ts";
import { readTrailer } from "../trailer/trailer.ts";

/** What of a build decides about swap types. */
export function swapRules(build: BootloaderBuild): SwapRules {
  return {
    mode: build.mode,
    revertNeedsSecondaryUnset: build.generation.revertNeedsSecondaryUnset,
    withoutRevertRow: build.defects.has("no-revert"),
  };
}

/**
 * The swap type that the trailers of an image ask for; prints it.
 * Source: MCUboot bootutil_public.c boot_swap_type_multi.
 */
export function* decideSwapType(loader: LoaderState, image: ImagePair): Steps<SwapType> {
  const { flash, build } = loader;
  const [primary, secondary] = [PRIMARY, SECONDARY].map((slot) =>
    readTrailer(flash, build, image.areas[slot as 0 | 1]),
  ) as [ReturnType<typeof readTrailer>, ReturnType<typeof readTrailer>];
  const type = swapRow(swapRules(build), primary, secondary)?.result ?? "none";
  yield* log(loader, "swap type", { image: image.index, type });
  return type;
}
