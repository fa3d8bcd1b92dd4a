import { roundUp } from "../../core/index.ts";
import { type Area, keySlotBytes, keyTlvBytes } from "../builds/build.ts";
import { isErased } from "../flash/flash-rules.ts";
import { isEncrypted, loadImageKey, unwrapKey, unwrapping } from "../loader/body-keys.ts";
import {
  assertion,
  hasMagic,
  type ImagePair,
  type LoaderState,
  log,
  PRIMARY,
  SECONDARY,
  type Slot,
  type Swap,
} from "../loader/loader-state.ts";
import { statusArea } from "../loader/status-area.ts";
import { tlvRange } from "../loader/tlv-walk.ts";
import { writeFlag } from "../loader/trailer-writes.ts";
import { moveOwnUpdate } from "../nsib/own-update.ts";
import type { Steps } from "../steps/steps.ts";
import { fieldOffset, readSwapSize, readTrailer } from "../trailer/trailer.ts";
import { strategyOf } from "./strategies.ts";
import { sameStatus } from "./swap-status.ts";

/** A swap that has not begun. */
export function newSwap(loader: LoaderState): Swap {
  const { start } = strategyOf(loader.build.mode);
  const swap: Swap = {
    status: start,
    source: "none",
    type: "none",
    bytes: 0,
    savedKeys: [undefined, undefined],
  };
  loader.swaps.push(swap);
  return swap;
}

/** True while no status entry of the swap is written. */
export function isFresh(loader: LoaderState, swap: Swap): boolean {
  return sameStatus(swap.status, strategyOf(loader.build.mode).start);
}

/** Swaps two images, or ends a swap that was interrupted. Source: MCUboot loader.c boot_swap_image. */
export function* swapImage(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  if (isFresh(loader, swap)) {
    const asksOtherHalf = !image.own || loader.build.fixes?.has("N1") !== true;
    const primaryBytes = asksOtherHalf ? yield* sizeOf(loader, image, PRIMARY, swap) : 0;
    const secondaryBytes = yield* sizeOf(loader, image, SECONDARY, swap);
    swap.bytes = Math.max(primaryBytes, secondaryBytes);
  } else {
    const area = statusArea(loader, image);
    if (loader.build.defects.has("R1-480") && swap.type === "none") swap.type = "test";
    swap.bytes = readSwapSize(loader.flash, loader.build, area);
    yield* restoreKeys(loader, image, swap, area);
  }
  if (image.own) yield* moveOwnUpdate(loader, image);
  const run = strategyOf(loader.build.mode).run?.(loader, image, swap);
  if (run !== undefined) yield* run;
}

/** Size of a slot's image with header and TLVs, in bytes; 0 without an image. Loads its key on the way. */
function* sizeOf(loader: LoaderState, image: ImagePair, slot: Slot, swap: Swap): Steps<number> {
  const header = image.headers[slot];
  const range = hasMagic(header) ? tlvRange(loader, image, slot) : undefined;
  assertion(loader, !hasMagic(header) || range !== undefined, "boot_swap_image");
  if (range !== undefined) image.unprotectedTlvBytes[slot] = range.unprotectedBytes;
  if (loader.build.encryption !== undefined) {
    if (!isEncrypted(header)) swap.savedKeys[slot] = undefined;
    else {
      if (image.keys[slot] === undefined) yield* unwrapping(loader);
      assertion(loader, loadImageKey(loader, image, slot, swap), "boot_swap_image", "rc >= 0");
    }
  }
  return range?.end ?? 0;
}

/** Reads both image keys back from a trailer. Source: MCUboot bootutil_misc.c boot_read_enc_key. */
function* restoreKeys(loader: LoaderState, image: ImagePair, swap: Swap, area: Area): Steps {
  const { build } = loader;
  const { encryption } = build;
  if (encryption === undefined || build.defects.has("forget-keys")) return;
  for (const slot of [PRIMARY, SECONDARY] as const) {
    const offset = fieldOffset(build, area, slot === PRIMARY ? "key0" : "key1");
    const saved = loader.flash.read(offset, roundUp(keySlotBytes(build), build.maxAlign));
    if (isErased(saved)) {
      yield* log(loader, "no encryption key");
      continue;
    }
    swap.savedKeys[slot] = saved;
    if (encryption.saveTlv) yield* unwrapping(loader);
    const key = encryption.saveTlv
      ? unwrapKey(encryption, saved.subarray(0, keyTlvBytes(encryption)))
      : saved.subarray(0, encryption.aesKeyBytes);
    if (key !== undefined) image.keys[slot] = build.defects.has("R25-1046") ? new Uint8Array(key.length) : key;
  }
}

/** Writes what makes the result of a swap lasting, copy_done last. Source: MCUboot loader.c boot_perform_update. */
export function* finishSwap(loader: LoaderState, image: ImagePair, type: Swap["type"]): Steps {
  const target = { build: loader.build, area: image.areas[PRIMARY] };
  if (type === "perm" || type === "revert") yield* markImageOk(loader, image);
  const upgrade = type === "test" || type === "perm" || type === "revert";
  if (upgrade && !loader.build.defects.has("skip-copy-done")) yield writeFlag(target, "copyDone");
}

/** Sets image_ok in the primary slot, unless something stands there. Source: MCUboot swap_misc.c swap_set_image_ok. */
export function* markImageOk({ flash, build }: LoaderState, image: ImagePair): Steps {
  const area = image.areas[PRIMARY];
  if (build.defects.has("skip-image-ok")) return;
  if (readTrailer(flash, build, area).imageOk === "unset") yield writeFlag({ build, area }, "imageOk");
}
