import { roundUp } from "../../core/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import {
  assertion,
  hasMagic,
  headerAt,
  type ImagePair,
  type LoaderState,
  log,
  PRIMARY,
  SECONDARY,
  type Slot,
  type Swap,
  type SwapStatus,
} from "../loader/loader-state.ts";
import { copyRegion, eraseRegion, eraseTrailer, type SlotRegion } from "../loader/regions.ts";
import { logTrailer, primaryStatusSource } from "../loader/status-source.ts";
import { initTrailer, writeFlag, writeMagic, writeSwapInfo, writeSwapSize } from "../loader/trailer-writes.ts";
import type { Steps } from "../steps/steps.ts";
import { SWAP_CODE } from "../trailer/swap-codes.ts";
import { readTrailer, trailerBytesOf } from "../trailer/trailer.ts";
import type { SwapStrategy } from "./strategy.ts";
import { hasRoom, mustFit, sectorCountsFit, sectorOf, sectorsOf, swapSizeIn } from "./swap-sectors.ts";
import { lastWritten, sameStatus, writeStatus } from "./swap-status.ts";

/** Where the header of a slot's image stands while a swap is interrupted. As swap_move.c boot_read_image_header. */
function headerPlace(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  { status }: Swap,
): { slot: Slot; offset: number } {
  const { build } = loader;
  const sectors = build.generation.readsSwapSizeForHeaders
    ? sectorsOf(build, swapSizeIn(loader, image, image.areas[PRIMARY]))
    : Number.POSITIVE_INFINITY;
  const { index, state } = status;
  const up = { slot: PRIMARY, offset: build.sectorBytes } as const;
  if (status.operation === "move") return slot === PRIMARY && index > sectors ? up : { slot, offset: 0 };
  if (index === 1 && slot === PRIMARY) return up;
  if (index === 1 && state === 2) return { slot: PRIMARY, offset: 0 };
  const exchanged = index > 1 && index <= sectors;
  return { slot: exchanged ? (slot === PRIMARY ? SECONDARY : PRIMARY) : slot, offset: 0 };
}

/**
 * A revert's first step: the request is made to look like a permanent upgrade, so that it survives the loss of the
 * primary trailer. Source: MCUboot swap_move.c fixup_revert.
 */
function* fixUpRevert(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const { build, flash } = loader;
  if (swap.type !== "revert" || swap.status.operation !== "move" || swap.status.index !== 1) return;
  const area = image.areas[SECONDARY];
  const trailer = readTrailer(flash, build, area);
  yield* logTrailer(loader, "Secondary image", trailer);
  if (trailer.magic !== "unset") return;
  yield* eraseTrailer(loader, area);
  if (!build.defects.has("skip-image-ok")) yield writeFlag({ build, area }, "imageOk");
  if (build.fixes?.has("U11")) yield writeSwapInfo({ build, area }, SWAP_CODE.revert, image.index);
  yield writeSwapSize({ build, area }, swap.bytes);
  yield writeMagic({ build, area });
}

function* prepare(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const [primary, secondary] = image.areas;
  if (swap.source !== "primary slot" || loader.build.defects.has("R6-855")) {
    yield* eraseTrailer(loader, primary);
    yield* initTrailer(loader, image, swap, primary);
  }
  yield* eraseTrailer(loader, secondary);
}

/** Erases a sector, fills it from another, and notes that it is done. */
function* copySector(loader: LoaderState, image: ImagePair, swap: Swap, from: SlotRegion, to: SlotRegion): Steps {
  const { build } = loader;
  const where = swap.status.operation === "move" ? "boot_move_sector_up" : "boot_swap_sectors";
  assertion(loader, yield* eraseRegion(loader, to), where);
  assertion(loader, yield* copyRegion(loader, image, { from, to, bytes: to.bytes }), where);
  yield writeStatus(build, image.areas[PRIMARY], entryOf(build, swap), swap.status.state);
}

function entryOf(build: BootloaderBuild, { status }: Swap): number {
  if (status.operation === "move") return status.index - 1;
  return build.maxImgSectors + 2 * (status.index - 1) + status.state - 1;
}

/** What is next once `done` entries are written, the first `moves` of which are of the move up. */
function statusAfter(done: number, moves: number): SwapStatus {
  if (done < moves) return { operation: "move", index: done + 1, state: 1 };
  const swaps = done - moves;
  return { operation: "swap", index: Math.floor(swaps / 2) + 1, state: (swaps % 2) + 1 };
}

function* moveUp(loader: LoaderState, image: ImagePair, swap: Swap, sectors: number): Steps {
  for (let index = swap.status.index; index <= sectors; index += 1) {
    if (index === 1) yield* prepare(loader, image, swap);
    swap.status = { operation: "move", index, state: 1 };
    const to = sectorOf(loader.build, image, PRIMARY, sectors - index + 1);
    const from = sectorOf(loader.build, image, PRIMARY, sectors - index);
    yield* copySector(loader, image, swap, from, to);
  }
}

function* exchange(loader: LoaderState, image: ImagePair, swap: Swap, sectors: number): Steps {
  const { build } = loader;
  const first = swap.status;
  for (let index = first.index; index <= sectors; index += 1) {
    const up = sectorOf(build, image, PRIMARY, index);
    const primary = sectorOf(build, image, PRIMARY, index - 1);
    const secondary = sectorOf(build, image, SECONDARY, index - 1);
    if (index > first.index || first.state === 1) {
      swap.status = { operation: "swap", index, state: 1 };
      yield* copySector(loader, image, swap, secondary, primary);
    }
    swap.status = { operation: "swap", index, state: 2 };
    yield* copySector(loader, image, swap, up, secondary);
  }
}

/** Swap using move. Source: MCUboot swap_move.c swap_run. */
export const swapMove: SwapStrategy = {
  start: { operation: "move", index: 1, state: 1 },

  statusSource: primaryStatusSource,

  readStatus(flash, build, area) {
    const moves = build.maxImgSectors;
    const found = lastWritten(flash, build, area, 3 * moves);
    return { status: found === 0 ? undefined : statusAfter(found, moves), inconsistent: false };
  },

  readHeader(loader, image, slot, swap) {
    const resumes = swap !== undefined && !sameStatus(swap.status, swapMove.start);
    const place = resumes ? headerPlace(loader, image, slot, swap) : { slot, offset: 0 };
    image.headers[slot] = headerAt(loader, image.areas[place.slot], place.offset);
    return swap === undefined || hasMagic(image.headers[slot]);
  },

  slotsCompatible: (loader, image) => sectorCountsFit(loader, image, PRIMARY),

  *run(loader, image, swap) {
    yield* log(loader, "starting swap", { algorithm: "move" });
    const sectors = sectorsOf(loader.build, swap.bytes);
    if (!sameStatus(swap.status, swapMove.start)) mustFit(image.areas[PRIMARY], swap.bytes);
    else if (!(yield* hasRoom(loader, image, sectors + 1))) {
      swap.type = "none";
      return;
    }
    yield* fixUpRevert(loader, image, swap);
    if (swap.status.operation === "move") {
      yield* moveUp(loader, image, swap, sectors);
      swap.status = { operation: "swap", index: 1, state: 1 };
    }
    yield* exchange(loader, image, swap, sectors);
  },

  imageBytesMax(build, [primary, secondary]) {
    const trailer = roundUp(trailerBytesOf(build), build.sectorBytes);
    return Math.min(primary.bytes - trailer - build.sectorBytes, secondary.bytes - trailer);
  },
};
