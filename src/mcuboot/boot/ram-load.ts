import { hexOf } from "../../core/index.ts";
import { decodeHeader, FLAG, HEADER_BYTES } from "../../image/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Fault } from "../builds/refusal-table.ts";
import type { Flash } from "../flash/operation.ts";
import { applyKeyStream, isEncrypted, loadImageKey } from "../loader/body-keys.ts";
import {
  type ImagePair,
  type LoaderState,
  log,
  newLoaderState,
  PRIMARY,
  readArea,
  SECONDARY,
  type Slot,
  tlvOffset,
} from "../loader/loader-state.ts";
import { refuse } from "../loader/refusals.ts";
import { eraseSlot } from "../loader/regions.ts";
import { tlvRange } from "../loader/tlv-walk.ts";
import type { Steps } from "../steps/steps.ts";

/** Addresses that an image takes in RAM, header to last TLV; `end` is the first behind it. */
export interface RamRange {
  readonly start: number;
  readonly end: number;
}

/** Where the image of a slot lies once it is loaded; undefined of one whose length cannot be read. */
export function ramRangeOf(loader: LoaderState, image: ImagePair, slot: Slot): RamRange | undefined {
  const tlvs = tlvRange(loader, image, slot);
  const { loadAddress } = image.headers[slot];
  return tlvs && { start: loadAddress, end: loadAddress + tlvs.end };
}

/**
 * Copies the image of a slot to the address in its header, decrypted on the way. What cannot be loaded is erased from
 * flash, whole.
 * @param loaded what other images of this boot take.
 * Source: MCUboot ram_load.c boot_load_image_to_sram, boot_remove_image_from_flash.
 */
export function* loadIntoRam(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  loaded: readonly RamRange[],
): Steps<boolean> {
  const fault = yield* loadFault(loader, image, slot, loaded);
  if (fault === undefined) return true;
  refuse(loader, image, slot, fault);
  yield* log(loader, "removing from flash", { image: image.index, count: slot });
  yield* eraseSlot(loader, image.areas[slot]);
  return false;
}

/** An image that was loaded and is not to run is overwritten with zeros there. */
export function* removeFromRam(loader: LoaderState, image: ImagePair, slot: Slot): Steps {
  yield* log(loader, "removing from ram", placeOf(image, slot));
}

function placeOf({ index, headers }: ImagePair, slot: Slot) {
  return { image: index, value: `0x${headers[slot].loadAddress.toString(16)}` };
}

function* loadFault(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  loaded: readonly RamRange[],
): Steps<Fault | undefined> {
  const { imageRam, encryption, crypto } = loader.build;
  if (imageRam === undefined) throw new RangeError("a RAM-load build without memory for images");
  const header = image.headers[slot];
  if ((header.flags & FLAG.RAM_LOAD) === 0) return { reason: "not for RAM" };
  const range = ramRangeOf(loader, image, slot);
  if (range === undefined) return { reason: "TLVs" };
  const ramEnd = imageRam.offset + imageRam.bytes;
  if (range.start < imageRam.offset || range.end > ramEnd || range.end > 0xffff_ffff) {
    yield* log(loader, "ram load address", placeOf(image, slot));
    const [found, foundEnd, from, end] = [range.start, range.end, imageRam.offset, ramEnd].map((value) => hexOf(value));
    return { reason: "RAM address", values: { found: `${found} to ${foundEnd}`, from: from ?? "", end: end ?? "" } };
  }
  if (loaded.some((other) => overlap(range, other))) {
    yield* log(loader, "ram load overlap", placeOf(image, slot));
    return { reason: "RAM overlap" };
  }
  const decrypts = encryption !== undefined && isEncrypted(header);
  const cipherBytes = decrypts ? header.bodyBytes : 0;
  yield { kind: "work", what: "copy", bytes: range.end - range.start, cipherBytes, crypto };
  if (decrypts && !loadImageKey(loader, image, slot)) {
    yield* log(loader, "ram load failed", placeOf(image, slot));
    return { reason: "encryption key" };
  }
  yield* log(loader, "ram loaded", placeOf(image, slot));
  return undefined;
}

/** One that begins right behind the other's end counts, too. Source: MCUboot ram_load.c do_regions_overlap. */
function overlap(a: RamRange, b: RamRange): boolean {
  if (b.start > a.end) return false;
  return b.start >= a.start || b.end > a.start;
}

/**
 * The image of the slot at this device offset as it lies in RAM once it is loaded, in clear; undefined where none can
 * be read, or its key cannot be had.
 */
export function imageInRam(flash: Flash, build: BootloaderBuild, slotOffset: number): Uint8Array | undefined {
  const loader = newLoaderState(flash, build);
  for (const image of loader.images) {
    for (const slot of [PRIMARY, SECONDARY] as const) {
      if (image.areas[slot].offset !== slotOffset) continue;
      const header = decodeHeader(flash.read(slotOffset, HEADER_BYTES));
      image.headers[slot] = header;
      const range = tlvRange(loader, image, slot);
      const bytes = range && readArea(loader, image.areas[slot], 0, range.end)?.slice();
      if (bytes === undefined || build.encryption === undefined || !isEncrypted(header)) return bytes;
      const key = loadImageKey(loader, image, slot) ? image.keys[slot] : undefined;
      if (key === undefined) return undefined;
      applyKeyStream(key, bytes.subarray(header.headerBytes, tlvOffset(header)), 0);
      return bytes;
    }
  }
  return undefined;
}
