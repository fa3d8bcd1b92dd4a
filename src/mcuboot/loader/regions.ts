import { roundUp } from "../../core/index.ts";
import type { Area } from "../builds/build.ts";
import type { Steps } from "../steps/steps.ts";
import { trailerBytesOf } from "../trailer/trailer.ts";
import { applyKeyStream, isEncrypted } from "./body-keys.ts";
import {
  assertion,
  type ImagePair,
  type LoaderState,
  PRIMARY,
  readArea,
  SECONDARY,
  type Slot,
  tlvOffset,
} from "./loader-state.ts";

/** Copies go in chunks of this size: cut points lie between them. Source: MCUboot loader.c BUF_SZ. */
export const CHUNK_BYTES = 1_024;

/** A range of an area; offsets from the area's start, in bytes. */
export interface SlotRegion {
  readonly area: Area;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Erases the sectors of a range.
 * @returns false, without an operation, when the range leaves its area.
 * Source: MCUboot bootutil_area.c boot_erase_region.
 */
export function* eraseRegion(loader: LoaderState, region: SlotRegion, order: "up" | "down" = "up"): Steps<boolean> {
  const { sectorBytes, generation } = loader.build;
  if (region.offset < 0 || region.offset + region.bytes > region.area.bytes) return false;
  const unit = generation.erasesRanges && order === "up" ? region.bytes : sectorBytes;
  const start = region.area.offset + region.offset;
  for (let done = 0; done < region.bytes; done += unit) {
    const from = order === "up" ? done : region.bytes - unit - done;
    yield { kind: "erase", offset: start + from, bytes: unit };
  }
  return true;
}

/**
 * Erases the sectors that hold the trailer of an area, last one first. Source: swap_misc.c
 * swap_scramble_trailer_sectors.
 */
export function* eraseTrailer(loader: LoaderState, area: Area): Steps {
  const bytes = roundUp(trailerBytesOf(loader.build), loader.build.sectorBytes);
  yield* eraseRegion(loader, { area, offset: area.bytes - bytes, bytes }, "down");
}

/** Erases a whole slot, trailer last. Source: MCUboot bootutil_area.c boot_scramble_slot. */
export function* eraseSlot(loader: LoaderState, area: Area): Steps {
  const { defects, mode, sectorBytes } = loader.build;
  if (defects.has("R30-9d334f9b") && mode === "offset") {
    yield* eraseRegion(loader, { area, offset: 0, bytes: sectorBytes });
    yield* eraseTrailer(loader, area);
    return;
  }
  yield* eraseRegion(loader, { area, offset: 0, bytes: area.bytes });
}

/** From where to where a copy goes. The encryption offset differs from `to.offset` in a revert of swap using offset. */
interface Copy {
  readonly from: { readonly area: Area; readonly offset: number };
  readonly to: { readonly area: Area; readonly offset: number };
  readonly bytes: number;
  /** Bytes by which `to.offset` lies above the image's own offset. */
  readonly shiftBytes?: number;
}

/**
 * Copies a range chunk by chunk; what leaves the primary slot is encrypted and what enters it decrypted, with the key
 * of the image that is moved. The destination must be erased.
 * @returns false when a range leaves its area.
 * Source: MCUboot loader.c boot_copy_region.
 */
export function* copyRegion(loader: LoaderState, image: ImagePair, copy: Copy): Steps<boolean> {
  const cipher = cipherOf(loader, image, copy);
  for (let done = 0; done < copy.bytes; done += CHUNK_BYTES) {
    const bytes = Math.min(CHUNK_BYTES, copy.bytes - done);
    const chunk = readArea(loader, copy.from.area, copy.from.offset + done, bytes);
    if (chunk === undefined) return false;
    const cipherBytes = cipher === undefined ? 0 : crypt(loader, image, cipher.slot, chunk, cipher.offset + done);
    yield { kind: "work", what: "copy", bytes, cipherBytes, crypto: loader.build.crypto };
    if (copy.to.offset + done + bytes > copy.to.area.bytes) return false;
    yield { kind: "write", offset: copy.to.area.offset + copy.to.offset + done, data: chunk };
  }
  return true;
}

/** The slot whose header and key a copy uses, and the offset of its first byte in the image; undefined: as it is. */
function cipherOf(
  { build }: LoaderState,
  { areas, headers }: ImagePair,
  { from, to, shiftBytes = 0 }: Copy,
): { readonly slot: Slot; readonly offset: number } | undefined {
  if (build.encryption === undefined) return undefined;
  const { decryptsIntoPrimary } = build.generation;
  const leaves = decryptsIntoPrimary ? from.area === areas[PRIMARY] : to.area === areas[SECONDARY];
  const enters = decryptsIntoPrimary ? to.area === areas[PRIMARY] : from.area === areas[SECONDARY];
  if (leaves === enters) return undefined;
  const slot = enters ? SECONDARY : PRIMARY;
  const offset = decryptsIntoPrimary || leaves ? to.offset - shiftBytes : from.offset;
  return isEncrypted(headers[slot]) ? { slot, offset } : undefined;
}

/** Encrypts or decrypts the part of a chunk that is body; header and TLVs stay as they are. @returns its bytes. */
function crypt(loader: LoaderState, image: ImagePair, slot: Slot, chunk: Uint8Array, offset: number): number {
  const header = image.headers[slot];
  const { generation, defects } = loader.build;
  const wholeHeader = defects.has("R9-e38b0afa") && header.headerBytes > CHUNK_BYTES;
  const from = wholeHeader ? offset : Math.max(header.headerBytes, offset);
  const tooFar = generation.cryptsPastTinyBody && offset < tlvOffset(header) ? from - offset : 0;
  const to = Math.min(tlvOffset(header) + tooFar, offset + chunk.length);
  if (from >= to) return 0;
  const overruns =
    tooFar > 0 && tlvOffset(header) + tooFar - offset > CHUNK_BYTES && offset + chunk.length > tlvOffset(header);
  image.sectorsSpoiled ||= overruns && generation.overrunSpoilsSectors;
  const key = image.keys[slot];
  if (key === undefined && defects.has("forget-keys")) return 0;
  assertion(loader, key !== undefined, generation.cryptAssert, "enc->valid == 1");
  const part = chunk.subarray(from - offset, to - offset);
  applyKeyStream(key ?? wrongKey(loader), part, Math.max(0, from - header.headerBytes));
  return part.length;
}

/**
 * What a cipher that was given no key works with, where the assertion about it does nothing. Which bytes come out on a
 * board has not been measured: only that they are wrong.
 */
function wrongKey({ build }: LoaderState): Uint8Array {
  return new Uint8Array(build.encryption?.aesKeyBytes ?? 0);
}
