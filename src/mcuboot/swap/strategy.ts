import type { Area, BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import type { ImagePair, LoaderState, Slot, StatusSource, Swap, SwapStatus } from "../loader/loader-state.ts";
import type { Steps } from "../steps/steps.ts";

/** What the status entries of an area say. */
interface ReadStatus {
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
  statusSource?(loader: LoaderState, image: ImagePair): Steps<StatusSource>;
  /** The status that the written entries of an area tell. */
  readStatus?(flash: Flash, build: BootloaderBuild, area: Area): ReadStatus;
  /**
   * Reads the header of the image that belongs to a slot, wherever the swap has put it, into the loader's state.
   * @returns false when the swap cannot go on with what stands there.
   */
  readHeader(loader: LoaderState, image: ImagePair, slot: Slot, swap: Swap | undefined): boolean | Steps<boolean>;
  /** True when the slots fit each other; says what does not. */
  slotsCompatible(loader: LoaderState, image: ImagePair): Steps<boolean>;
  /** Swaps, from where the status stands. Absent in modes that do not swap. */
  run?(loader: LoaderState, image: ImagePair, swap: Swap): Steps;
  /** The largest image with header and TLVs, in bytes. */
  imageBytesMax(build: BootloaderBuild, areas: ImagePair["areas"], slot: Slot): number;
}
