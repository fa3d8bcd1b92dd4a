import { unreachable } from "../../core/index.ts";
import type { BootMode } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { ImagePair, Slot } from "../loader/loader-state.ts";
import { statusOffset } from "../trailer/trailer.ts";
import { copies } from "./overwrite.ts";
import type { SwapStrategy } from "./strategy.ts";
import { swapMove } from "./swap-move.ts";
import { swapOffset } from "./swap-offset.ts";
import { swapScratch } from "./swap-scratch.ts";

export function strategyOf(mode: BootMode): SwapStrategy {
  switch (mode) {
    case "move":
      return swapMove;
    case "offset":
      return swapOffset;
    case "scratch":
      return swapScratch;
    case "overwrite":
    case "direct-xip":
    case "ram-load":
    case "single":
      return copies;
    default:
      throw unreachable(mode);
  }
}

/** The largest image that a build takes in a slot, with header and TLVs, in bytes. Source: bootutil_max_image_size. */
export function imageBytesMax(build: BootloaderBuild, areas: ImagePair["areas"], slot: Slot): number {
  const { imageLimit } = build.generation;
  if (imageLimit === "none") return Number.POSITIVE_INFINITY;
  const status = statusOffset(build, areas[slot]);
  if (build.mode === "single") return status;
  if (imageLimit === "status" && build.mode === "scratch") return status;
  if (imageLimit === "status" && build.mode === "move") return status - (status % build.sectorBytes);
  return strategyOf(build.mode).imageBytesMax(build, areas, slot);
}

/** The largest image with header and TLVs that image number `index` of a build may be, in bytes. */
export function imageBytesLimit(build: BootloaderBuild, index: number): number {
  const areas = build.images[index];
  if (areas === undefined) throw new RangeError(`this bootloader has ${build.images.length} images, no image ${index}`);
  return imageBytesMax(build, [areas.primary, areas.secondary], 0);
}
