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
} from "../loader/loader-state.ts";
import { copyRegion, eraseRegion, eraseTrailer, type SlotRegion } from "../loader/regions.ts";
import { logTrailer, primaryStatusSource } from "../loader/status-source.ts";
import { initTrailer, writeFlag } from "../loader/trailer-writes.ts";
import type { Steps } from "../steps/steps.ts";
import { fieldOffset, readTrailer, readUint32, trailerBytesOf } from "../trailer/trailer.ts";
import type { SwapStrategy } from "./strategy.ts";
import { decideSwapType } from "./swap-decision.ts";
import { hasRoom, mustFit, sectorCountsFit, sectorOf, sectorsOf, swapSizeIn } from "./swap-sectors.ts";
import { lastWritten, sameStatus, writeStatus } from "./swap-status.ts";

interface Place {
  readonly slot: Slot;
  readonly offset: number;
}

/** True for a revert by the swap's own type or, printed, by the trailers. */
function* isRevert(loader: LoaderState, image: ImagePair, swap: Swap | undefined): Steps<boolean> {
  return swap?.type === "revert" || (yield* decideSwapType(loader, image)) === "revert";
}

/**
 * Where a header stands while a swap is interrupted. As swap_offset.c boot_read_image_header; one index short (U1).
 */
function placeInSwap(loader: LoaderState, image: ImagePair, slot: Slot, { status }: Swap, reverts: boolean): Place {
  const { build } = loader;
  const last = sectorsOf(build, swapSizeIn(loader, image, image.areas[PRIMARY])) - 1;
  const { index, state } = status;
  if (reverts) {
    const swapped = index - 1 > last;
    if (slot === SECONDARY) return { slot: swapped ? PRIMARY : SECONDARY, offset: 0 };
    const up = swapped || (index - 1 === last && state === 2);
    return up ? { slot: SECONDARY, offset: build.sectorBytes } : { slot: PRIMARY, offset: 0 };
  }
  const begun = index > 1 || state === 2;
  const reach = build.fixes?.has("U1") ? last + 1 : last;
  if (slot === PRIMARY) return { slot: begun && index <= reach ? SECONDARY : PRIMARY, offset: 0 };
  return index > 1 ? { slot: PRIMARY, offset: 0 } : { slot: SECONDARY, offset: build.sectorBytes };
}

/** Where a header stands when no sector is swapped: an update one sector up, a fallback image at the start. */
function* placeAtRest(loader: LoaderState, image: ImagePair, slot: Slot, swap: Swap | undefined): Steps<Place> {
  const { sectorBytes } = loader.build;
  if (swap === undefined && slot === PRIMARY) return { slot, offset: 0 };
  const reverts = yield* isRevert(loader, image, swap);
  return { slot, offset: slot === SECONDARY && !reverts ? sectorBytes : 0 };
}

/** Source: MCUboot swap_offset.c boot_read_image_header. */
function* readHeader(loader: LoaderState, image: ImagePair, slot: Slot, swap: Swap | undefined): Steps<boolean> {
  const { build } = loader;
  const resumes = swap !== undefined && !sameStatus(swap.status, swapOffset.start);
  let place = resumes
    ? placeInSwap(loader, image, slot, swap, yield* isRevert(loader, image, swap))
    : yield* placeAtRest(loader, image, slot, swap);
  let header = headerAt(loader, image.areas[place.slot], place.offset);
  if (!resumes && slot === SECONDARY && !hasMagic(header)) {
    const reverts = (yield* decideSwapType(loader, image)) === "revert";
    place = { slot, offset: reverts ? build.sectorBytes : 0 };
    header = headerAt(loader, image.areas[slot], place.offset);
  }
  image.headers[slot] = header;
  const settles = swap !== undefined || (build.bootstrap && !image.secondaryOffsetFound);
  if (hasMagic(header) && place.slot === SECONDARY && settles) {
    image.secondaryOffset = place.offset;
    image.secondaryOffsetFound = true;
  }
  return swap === undefined || hasMagic(header);
}

/** A revert's first step: the secondary trailer is made to say "revert". Source: swap_offset.c fixup_revert. */
function* fixUpRevert(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const { build, flash } = loader;
  if (swap.type !== "revert" || swap.status.index !== 1) return;
  const area = image.areas[SECONDARY];
  const trailer = readTrailer(flash, build, area);
  yield* logTrailer(loader, "Secondary image", trailer);
  if (trailer.magic !== "unset") return;
  yield* eraseTrailer(loader, area);
  yield writeFlag({ build, area }, "copyDone");
  yield* initTrailer(loader, image, swap, area);
}

function* prepare(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const [primary, secondary] = image.areas;
  if (swap.status.index !== 1) return;
  if (swap.source !== "primary slot") {
    yield* eraseTrailer(loader, primary);
    yield* initTrailer(loader, image, swap, primary);
  }
  yield* eraseTrailer(loader, secondary);
}

/** Index of the last sector that is copied from each slot: one above the image's own sectors. */
function lastUsed(loader: LoaderState, image: ImagePair): readonly [number, number] {
  const { build, flash } = loader;
  const sizes = build.generation.savesTlvSizes
    ? readUint32(flash, fieldOffset(build, image.areas[PRIMARY], "tlvSizes"))
    : 0;
  const used = (slot: Slot, unprotectedBytes: number): number => {
    const { headerBytes, bodyBytes, protectedTlvBytes } = image.headers[slot];
    return Math.ceil((headerBytes + bodyBytes + protectedTlvBytes + unprotectedBytes) / build.sectorBytes);
  };
  return [used(PRIMARY, sizes & 0xffff), used(SECONDARY, sizes >>> 16)];
}

interface SectorStep {
  readonly from: SlotRegion;
  readonly to: SlotRegion;
  /** The sector holds nothing of the image: it stays where it is. */
  readonly skip: boolean;
  readonly shiftBytes: number;
}

/** Both steps of one sector: out of the primary slot, then into it. */
function sectorSteps(
  build: BootloaderBuild,
  image: ImagePair,
  sector: number,
  reverts: boolean,
  used: readonly [number, number],
): readonly [SectorStep, SectorStep] {
  const primary = sectorOf(build, image, PRIMARY, sector);
  const secondary = sectorOf(build, image, SECONDARY, sector);
  const up = sectorOf(build, image, SECONDARY, sector + 1);
  const shiftBytes = reverts ? build.sectorBytes : 0;
  return [
    { from: primary, to: reverts ? up : secondary, skip: sector > used[PRIMARY], shiftBytes },
    { from: reverts ? secondary : up, to: primary, skip: sector > used[SECONDARY], shiftBytes: 0 },
  ];
}

function* swapSectors(loader: LoaderState, image: ImagePair, swap: Swap, sectors: number, reverts: boolean): Steps {
  const { build } = loader;
  const used = lastUsed(loader, image);
  const first = swap.status;
  for (let index = first.index; index <= sectors; index += 1) {
    const sector = reverts ? sectors - index : index - 1;
    for (const [done, step] of sectorSteps(build, image, sector, reverts, used).entries()) {
      const state = done + 1;
      if (index === first.index && state < first.state) continue;
      swap.status = { operation: "swap", index, state };
      if (!step.skip) {
        const { from, to, shiftBytes } = step;
        assertion(loader, yield* eraseRegion(loader, to), "boot_swap_sectors");
        const copied = yield* copyRegion(loader, image, { from, to, bytes: to.bytes, shiftBytes });
        assertion(loader, copied, "boot_swap_sectors");
      }
      yield writeStatus(build, image.areas[PRIMARY], 2 * (index - 1) + done, state);
    }
  }
}

/** Swap using offset. Source: MCUboot swap_offset.c swap_run. */
export const swapOffset: SwapStrategy = {
  start: { operation: "swap", index: 1, state: 1 },

  statusSource: primaryStatusSource,

  readStatus(flash, build, area) {
    const found = lastWritten(flash, build, area, 2 * build.maxImgSectors);
    const status = { operation: "swap", index: Math.floor(found / 2) + 1, state: (found % 2) + 1 } as const;
    return { status: found === 0 ? undefined : status, inconsistent: false };
  },

  readHeader,

  slotsCompatible: (loader, image) => sectorCountsFit(loader, image, SECONDARY),

  *run(loader, image, swap) {
    const { sectorBytes } = loader.build;
    yield* log(loader, "starting swap", { algorithm: "offset" });
    const sectors = sectorsOf(loader.build, swap.bytes);
    const spare = loader.build.defects.has("R26-7330df7c") ? 1 : 0;
    if (!sameStatus(swap.status, swapOffset.start)) mustFit(image.areas[PRIMARY], swap.bytes);
    else if (!(yield* hasRoom(loader, image, sectors + spare))) {
      swap.type = "none";
      return;
    }
    yield* fixUpRevert(loader, image, swap);
    yield* prepare(loader, image, swap);
    const reverts = yield* isRevert(loader, image, swap);
    yield* swapSectors(loader, image, swap, sectors, reverts);
    if (!reverts) return;
    // What is left of the fallback image must not be taken for an update.
    yield* eraseRegion(loader, { area: image.areas[SECONDARY], offset: 0, bytes: sectorBytes });
    yield* eraseTrailer(loader, image.areas[SECONDARY]);
  },

  imageBytesMax(build, [primary, secondary]) {
    const trailer = roundUp(trailerBytesOf(build), build.sectorBytes);
    return Math.min(primary.bytes - trailer, secondary.bytes - trailer - build.sectorBytes);
  },
};
