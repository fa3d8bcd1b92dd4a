import type { BootloaderBuild } from "./build.ts";
import type { Flash, Steps } from "./steps.ts";
import { SWAP_CODE } from "./swap-type.ts";
import { readTrailer } from "./trailer.ts";
import { type TrailerTarget, writeFlag, writeMagic, writeSwapInfo } from "./trailer-writes.ts";

/** What the application's calls answer. Source: MCUboot bootutil_public.h BOOT_E*. */
export const API_CODE = { done: 0, badImage: 3, badVector: 4 } as const;
export type ApiCode = (typeof API_CODE)[keyof typeof API_CODE];

/**
 * The application asks for the image in the secondary slot on the next boot: magic, then image_ok for a permanent
 * request, then swap_info. A request that stands already is left as it is, also one for a test.
 * @throws RangeError when the build has no such image.
 * Source: MCUboot bootutil_public.c boot_set_pending_multi, boot_set_next.
 */
export function* setPending(flash: Flash, build: BootloaderBuild, image: number, permanent: boolean): Steps<ApiCode> {
  const target = { build, area: areasOf(build, image).secondary };
  if (build.mode === "direct-xip") return yield* setNextXip(flash, target, permanent);
  const { magic } = readTrailer(flash, build, target.area);
  if (magic === "good") return API_CODE.done;
  if (magic === "bad") {
    const { offset, bytes } = target.area;
    if (build.generation.badMagicErasesSlot) yield { kind: "erase", offset, bytes };
    return API_CODE.badImage;
  }
  yield writeMagic(target);
  if (permanent) yield writeFlag(target, "imageOk");
  yield writeSwapInfo(target, SWAP_CODE[permanent ? "perm" : "test"], build.generation.requestNamesImage ? image : 0);
  return API_CODE.done;
}

/**
 * The application confirms the image that runs: image_ok in the primary slot. Without a trailer there is nothing to do,
 * which is no error.
 * @throws RangeError when the build has no such image.
 * Source: MCUboot bootutil_public.c boot_set_confirmed_multi, boot_set_next.
 */
export function* confirm(flash: Flash, build: BootloaderBuild, image: number): Steps<ApiCode> {
  const target = { build, area: areasOf(build, image).primary };
  if (build.mode === "direct-xip") return yield* setNextXip(flash, target, true);
  const { magic, imageOk } = readTrailer(flash, build, target.area);
  if (magic === "bad") return API_CODE.badVector;
  if (magic === "good" && imageOk === "unset") yield writeFlag(target, "imageOk");
  return API_CODE.done;
}

/** Direct-XIP: the magic makes a slot bootable, copy_done and image_ok keep it so. */
function* setNextXip(flash: Flash, target: TrailerTarget, confirmed: boolean): Steps<ApiCode> {
  const { magic, copyDone, imageOk } = readTrailer(flash, target.build, target.area);
  if (magic === "bad") return API_CODE.badImage;
  if (magic === "unset") yield writeMagic(target);
  if (confirmed && copyDone === "unset") yield writeFlag(target, "copyDone");
  if (confirmed && imageOk === "unset") yield writeFlag(target, "imageOk");
  return API_CODE.done;
}

/**
 * Where an application writes an update: bytes from the start of the secondary slot. Swap using offset wants it one
 * sector up. Source: MCUboot swap_offset.c (2.2.0 and later).
 */
export function uploadOffset(build: Pick<BootloaderBuild, "mode" | "sectorBytes">): number {
  return build.mode === "offset" ? build.sectorBytes : 0;
}

function areasOf(build: BootloaderBuild, image: number): BootloaderBuild["images"][number] {
  const areas = build.images[image];
  if (areas === undefined) throw new RangeError(`this bootloader has ${build.images.length} images, no image ${image}`);
  return areas;
}
