import type { BootloaderBuild } from "../builds/build.ts";
import { ERASED } from "../flash/flash-rules.ts";
import type { Flash } from "../flash/operation.ts";
import { isEncrypted } from "../loader/body-keys.ts";
import {
  assertion,
  hasMagic,
  type ImagePair,
  isErasedHeader,
  type LoaderState,
  log,
  must,
  newLoaderState,
  PRIMARY,
  SECONDARY,
  type Swap,
} from "../loader/loader-state.ts";
import { refuse } from "../loader/refusals.ts";
import { eraseSlot } from "../loader/regions.ts";
import { isNetCandidate, isPassedOver, updateNetCore } from "../net-core/update.ts";
import { dropForWrongHalf, ownCandidate } from "../nsib/own-update.ts";
import type { Steps } from "../steps/steps.ts";
import { strategyOf } from "../swap/strategies.ts";
import { decideSwapType } from "../swap/swap-decision.ts";
import { finishSwap, isFresh, newSwap, swapImage } from "../swap/swap-image.ts";
import { isUpgrade, type SwapType, swapTypeOfCode } from "../trailer/swap-codes.ts";
import { fieldOffset, readTrailer } from "../trailer/trailer.ts";
import { readHeaders } from "./headers.ts";
import { validateSlot } from "./validate-slot.ts";

/**
 * Completes a swap of this image that was interrupted, or decides what is to be done with it (`image.swapType`).
 * @returns the swap as far as it is known.
 * Source: MCUboot loader.c boot_prepare_image_for_update.
 */
export function* prepareImage(loader: LoaderState, image: ImagePair): Steps<Swap> {
  const { build } = loader;
  const strategy = strategyOf(build.mode);
  const swap = newSwap(loader);
  yield* readHeaders(loader, image);
  // Source: sdk-mcuboot swap_*.c boot_slots_compatible, MCUBOOT_IS_SECOND_STAGE.
  if (!image.own && !(yield* strategy.slotsCompatible(loader, image))) return swap;
  yield* readSwap(loader, image, swap);
  if (!(yield* readHeaders(loader, image, swap, !isFresh(loader, swap))) && !mayBootstrap(loader, image)) {
    if (hasMagic(image.headers[PRIMARY])) refuse(loader, image, SECONDARY, { reason: "no image" });
    yield* log(loader, "headers unread", { image: image.index });
    return swap;
  }
  if (!isFresh(loader, swap)) {
    yield* completeSwap(loader, image, swap);
    return swap;
  }
  if (build.lifeCycle?.updates === false) {
    const { magic } = readTrailer(loader.flash, build, image.areas[SECONDARY]);
    const state = build.lifeCycle.name;
    if (magic === "good") refuse(loader, image, SECONDARY, { reason: "life cycle", values: { state } });
    image.swapType = "none";
    return swap;
  }
  if (swap.type === "none") image.swapType = yield* validatedSwapType(loader, image, swap);
  else image.swapType = (yield* validateSlot(loader, image, SECONDARY, swap)) ? swap.type : "fail";
  reviewEarlierImages(loader, image, false);
  if (build.bootstrap && !image.own && image.swapType === "none") yield* considerBootstrap(loader, image, swap);
  return swap;
}

/** Reads source, status and type of an interrupted swap. Source: MCUboot swap_misc.c swap_read_status. */
function* readSwap(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const { flash, build } = loader;
  const strategy = strategyOf(build.mode);
  if (strategy.statusSource === undefined) return;
  swap.source = yield* strategy.statusSource(loader, image);
  if (swap.source === "none") return;
  const area = swap.source === "scratch" ? build.scratch : image.areas[PRIMARY];
  must(area !== undefined, "swap_read_status", "fap != NULL");
  const read = strategy.readStatus?.(flash, build, area);
  if (read?.inconsistent === true) {
    yield* log(loader, "inconsistent status");
    assertion(loader, build.validatePrimarySlot, "swap_read_status_bytes", "0");
  }
  swap.status = read?.status ?? swap.status;
  const info = flash.read(fieldOffset(build, area, "swapInfo"), 1)[0] ?? ERASED;
  swap.type = info === ERASED ? "none" : swapTypeOfCode(info & 0x0f);
}

/** True when a boot would find a swap of this image to go on with: a trailer that tells its type, or entries. */
export function swapUnderWay(flash: Flash, build: BootloaderBuild, index: number): boolean {
  const loader = newLoaderState(flash, build);
  const image = loader.images[index];
  if (image === undefined) throw new RangeError(`this bootloader has ${build.images.length} images, no image ${index}`);
  const swap = newSwap(loader);
  for (const _ of readSwap(loader, image, swap)) continue;
  return swap.type !== "none" || !isFresh(loader, swap);
}

/** Ends an interrupted swap. Source: MCUboot loader.c boot_complete_partial_swap. */
function* completeSwap(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const { defects } = loader.build;
  reviewEarlierImages(loader, image, true);
  yield* swapImage(loader, image, swap);
  yield* finishSwap(loader, image, swap.type);
  if (defects.has("lose-fallback")) yield* eraseSlot(loader, image.areas[SECONDARY]);
  yield* readHeaders(loader, image);
  if (defects.has("R18-2ac79767")) image.headers.reverse();
  const type = swap.type;
  image.swapType = "none";
  if (!defects.has("revert-at-once") || type !== "test") return;
  Object.assign(swap, newSwap(loader));
  image.keys.fill(undefined);
  image.swapType = yield* validatedSwapType(loader, image, swap);
}

/** What the trailers ask for, if the image in the secondary slot is fit for it. */
function* validatedSwapType(loader: LoaderState, image: ImagePair, swap: Swap): Steps<SwapType> {
  const { defects, netCore } = loader.build;
  // Whose word is not known is taken for an application's.
  if (netCore === undefined && image.own) return "none";
  if (netCore !== undefined) {
    const candidate = ownCandidate(loader, image, netCore);
    if (candidate === "wrong half") {
      yield* dropForWrongHalf(loader, image);
      return "fail";
    }
    if ((candidate === "update") !== image.own) return "none";
    if (candidate === "other" && isPassedOver(loader, image, netCore)) {
      yield* cleanUnusable(loader, image);
      return "none";
    }
  }
  const type = yield* decideSwapType(loader, image);
  if (!isUpgrade(type) || defects.has("swap-unvalidated")) return type;
  if (defects.has("DZ-111701") && isEncrypted(image.headers[SECONDARY])) return "none";
  if (!(yield* validateSlot(loader, image, SECONDARY, swap, type))) return "none";
  if (netCore === undefined || !isNetCandidate(loader, image, netCore)) return type;
  return yield* updateNetCore(loader, image, netCore);
}

/** An image that fits no primary slot goes. Source: sdk-mcuboot loader.c, CONFIG_MCUBOOT_CLEANUP_UNUSABLE_SECONDARY. */
function* cleanUnusable(loader: LoaderState, image: ImagePair): Steps {
  if (!loader.build.generation.cleansUnusable || !hasMagic(image.headers[SECONDARY])) return;
  yield* eraseSlot(loader, image.areas[SECONDARY]);
  yield* log(loader, "cleaned up", { image: image.index });
}

/**
 * An image that seems to be due for its revert has only just been swapped, when a later image is still on its way.
 * Source: MCUboot loader.c boot_review_image_swap_types.
 */
function reviewEarlierImages({ images }: LoaderState, image: ImagePair, interrupted: boolean): void {
  if (!interrupted && (image.swapType === "none" || image.swapType === "revert")) return;
  for (const earlier of images.slice(0, image.index)) {
    if (earlier.swapType === "revert") earlier.swapType = "none";
  }
}

function mayBootstrap({ build }: LoaderState, image: ImagePair): boolean {
  return build.bootstrap && isErasedHeader(image.headers[PRIMARY]);
}

/** An unfit primary slot is filled from a fit secondary one. */
function* considerBootstrap(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const fit = yield* validateSlot(loader, image, PRIMARY, swap);
  if (fit) return;
  const candidate = hasMagic(image.headers[SECONDARY]);
  const valid = yield* validateSlot(loader, image, SECONDARY, swap);
  if (candidate && valid) image.swapType = "revert";
}
