import { type Area, type BootloaderBuild } from "../builds/build.ts";
import {
  assertion,
  headerAt,
  type ImagePair,
  type LoaderState,
  log,
  must,
  PRIMARY,
  SECONDARY,
  type Slot,
  type Swap,
  type SwapStatus,
} from "../loader/loader-state.ts";
import { copyRegion, eraseRegion, eraseTrailer } from "../loader/regions.ts";
import { statusArea } from "../loader/status-area.ts";
import { scratchStatusSource } from "../loader/status-source.ts";
import {
  initTrailer,
  writeFlag,
  writeKeys,
  writeMagic,
  writeSwapInfo,
  writeSwapSize,
} from "../loader/trailer-writes.ts";
import type { Steps } from "../steps/steps.ts";
import { readTrailer, statusOffset, trailerBytesOf } from "../trailer/trailer.ts";
import type { SwapStrategy } from "./strategy.ts";
import { equalSlots, firstTrailerSector, mustFit, swapSizeIn } from "./swap-sectors.ts";
import { sameStatus, writeStatus, writtenEntries } from "./swap-status.ts";

const STATES = 3;

function scratchOf(build: BootloaderBuild): Area {
  const { scratch } = build;
  must(scratch !== undefined, "boot_swap_sectors", "fap_scratch != NULL");
  return scratch;
}

/** Sectors that are swapped together: as many as the scratch area holds. Offsets and sizes in bytes. */
interface Group {
  /** From 1, the topmost first. */
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
  /** Bytes that are copied: less than `bytes` where the trailer begins. */
  readonly copyBytes: number;
  /** The group reaches into the trailer, so its status is kept in the scratch area until it is swapped. */
  readonly usesScratchStatus: boolean;
}

/** Number of groups that a swap of so many bytes takes. */
function groupCount(build: BootloaderBuild, bytes: number): number {
  return Math.ceil(Math.ceil(bytes / build.sectorBytes) / Math.floor(scratchOf(build).bytes / build.sectorBytes));
}

/** One group of a swap. Source: MCUboot swap_scratch.c boot_copy_sz, boot_swap_sectors. */
function groupAt(build: BootloaderBuild, image: ImagePair, swapBytes: number, index: number): Group {
  const scratch = scratchOf(build);
  const sectors = Math.ceil(swapBytes / build.sectorBytes);
  const together = Math.floor(scratch.bytes / build.sectorBytes);
  const end = sectors - (index - 1) * together;
  const first = Math.max(0, end - together);
  const [offset, bytes] = [first * build.sectorBytes, (end - first) * build.sectorBytes];
  const primary = image.areas[PRIMARY];
  const reaches = offset + bytes > firstTrailerSector(build, primary) * build.sectorBytes;
  const free = Math.min(primary.bytes - offset - trailerBytesOf(build), statusOffset(build, scratch));
  const copyBytes = reaches ? free : bytes;
  return { index, offset, bytes, copyBytes, usesScratchStatus: index === 1 && copyBytes !== bytes };
}

/** Where a header stands while a swap is interrupted. Source: MCUboot swap_scratch.c boot_read_image_header. */
function headerArea(loader: LoaderState, image: ImagePair, slot: Slot, { status }: Swap): Area {
  const { build } = loader;
  // Where bodies are decrypted on their way to scratch, nothing is done later that needs a header.
  if (!build.generation.decryptsIntoPrimary) return image.areas[slot];
  const groups = groupCount(build, swapSizeIn(loader, image, statusArea(loader, image)));
  const { index, state } = status;
  if (index > groups) return image.areas[slot === PRIMARY ? SECONDARY : PRIMARY];
  if (index === groups && slot === SECONDARY && state >= 2) return scratchOf(build);
  if (index === groups && slot === PRIMARY && state >= 3) return image.areas[SECONDARY];
  return image.areas[slot];
}

function* erase(loader: LoaderState, area: Area, offset: number, bytes: number): Steps {
  if (bytes > 0) assertion(loader, yield* eraseRegion(loader, { area, offset, bytes }), "boot_swap_sectors");
}

function* eraseScratch(loader: LoaderState): Steps {
  const scratch = scratchOf(loader.build);
  yield* eraseRegion(loader, { area: scratch, offset: 0, bytes: scratch.bytes });
}

function* copy(
  loader: LoaderState,
  image: ImagePair,
  from: { readonly area: Area; readonly offset: number },
  to: { readonly area: Area; readonly offset: number },
  bytes: number,
): Steps {
  assertion(loader, yield* copyRegion(loader, image, { from, to, bytes }), "boot_swap_sectors");
}

/** Step 1: the new image's part goes to scratch; before the first, the trailers are made. */
function* saveToScratch(loader: LoaderState, image: ImagePair, swap: Swap, group: Group): Steps {
  const scratch = scratchOf(loader.build);
  const [primary, secondary] = image.areas;
  yield* eraseScratch(loader);
  if (group.index === 1) {
    yield* initTrailer(loader, image, swap, scratch);
    if (!group.usesScratchStatus) {
      yield* eraseTrailer(loader, primary);
      yield* initTrailer(loader, image, swap, primary);
      yield* eraseScratch(loader);
    }
  }
  const { offset, copyBytes } = group;
  yield* copy(loader, image, { area: secondary, offset }, { area: scratch, offset: 0 }, copyBytes);
}

/** Step 2: the old image's part goes to the secondary slot. */
function* moveOut(loader: LoaderState, image: ImagePair, group: Group): Steps {
  const { build } = loader;
  const { clearsSecondaryTrailerFirst: first } = build.generation;
  const [primary, secondary] = image.areas;
  const { offset, copyBytes } = group;
  if (group.index === 1 && first) yield* eraseTrailer(loader, secondary);
  yield* erase(loader, secondary, offset, bytesToErase(build, secondary, group));
  yield* copy(loader, image, { area: primary, offset }, { area: secondary, offset }, copyBytes);
  if (group.index === 1 && !first && !group.usesScratchStatus) yield* eraseTrailer(loader, secondary);
}

/** Step 3: the new image's part goes to the primary slot, with the status kept in scratch so far. */
function* moveIn(loader: LoaderState, image: ImagePair, swap: Swap, group: Group): Steps {
  const { build } = loader;
  const scratch = scratchOf(build);
  const primary = image.areas[PRIMARY];
  const { offset, copyBytes } = group;
  if (group.usesScratchStatus && build.generation.clearsSecondaryTrailerFirst) yield* eraseTrailer(loader, primary);
  yield* erase(loader, primary, offset, bytesToErase(build, primary, group));
  yield* copy(loader, image, { area: scratch, offset: 0 }, { area: primary, offset }, copyBytes);
  if (!group.usesScratchStatus) return;
  const kept = { area: scratch, offset: statusOffset(build, scratch) };
  yield* copy(loader, image, kept, { area: primary, offset: offset + copyBytes }, (STATES - 1) * build.writeBytes);
  yield* moveTrailerIn(loader, image, swap, scratch);
}

/** What a group erases of a slot itself: not its trailer sectors, where those have been erased already. */
function bytesToErase(build: BootloaderBuild, area: Area, { offset, bytes, usesScratchStatus }: Group): number {
  if (!usesScratchStatus || !build.generation.clearsSecondaryTrailerFirst) return bytes;
  return firstTrailerSector(build, area) * build.sectorBytes - offset;
}

function* moveTrailerIn(loader: LoaderState, image: ImagePair, swap: Swap, scratch: Area): Steps {
  const { build, flash } = loader;
  const target = { build, area: image.areas[PRIMARY] };
  const kept = readTrailer(flash, build, scratch);
  if (kept.imageOk === "set") yield writeFlag(target, "imageOk");
  if (kept.swapType !== "none") yield writeSwapInfo(target, kept.swapCode, image.index);
  yield writeSwapSize(target, swap.bytes);
  yield* writeKeys(target, swap);
  yield writeMagic(target);
}

function* swapGroup(loader: LoaderState, image: ImagePair, swap: Swap, group: Group): Steps {
  const { build } = loader;
  const scratch = scratchOf(build);
  const entries = group.usesScratchStatus ? scratch : image.areas[PRIMARY];
  const from = swap.status.index === group.index ? swap.status.state : 1;
  const entry = STATES * (group.index - 1);
  swap.status = { operation: "swap", index: group.index, state: from };
  if (from <= 1) {
    yield* saveToScratch(loader, image, swap, group);
    yield writeStatus(build, entries, entry, 1);
  }
  if (from <= 2) {
    yield* moveOut(loader, image, group);
    yield writeStatus(build, entries, entry + 1, 2);
  }
  yield* moveIn(loader, image, swap, group);
  yield writeStatus(build, image.areas[PRIMARY], entry + 2, 3);
  if (!group.usesScratchStatus || build.defects.has("R12-1645")) return;
  const order = build.generation.erasesRanges || build.defects.has("R23-2275") ? "up" : "down";
  yield* eraseRegion(loader, { area: scratch, offset: 0, bytes: scratch.bytes }, order);
}

/** The status after the first unbroken run of written entries. */
function statusAfterRun(written: readonly boolean[]): { status: SwapStatus | undefined; inconsistent: boolean } {
  const first = written.indexOf(true);
  if (first < 0) return { status: undefined, inconsistent: false };
  const gap = written.indexOf(false, first);
  const done = gap < 0 ? written.length : gap;
  return {
    status: { operation: "swap", index: Math.floor(done / STATES) + 1, state: (done % STATES) + 1 },
    inconsistent: written.includes(true, done),
  };
}

/** Swap using scratch. Source: MCUboot swap_scratch.c swap_run. */
export const swapScratch: SwapStrategy = {
  start: { operation: "swap", index: 1, state: 1 },

  statusSource: (loader, image) => scratchStatusSource(loader, image, scratchOf(loader.build)),

  readStatus(flash, build, area) {
    const groups = area === build.scratch ? 1 : build.maxImgSectors;
    return statusAfterRun(writtenEntries(flash, build, area, STATES * groups));
  },

  readHeader(loader, image, slot, swap) {
    const resumes = swap !== undefined && !sameStatus(swap.status, swapScratch.start);
    const area = resumes ? headerArea(loader, image, slot, swap) : image.areas[slot];
    image.headers[slot] = headerAt(loader, area, 0);
    return true;
  },

  slotsCompatible: (loader, image) => equalSlots(loader, image, scratchOf(loader.build)),

  *run(loader, image, swap) {
    yield* log(loader, "starting swap", { algorithm: "scratch" });
    const { build } = loader;
    mustFit(image.areas[PRIMARY], swap.bytes);
    for (let index = swap.status.index; index <= groupCount(build, swap.bytes); index += 1) {
      yield* swapGroup(loader, image, swap, groupAt(build, image, swap.bytes, index));
    }
  },

  imageBytesMax(build, [primary]) {
    const trailer = trailerBytesOf(build);
    const scratch = scratchOf(build);
    const firstSectorEnd = (firstTrailerSector(build, primary) + 1) * build.sectorBytes;
    const inFirstSector = firstSectorEnd - (primary.bytes - trailer);
    const scratchTrailer = scratch.bytes - statusOffset(build, scratch);
    return primary.bytes - trailer - Math.max(0, scratchTrailer - inFirstSector);
  },
};
