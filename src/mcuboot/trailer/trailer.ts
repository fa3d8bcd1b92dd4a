import { equalBytes } from "../../core/index.ts";
import { type TrailerField, type TrailerLayout, trailerLayout, trailerMagic } from "../../image/index.ts";
import { type Area, type BootloaderBuild, keySlotBytes } from "../builds/build.ts";
import { ERASED, isErased } from "../flash/flash-rules.ts";
import { type Flash, lookAt } from "../flash/operation.ts";
import { SWAP_CODE, type SwapType, swapTypeOfCode } from "./swap-codes.ts";

const MAGICS = ["good", "unset", "bad"] as const;

export type Magic = (typeof MAGICS)[number];
export type Flag = "set" | "unset" | "bad";

/** Numbers of flag values in log lines. Source: MCUboot bootutil_public.h BOOT_FLAG_*. */
export const FLAG_CODE = { set: 1, bad: 2, unset: 3 } as const satisfies Record<Flag, number>;

/** What a trailer says, as the bootloader reads it. */
export interface TrailerState {
  readonly magic: Magic;
  /** `swap_info`'s type; erased and unknown values read as "none", the value 0 as "panic". */
  readonly swapType: SwapType;
  /** The number that log lines show for `swapType`: 0 for the value 0. */
  readonly swapCode: number;
  readonly copyDone: Flag;
  readonly imageOk: Flag;
  readonly imageNumber: number;
}

/** A trailer of an erased slot: also what an unreachable secondary slot counts as. */
export const EMPTY_TRAILER: TrailerState = {
  magic: "unset",
  swapType: "none",
  swapCode: SWAP_CODE.none,
  copyDone: "unset",
  imageOk: "unset",
  imageNumber: 0,
};

interface BuildTrailers {
  readonly slot: TrailerLayout;
  readonly scratch: TrailerLayout;
  readonly magic: Uint8Array;
}

const LAYOUTS = new WeakMap<BootloaderBuild, BuildTrailers>();

function layoutsOf(build: BootloaderBuild): BuildTrailers {
  const known = LAYOUTS.get(build);
  if (known !== undefined) return known;
  const offset = build.mode === "offset";
  const shape = {
    maxAlign: build.maxAlign,
    writeBytes: build.writeBytes,
    maxSectors: build.maxImgSectors - (build.defects.has("R2-427") ? 1 : 0),
    statesPerSector: offset ? 2 : 3,
    keySlotBytes: keySlotBytes(build),
    hasTlvSizes: offset && build.generation.savesTlvSizes,
  } as const;
  const slot = trailerLayout(shape);
  const layouts = {
    slot,
    magic: trailerMagic(build.maxAlign),
    scratch: build.generation.shortScratchTrailer ? trailerLayout({ ...shape, maxSectors: 1 }) : slot,
  };
  LAYOUTS.set(build, layouts);
  return layouts;
}

/** Layout of the trailer at the end of an area: the scratch area has fewer status entries. */
export function layoutOf(build: BootloaderBuild, area: Area): TrailerLayout {
  return area === build.scratch ? layoutsOf(build).scratch : layoutsOf(build).slot;
}

/** Size in bytes of a slot's trailer. */
export function trailerBytesOf(build: BootloaderBuild): number {
  return layoutsOf(build).slot.totalBytes;
}

/** How many of a slot's last bytes hold everything that says what is asked for: magic, flags and swap type. */
export function trailerFlagsBytesOf(build: BootloaderBuild): number {
  return layoutsOf(build).slot.fields.swapInfo.fromEnd;
}

/** Offset of the status entries in an area, in bytes from its start. */
export function statusOffset(build: BootloaderBuild, area: Area): number {
  return area.bytes - layoutOf(build, area).totalBytes;
}

/** Device offset of a trailer field. */
export function fieldOffset(build: BootloaderBuild, area: Area, field: TrailerField): number {
  const place = layoutOf(build, area).fields[field];
  if (place === undefined) throw new RangeError(`this bootloader's trailer has no field ${field}`);
  return area.offset + area.bytes - place.fromEnd;
}

/**
 * Reads the trailer at the end of an area.
 * Source: MCUboot bootutil_public.c boot_read_swap_state.
 */
export function readTrailer(flash: Flash, build: BootloaderBuild, area: Area): TrailerState {
  if (area.inRam === true) return EMPTY_TRAILER; // nrf53_hooks.c boot_read_swap_state_primary_slot_hook
  if (area.bytes === 0) return EMPTY_TRAILER;
  const info = flash.read(fieldOffset(build, area, "swapInfo"), 1)[0] ?? ERASED;
  const code = info & 0x0f;
  const known = info !== ERASED && code <= SWAP_CODE.revert;
  const swapCode = known ? code : SWAP_CODE.none;
  return {
    magic: readMagic(flash, build, area),
    swapType: swapTypeOfCode(swapCode),
    swapCode,
    imageNumber: known ? info >> 4 : 0,
    copyDone: readFlag(flash, fieldOffset(build, area, "copyDone")),
    imageOk: readFlag(flash, fieldOffset(build, area, "imageOk")),
  };
}

/** The magic at the end of an area. */
export function readMagic(flash: Flash, build: BootloaderBuild, area: Area): Magic {
  const expected = layoutsOf(build).magic;
  const offset = fieldOffset(build, area, "magic");
  const found = lookAt(flash, offset, expected.length, (bytes) => {
    const magic: Magic = isErased(bytes) ? "unset" : equalBytes(bytes, expected) ? "good" : "bad";
    return MAGICS.indexOf(magic);
  });
  return MAGICS[found] ?? "bad";
}

function readFlag(flash: Flash, offset: number): Flag {
  const value = flash.read(offset, 1)[0];
  if (value === ERASED) return "unset";
  return value === 1 ? "set" : "bad";
}

/** The saved swap size in bytes, whatever stands there. */
export function readSwapSize(flash: Flash, build: BootloaderBuild, area: Area): number {
  return readUint32(flash, fieldOffset(build, area, "swapSize"));
}

/** A little-endian 32-bit number in flash. */
export function readUint32(flash: Flash, offset: number): number {
  const bytes = flash.read(offset, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
