import { roundUp } from "../../core/index.ts";
import { type TrailerField, trailerMagic } from "../../image/index.ts";
import { type Area, type BootloaderBuild, keySlotBytes } from "../builds/build.ts";
import { ERASED } from "../flash/flash-rules.ts";
import type { FlashOperation } from "../flash/operation.ts";
import type { Steps } from "../steps/steps.ts";
import { SWAP_CODE } from "../trailer/swap-codes.ts";
import { fieldOffset, readTrailer } from "../trailer/trailer.ts";
import { type ImagePair, type LoaderState, SECONDARY, type Swap } from "./loader-state.ts";

/** What of a trailer can be written. */
export interface TrailerTarget {
  readonly build: BootloaderBuild;
  readonly area: Area;
}

/** The magic, with the erased bytes in front that fill its write unit. Source: bootutil_public.c boot_write_magic. */
export function writeMagic({ build, area }: TrailerTarget): FlashOperation {
  const magic = trailerMagic(build.maxAlign);
  const data = padded(magic, roundUp(magic.length, build.maxAlign), "front");
  return { kind: "write", offset: area.offset + area.bytes - data.length, data };
}

/** A flag's "set". */
export function writeFlag(target: TrailerTarget, field: "imageOk" | "copyDone"): FlashOperation {
  return writeField(target, field, Uint8Array.of(1));
}

/** swap_info: image number and number of the swap type. */
export function writeSwapInfo(target: TrailerTarget, code: number, image: number): FlashOperation {
  return writeField(target, "swapInfo", Uint8Array.of((image << 4) | code));
}

/** swap_size, little-endian. */
export function writeSwapSize(target: TrailerTarget, bytes: number): FlashOperation {
  return writeField(target, "swapSize", littleEndian(bytes));
}

/** Sizes of both images' unprotected TLV areas: low half primary, high half secondary. */
function writeTlvSizes(target: TrailerTarget, sizes: readonly [number, number]): FlashOperation {
  return writeField(target, "tlvSizes", littleEndian(((sizes[1] << 16) | sizes[0]) >>> 0));
}

/** One key slot; erased bytes where there is no key. */
function writeKey(target: TrailerTarget, slot: 0 | 1, key: Uint8Array | undefined): FlashOperation {
  const { build, area } = target;
  const bytes = roundUp(keySlotBytes(build), build.maxAlign);
  const data = padded(key ?? new Uint8Array(0), bytes);
  return { kind: "write", offset: fieldOffset(build, area, slot === 0 ? "key0" : "key1"), data };
}

/** Both key slots; nothing in builds without encryption. */
export function* writeKeys(target: TrailerTarget, swap: Swap): Steps {
  if (target.build.encryption === undefined) return;
  yield writeKey(target, 0, swap.savedKeys[0]);
  yield writeKey(target, 1, swap.savedKeys[1]);
}

/**
 * Writes the trailer of a swap that starts, magic last.
 * Source: MCUboot swap_misc.c swap_status_init; the order is part of the contract.
 */
export function* initTrailer(loader: LoaderState, image: ImagePair, swap: Swap, area: Area): Steps {
  const { build } = loader;
  const target = { build, area };
  const requested = readTrailer(loader.flash, build, image.areas[SECONDARY]);
  if (swap.type !== "none" && !build.defects.has("R1-480")) {
    yield writeSwapInfo(target, SWAP_CODE[swap.type], image.index);
  }
  if (requested.imageOk === "set" && !build.defects.has("skip-image-ok")) yield writeFlag(target, "imageOk");
  yield writeSwapSize(target, swap.bytes);
  if (build.mode === "offset" && build.generation.savesTlvSizes) {
    yield writeTlvSizes(target, image.unprotectedTlvBytes);
  }
  yield* writeKeys(target, swap);
  yield writeMagic(target);
}

function writeField({ build, area }: TrailerTarget, field: TrailerField, value: Uint8Array): FlashOperation {
  const data = padded(value, roundUp(value.length, build.writeBytes));
  return { kind: "write", offset: fieldOffset(build, area, field), data };
}

function padded(value: Uint8Array, bytes: number, side: "front" | "back" = "back"): Uint8Array {
  const data = new Uint8Array(bytes).fill(ERASED);
  data.set(value, side === "front" ? bytes - value.length : 0);
  return data;
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
