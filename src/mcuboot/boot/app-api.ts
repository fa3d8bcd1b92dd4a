import { roundUp } from "../../core/index.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { Area, BootloaderBuild } from "../builds/build.ts";
import { ERASED } from "../flash/flash-rules.ts";
import type { Flash, FlashOperation } from "../flash/operation.ts";
import { PRIMARY, SECONDARY, type Slot } from "../loader/loader-state.ts";
import { type TrailerTarget, writeFlag, writeMagic, writeSwapInfo } from "../loader/trailer-writes.ts";
import type { Steps } from "../steps/steps.ts";
import { SWAP_CODE } from "../trailer/swap-codes.ts";
import { readTrailer } from "../trailer/trailer.ts";

/** What the application's calls answer. Source: MCUboot bootutil_public.h BOOT_E*. */
export const API_CODE = { done: 0, badImage: 3, badVector: 4 } as const;
export type ApiCode = (typeof API_CODE)[keyof typeof API_CODE];

/**
 * The application asks for the image in the secondary slot on the next boot: magic, then image_ok for a permanent
 * request, then swap_info. A request that stands already is left as it is, also one for a test.
 * @param slot where images run in place: the slot that is asked for.
 * @throws RangeError when the build has no such image.
 * Source: MCUboot bootutil_public.c boot_set_pending_multi, boot_set_next.
 */
export function* setPending(
  flash: Flash,
  build: BootloaderBuild,
  image: number,
  permanent: boolean,
  slot: Slot = SECONDARY,
): Steps<ApiCode> {
  const target = { build, area: areaOf(build, image, slot) };
  if (newestRuns(build.mode)) return yield* setNextXip(flash, target, permanent);
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
 * @param slot where images run in place: the slot that runs.
 * @throws RangeError when the build has no such image.
 * Source: MCUboot bootutil_public.c boot_set_confirmed_multi, boot_set_next.
 */
export function* confirm(flash: Flash, build: BootloaderBuild, image: number, slot: Slot = PRIMARY): Steps<ApiCode> {
  const target = { build, area: areaOf(build, image, slot) };
  if (newestRuns(build.mode)) return yield* setNextXip(flash, target, true);
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

/**
 * An upload reaches the flash in blocks of so many bytes; what is short of a block stays in RAM until the last byte of
 * the image has come. Source: Zephyr CONFIG_IMG_BLOCK_BUF_SIZE; measured on Zephyr 3.4.0 and 4.4.0.
 */
export const UPLOAD_BLOCK_BYTES = 512;

/** An area in which no bit is programmed. */
export function isBlank(flash: Flash, { offset, bytes }: Area, stepBytes: number): boolean {
  for (let at = 0; at < bytes; at += stepBytes) {
    for (const byte of flash.read(offset + at, Math.min(stepBytes, bytes - at))) if (byte !== ERASED) return false;
  }
  return true;
}

/**
 * The application erases a slot: every sector, blank ones too, unless the whole slot is blank.
 * Source: measured on Zephyr 3.4.0 and 4.4.0 (nRF5340 64 of 64 pages, nRF51 104 of 104).
 */
export function* eraseSlotByApp(flash: Flash, build: Pick<BootloaderBuild, "sectorBytes">, area: Area): Steps {
  if (!isBlank(flash, area, build.sectorBytes)) yield* eraseSectors(build, area, 0, area.bytes);
}

/**
 * Before an upload's first byte: unless the whole slot is blank, every sector of the image is erased, and then the last
 * of the slot, where the trailer's magic and flags are; with an image that begins a sector up, the first sector last.
 * @param upload.start where the image begins in the slot, in bytes (`uploadOffset`).
 * @param upload.bytes its length; a longer one than the slot takes erases all of it.
 * Source: measured on Zephyr 3.4.0 and, for swap using offset, 4.4.0 (51 sectors for 49,692 bytes).
 */
export function* prepareUpload(
  flash: Flash,
  build: Pick<BootloaderBuild, "sectorBytes">,
  area: Area,
  upload: { readonly start: number; readonly bytes: number },
): Steps {
  const { sectorBytes } = build;
  if (isBlank(flash, area, sectorBytes)) return;
  const end = Math.min(area.bytes, roundUp(upload.start + upload.bytes, sectorBytes));
  const trailer = area.bytes - sectorBytes;
  yield* eraseSectors(build, area, upload.start, end);
  if (end <= trailer) yield* eraseSectors(build, area, trailer, area.bytes);
  yield* eraseSectors(build, area, 0, upload.start);
}

function* eraseSectors(
  { sectorBytes }: Pick<BootloaderBuild, "sectorBytes">,
  area: Area,
  from: number,
  to: number,
): Steps {
  for (let at = from; at < to; at += sectorBytes) yield { kind: "erase", offset: area.offset + at, bytes: sectorBytes };
}

/** The write of a block of an upload, or of what is left of it at the end: whole words, the last filled up with ones. */
export function uploadWrite(
  build: Pick<BootloaderBuild, "writeBytes">,
  offset: number,
  bytes: Uint8Array,
): FlashOperation & { readonly kind: "write" } {
  const data = new Uint8Array(roundUp(bytes.length, build.writeBytes)).fill(ERASED);
  data.set(bytes);
  return { kind: "write", offset, data };
}

/** Everything that an upload of `file` into a slot of an image, the secondary one, does to the flash, in order. */
export function* uploadSteps(
  flash: Flash,
  build: BootloaderBuild,
  image: number,
  file: Uint8Array,
  slot: Slot = SECONDARY,
): Steps {
  const area = areaOf(build, image, slot);
  const start = uploadOffset(build);
  yield* prepareUpload(flash, build, area, { start, bytes: file.length });
  for (let at = 0; at < file.length; at += UPLOAD_BLOCK_BYTES) {
    yield uploadWrite(build, area.offset + start + at, file.subarray(at, at + UPLOAD_BLOCK_BYTES));
  }
}

function areaOf(build: BootloaderBuild, image: number, slot: Slot): Area {
  const areas = build.images[image];
  if (areas === undefined) throw new RangeError(`this bootloader has ${build.images.length} images, no image ${image}`);
  return slot === PRIMARY ? areas.primary : areas.secondary;
}
