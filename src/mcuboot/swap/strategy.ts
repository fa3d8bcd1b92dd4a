import { unreachable } from "../../core/index.ts";
import type { Area, BootloaderBuild, BootMode } from "../builds/build.ts";
import type { ImagePair, Loader, Slot, StatusSource, Swap, SwapStatus } from "../loader/loader.ts";
import type { Flash, Steps } from "../steps/steps.ts";
import { statusOffset } from "../trailer/trailer.ts";
import { copies } from "./overwrite.ts";
import { swapMove } from "./swap-move.ts";
import { swapOffset } from "./swap-offset.ts";
import { swapScratch } from "./swap-scratch.ts";

/** What the status entries of an area say. */
export interface ReadStatus {
  /** Undefined when no entry is written. */
  readonly status: SwapStatus | undefined;
  /** Entries are written after a gap. */
  readonly inconsistent: boolean;
}

/** What a mode does in its own way; the flow around it is one for all modes that swap or overwrite. */
export interface SwapStrategy {
  /** The status before anything is done. */
  readonly start: SwapStatus;
  /** Finds out where the status of an interrupted swap is, and prints what the trailers say. Absent: none is kept. */
  statusSource?(loader: Loader, image: ImagePair): Steps<StatusSource>;
  /** The status that the written entries of an area tell. */
  readStatus?(flash: Flash, build: BootloaderBuild, area: Area): ReadStatus;
  /**
   * Reads the header of the image that belongs to a slot, wherever the swap has put it, into the loader's state.
   * @returns false when the swap cannot go on with what stands there.
   */
  readHeader(loader: Loader, image: ImagePair, slot: Slot, swap: Swap | undefined): boolean | Steps<boolean>;
  /** True when the slots fit each other; says what does not. */
  slotsCompatible(loader: Loader, image: ImagePair): Steps<boolean>;
  /** Swaps, from where the status stands. Absent in modes that do not swap. */
  run?(loader: Loader, image: ImagePair, swap: Swap): Steps;
  /** The largest image with header and TLVs, in bytes. */
  imageBytesMax(build: BootloaderBuild, areas: ImagePair["areas"], slot: Slot): number;
}

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
