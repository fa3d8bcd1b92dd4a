import type { Area, BootloaderBuild } from "../builds/build.ts";
import { type ImagePair, type LoaderState, log, PRIMARY, SECONDARY, type Slot } from "../loader/loader-state.ts";
import { refuse } from "../loader/refusals.ts";
import type { SlotRegion } from "../loader/regions.ts";
import { BootHang, type Steps } from "../steps/steps.ts";
import { readSwapSize, trailerBytesOf } from "../trailer/trailer.ts";

/** Sectors that a number of bytes takes; at least one. Source: MCUboot swap_move.c, swap_offset.c find_last_idx. */
export function sectorsOf(build: BootloaderBuild, bytes: number): number {
  return Math.max(1, Math.ceil(bytes / build.sectorBytes));
}

/** Why a boot hangs whose trailer tells a size that cannot be. */
export const SIZE_OUTSIDE = "swap_size in the trailer is larger than the slot";

/**
 * A size that was read from flash, before sectors are counted by it. No clean cut leaves one that is larger than the
 * slot; what the bootloader makes of it, it works out with memory that is not its own: it may never come back.
 * @throws BootHang
 */
export function mustFit(area: Area, bytes: number): number {
  if (bytes > area.bytes) throw new BootHang(SIZE_OUTSIDE);
  return bytes;
}

/** The swap size that the trailer of an area tells. @throws BootHang where it is larger than the slot. */
export function swapSizeIn({ flash, build }: LoaderState, image: ImagePair, area: Area): number {
  return mustFit(image.areas[PRIMARY], readSwapSize(flash, build, area));
}

/** Sector number `index` of a slot; outside the slot when there is no such sector, or the bootloader has lost it. */
export function sectorOf(build: BootloaderBuild, image: ImagePair, slot: Slot, index: number): SlotRegion {
  const area = image.areas[slot];
  const lost = image.sectorsSpoiled && slot === PRIMARY && index > 0;
  return { area, offset: lost ? area.bytes : index * build.sectorBytes, bytes: build.sectorBytes };
}

/** Index of the first sector of a slot that holds trailer. */
export function firstTrailerSector(build: BootloaderBuild, area: Area): number {
  return Math.floor((area.bytes - trailerBytesOf(build)) / build.sectorBytes);
}

/** False, with a warning, when a swap that starts needs more primary sectors than lie below the trailer. */
export function* hasRoom(loader: LoaderState, image: ImagePair, required: number): Steps<boolean> {
  const { sectorBytes } = loader.build;
  const available = firstTrailerSector(loader.build, image.areas[PRIMARY]);
  if (required <= available) return true;
  const [found, limit] = [required, available].map((count) => `0x${(count * sectorBytes).toString(16)}`);
  refuse(loader, image, SECONDARY, { reason: "no room to swap", values: { found: found ?? "", limit: limit ?? "" } });
  yield* log(loader, "no space");
  yield* log(loader, "space needed", { bytes: required * sectorBytes, available: available * sectorBytes });
  return false;
}

/**
 * True when the slots have as many sectors as a mode wants; prints what does not fit.
 * @param spare which slot may have one sector more.
 */
export function* sectorCountsFit(loader: LoaderState, image: ImagePair, spare: Slot): Steps<boolean> {
  const { sectorBytes, maxImgSectors } = loader.build;
  const [primary, secondary] = image.areas.map((area) => area.bytes / sectorBytes) as [number, number];
  const longer = spare === PRIMARY ? primary - secondary : secondary - primary;
  let wrong: string | undefined;
  if (longer !== 0 && longer !== 1) wrong = "not a compatible amount of sectors";
  else if (primary > maxImgSectors) wrong = "more sectors than allowed";
  if (wrong === undefined) return true;
  refuse(loader, image, SECONDARY, { reason: "slots", values: { rest: wrong } });
  yield* log(loader, "incompatible slots", { rest: wrong });
  return false;
}

/**
 * True when both slots have the same sectors, not too many of them, each small enough for the scratch area if there is
 * one; prints what does not fit.
 * Source: MCUboot swap_scratch.c boot_slots_compatible, for devices with one sector size.
 */
export function* equalSlots(loader: LoaderState, image: ImagePair, scratch?: Area): Steps<boolean> {
  const { sectorBytes, maxImgSectors } = loader.build;
  const [primary, secondary] = image.areas;
  let wrong: string | undefined;
  if (Math.max(primary.bytes, secondary.bytes) / sectorBytes > maxImgSectors) wrong = "more sectors than allowed";
  else if (scratch !== undefined && scratch.bytes < sectorBytes) wrong = "not all sectors fit inside scratch";
  else if (primary.bytes !== secondary.bytes) wrong = "slots are not compatible";
  if (wrong === undefined) return true;
  refuse(loader, image, SECONDARY, { reason: "slots", values: { rest: wrong } });
  yield* log(loader, "incompatible slots", { rest: wrong });
  return false;
}
