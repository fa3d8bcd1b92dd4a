import { textOf } from "../../core/index.ts";
import { decodeHeader, HEADER_BYTES, IMAGE_MAGIC, type ImageHeader } from "../../image/index.ts";
import { type Area, assertionsOf, type BootloaderBuild } from "../builds/build.ts";
import type { Fault } from "../builds/refusal-table.ts";
import type { Flash } from "../flash/operation.ts";
import { type BootEvent, bootLine, type LineValues } from "../steps/log-lines.ts";
import { BootPanic, type NsibHalf, type Steps } from "../steps/steps.ts";
import type { SwapType } from "../trailer/swap-codes.ts";

/** Which slot of an image: 0 primary, 1 secondary. */
export type Slot = 0 | 1;
export const PRIMARY = 0;
export const SECONDARY = 1;

/** What the bootloader holds in RAM about one image. */
export interface ImagePair {
  readonly index: number;
  /** Primary and secondary slot. */
  readonly areas: readonly [Area, Area];
  readonly headers: [ImageHeader, ImageHeader];
  /** AES keys given to the cipher, by slot. */
  readonly keys: [Uint8Array | undefined, Uint8Array | undefined];
  swapType: SwapType;
  /** Swap using offset: where in the secondary slot the image starts, in bytes. */
  secondaryOffset: number;
  /** Swap using offset with bootstrap: the offset above has been found once. */
  secondaryOffsetFound: boolean;
  /** The bootloader has overwritten its own table of primary sectors (`GenerationRow.overrunSpoilsSectors`). */
  sectorsSpoiled: boolean;
  /** Behind NSIB: updates of MCUboot itself. Its primary slot is the half that does not run; no image of the build. */
  readonly own: boolean;
  /** Sizes of the unprotected TLV areas, by slot, in bytes. */
  readonly unprotectedTlvBytes: [number, number];
}

/** Everything of one boot that is lost when power goes. */
export interface LoaderState {
  readonly flash: Flash;
  readonly build: BootloaderBuild;
  readonly images: readonly ImagePair[];
  /** Behind NSIB, in a build that updates itself: the half that MCUboot runs from, and the other. */
  readonly own?: { readonly active: Area; readonly inactive: Area } | undefined;
  /** Every swap that this boot knows of, in the order in which it met them. */
  readonly swaps: Swap[];
  /** Images that this boot has turned away, in order. For who looks on: no decision of a boot goes by it. */
  readonly refusals: ImageRefusal[];
}

export type StatusSource = "none" | "primary slot" | "scratch";

/** Where a swap stands. `index` counts sectors (or groups) from 1, `state` the steps of one from 1. */
export interface SwapStatus {
  readonly operation: "move" | "swap";
  readonly index: number;
  readonly state: number;
}

/** A swap in progress or about to start. */
export interface Swap {
  status: SwapStatus;
  source: StatusSource;
  type: SwapType;
  /** Bytes to swap: the larger image, with header and TLVs. */
  bytes: number;
  /** Contents of the trailer's key slots; undefined is written as erased. */
  readonly savedKeys: [Uint8Array | undefined, Uint8Array | undefined];
}

const NO_HEADER = decodeHeader(new Uint8Array(HEADER_BYTES));

/** @param half behind NSIB: the half that this MCUboot runs from. */
export function newLoaderState(flash: Flash, build: BootloaderBuild, half?: NsibHalf): LoaderState {
  const own = half && ownHalves(build, half);
  const images = build.images.map(({ primary, secondary }, index) => newPair(index, [primary, secondary], false));
  const shared = build.images[0]?.secondary;
  if (own !== undefined && shared !== undefined) images.push(newPair(images.length, [own.inactive, shared], true));
  return { flash, build, images, own, swaps: [], refusals: [] };
}

function ownHalves({ nsib, generation }: BootloaderBuild, half: NsibHalf): LoaderState["own"] {
  if (nsib === undefined || !generation.movesOwnUpdate) return undefined;
  return { active: nsib[half], inactive: nsib[half === "s0" ? "s1" : "s0"] };
}

function newPair(index: number, areas: ImagePair["areas"], own: boolean): ImagePair {
  return {
    index,
    areas,
    headers: [NO_HEADER, NO_HEADER],
    keys: [undefined, undefined],
    swapType: "none",
    secondaryOffset: 0,
    secondaryOffsetFound: false,
    sectorsSpoiled: false,
    own,
    unprotectedTlvBytes: [0, 0],
  };
}

/** All that a boot holds in RAM, as one text: equal texts, equal memories, within one process. */
export function memoryText(memory: LoaderState | undefined): string {
  if (memory === undefined) return "";
  let text = "";
  for (const image of memory.images) text += imageText(image);
  for (const swap of memory.swaps) text += swapText(swap);
  return text;
}

// By hand, and a test that no member is forgotten: at each operation of a boot, JSON took a twelfth of a sweep.
function imageText(image: ImagePair): string {
  const { index, areas, headers, keys, swapType, unprotectedTlvBytes } = image;
  const { secondaryOffset, secondaryOffsetFound, sectorsSpoiled, own } = image;
  const lasting = `${numberOf(areas[0])} ${numberOf(areas[1])} ${numberOf(headers[0])} ${numberOf(headers[1])}`;
  const tlvs = `${unprotectedTlvBytes[0]} ${unprotectedTlvBytes[1]}`;
  const flags = `${secondaryOffsetFound ? 1 : 0}${sectorsSpoiled ? 1 : 0}${own ? 1 : 0}`;
  return `image ${index} ${lasting} ${swapType} ${secondaryOffset} ${flags} ${tlvs} ${keyText(keys[0])} ${keyText(keys[1])}\n`;
}

function swapText({ status, source, type, bytes, savedKeys }: Swap): string {
  const at = `${status.operation} ${status.index} ${status.state}`;
  return `swap ${at} ${source} ${type} ${bytes} ${keyText(savedKeys[0])} ${keyText(savedKeys[1])}\n`;
}

const NUMBERS = new Map<string, number>();
const LASTING = new WeakMap<object, number>();

/** The number of a value that nobody changes: equal values, equal numbers. */
function numberOf(value: ImageHeader | Area): number {
  const known = LASTING.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  const number = NUMBERS.get(text) ?? NUMBERS.size;
  NUMBERS.set(text, number);
  LASTING.set(value, number);
  return number;
}

function keyText(key: Uint8Array | undefined): string {
  return key === undefined ? "-" : `${key.length}:${textOf(key)}`;
}

/** Prints a line, when this generation has it. */
export function* log(loader: LoaderState, event: BootEvent, values: LineValues = {}, variant = 0): Steps {
  const line = bootLine(loader.build.generation, event, values, variant);
  if (line !== undefined) yield line;
}

/** An assertion of the bootloader: a board ends its boot here, every time, or goes on as if nothing were wrong. */
export function assertion({ build }: LoaderState, holds: boolean, where: string, expression = "rc == 0"): void {
  if (!holds && assertionsOf(build) !== "off") throw new BootPanic(`${where}: ${expression}`);
}

/** What cannot be otherwise in a build that makes sense; no board can go on without it. */
export function must(holds: boolean, where: string, expression: string): asserts holds {
  if (!holds) throw new BootPanic(`${where}: ${expression}`, false);
}

/** Bytes from an area, or undefined when the range leaves it (a flash driver's error) or the area is no flash. */
export function readArea(loader: LoaderState, area: Area, offset: number, bytes: number): Uint8Array | undefined {
  if (offset < 0 || offset + bytes > area.bytes || area.inRam === true) return undefined;
  return loader.flash.read(area.offset + offset, bytes);
}

/** Header at an offset of an area, whatever stands there. */
export function headerAt(loader: LoaderState, area: Area, offset: number): ImageHeader {
  const bytes = readArea(loader, area, offset, HEADER_BYTES);
  return bytes === undefined ? NO_HEADER : decodedHeader(bytes);
}

/** Headers that were met: a boot looks at the same few again and again. */
const HEADERS = new Map<string, ImageHeader>();
const HEADERS_MAX = 256;

function decodedHeader(bytes: Uint8Array): ImageHeader {
  const name = textOf(bytes);
  const known = HEADERS.get(name);
  if (known !== undefined) return known;
  if (HEADERS.size >= HEADERS_MAX) HEADERS.clear();
  const header = decodeHeader(bytes);
  HEADERS.set(name, header);
  return header;
}

export function hasMagic(header: ImageHeader): boolean {
  return header.magic === IMAGE_MAGIC;
}

/** The header's magic is erased flash: no image. */
export function isErasedHeader(header: ImageHeader): boolean {
  return header.magic === 0xffff_ffff;
}

/** Offset of the TLVs from the image's start, in bytes; wraps at 32 bits as the bootloader's arithmetic does. */
export function tlvOffset(header: ImageHeader): number {
  return (header.headerBytes + header.bodyBytes) >>> 0;
}

/** An image that a boot has turned away. */
export interface ImageRefusal extends Fault {
  readonly image: number;
  readonly slot: Slot;
}
