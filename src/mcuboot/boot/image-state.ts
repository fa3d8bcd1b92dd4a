import { hex } from "../../core/index.ts";
import { FLAG, HASHES, type ImageHeader, type Version } from "../../image/index.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import {
  hasMagic,
  headerAt,
  type ImagePair,
  type LoaderState,
  newLoaderState,
  PRIMARY,
  readArea,
  SECONDARY,
  type Slot,
} from "../loader/loader-state.ts";
import { imageStart, tlvEntries, tlvRange } from "../loader/tlv-walk.ts";
import type { BootResult } from "../steps/steps.ts";
import { swapRules } from "../swap/swap-decision.ts";
import type { SwapType } from "../trailer/swap-codes.ts";
import { swapRow } from "../trailer/swap-table.ts";
import { readTrailer } from "../trailer/trailer.ts";
import { xipFlags } from "./xip-flags.ts";

/** One entry of the image list that an application shows. */
export interface ImageEntry {
  readonly image: number;
  readonly slot: Slot;
  /** `major.minor.revision`, with `.build` only when it is not 0. */
  readonly version: string;
  /** Data of the image's hash TLV, in hex. */
  readonly hash: string;
  readonly bootable: boolean;
  readonly pending: boolean;
  readonly confirmed: boolean;
  readonly active: boolean;
  readonly permanent: boolean;
}

export type SlotFlags = Pick<ImageEntry, "pending" | "confirmed" | "active" | "permanent">;

const NO_FLAGS: SlotFlags = { pending: false, confirmed: false, active: false, permanent: false };

/**
 * Flags of both slots, by the swap type that the next boot would decide. Source: Zephyr
 * img_mgmt_state.c.
 */
const FLAGS: Readonly<Record<SwapType, readonly [SlotFlags, SlotFlags]>> = {
  none: [{ ...NO_FLAGS, active: true, confirmed: true }, NO_FLAGS],
  test: [
    { ...NO_FLAGS, active: true, confirmed: true },
    { ...NO_FLAGS, pending: true },
  ],
  perm: [
    { ...NO_FLAGS, active: true, confirmed: true },
    { ...NO_FLAGS, pending: true, permanent: true },
  ],
  revert: [
    { ...NO_FLAGS, active: true },
    { ...NO_FLAGS, confirmed: true },
  ],
  fail: [NO_FLAGS, NO_FLAGS],
  panic: [NO_FLAGS, NO_FLAGS],
};

/** What the trailers of an image ask of the next boot, as an application is told. */
export function nextSwapType(flash: Flash, build: BootloaderBuild, image: number): SwapType {
  const areas = build.images[image];
  if (areas === undefined) throw new RangeError(`this bootloader has ${build.images.length} images, no image ${image}`);
  const [primary, secondary] = [areas.primary, areas.secondary].map((area) => readTrailer(flash, build, area)) as [
    ReturnType<typeof readTrailer>,
    ReturnType<typeof readTrailer>,
  ];
  return swapRow(swapRules(build), primary, secondary)?.result ?? "none";
}

/** The slot of each image that a boot has started. */
export function slotsThatRun({ images }: BootloaderBuild, result: BootResult): readonly Slot[] {
  if (result.kind !== "run") return [];
  return images.map(({ secondary }, image) => (result.slots[image] === secondary.offset ? SECONDARY : PRIMARY));
}

/**
 * Flags of both slots of an image, whether or not an image can be read there.
 * @param active the slot that runs, where images run in place; elsewhere it is the primary one.
 */
export function slotFlags(
  flash: Flash,
  build: BootloaderBuild,
  image: number,
  active: Slot = PRIMARY,
): readonly [SlotFlags, SlotFlags] {
  if (!newestRuns(build.mode)) return FLAGS[nextSwapType(flash, build, image)];
  const loader = newLoaderState(flash, build);
  const pair = loader.images[image];
  const seen = (slot: Slot) => ({
    trailer: readTrailer(flash, build, pair?.areas[slot] ?? { offset: 0, bytes: 0 }),
    version: pair && findHeader(loader, pair, slot)?.version,
  });
  return xipFlags(build, [seen(PRIMARY), seen(SECONDARY)], active);
}

/**
 * The image list of an application, as SMP group 1 command 0 shows it. A slot is listed only when its header magic, its
 * TLVs and its hash TLV can be read; whether the image is valid does not matter.
 * @param running the slot of each image that runs, where images run in place; default and elsewhere: the primary one.
 * Source: Zephyr img_mgmt.c img_mgmt_read_info, img_mgmt_state.c.
 */
export function imageListOf(
  flash: Flash,
  build: BootloaderBuild,
  running: readonly Slot[] = [],
): readonly ImageEntry[] {
  const loader = newLoaderState(flash, build);
  return loader.images.flatMap((image) => {
    const flags = slotFlags(flash, build, image.index, running[image.index]);
    return ([PRIMARY, SECONDARY] as const).flatMap((slot) => {
      const info = slotInfo(loader, image, slot);
      return info === undefined ? [] : [{ image: image.index, slot, ...info, ...flags[slot] }];
    });
  });
}

/** Version, hash and bootable flag of the image in a slot; undefined when it cannot be read. */
function slotInfo(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
): Pick<ImageEntry, "version" | "hash" | "bootable"> | undefined {
  const header = findHeader(loader, image, slot);
  if (header === undefined) return undefined;
  image.headers[slot] = header;
  const entries = tlvEntries(loader, image, slot);
  const hash = entries?.find((entry) => HASHES.some((row) => row.tlv === entry.type));
  if (hash === undefined) return undefined;
  return {
    version: versionText(header.version),
    hash: hex(hash.data),
    bootable: (header.flags & FLAG.NON_BOOTABLE) === 0,
  };
}

/** The image in a slot, header to last TLV, as it lies there; undefined when it cannot be read. */
export function imageBytesIn(flash: Flash, build: BootloaderBuild, index: number, slot: Slot): Uint8Array | undefined {
  const loader = newLoaderState(flash, build);
  const image = loader.images[index];
  const header = image === undefined ? undefined : findHeader(loader, image, slot);
  if (image === undefined || header === undefined) return undefined;
  image.headers[slot] = header;
  const range = tlvRange(loader, image, slot);
  return range === undefined ? undefined : readArea(loader, image.areas[slot], imageStart(image, slot), range.end);
}

/** Swap using offset keeps an update one sector up and a fallback image at the start: both are looked for. */
function findHeader(loader: LoaderState, image: ImagePair, slot: Slot): ImageHeader | undefined {
  const { build } = loader;
  const starts = slot === SECONDARY && build.mode === "offset" ? [build.sectorBytes, 0] : [0];
  for (const start of starts) {
    const header = headerAt(loader, image.areas[slot], start);
    if (!hasMagic(header)) continue;
    if (slot === SECONDARY) image.secondaryOffset = start;
    return header;
  }
  return undefined;
}

export function versionText({ major, minor, revision, build }: Version): string {
  return `${major}.${minor}.${revision}${build === 0 ? "" : `.${build}`}`;
}
