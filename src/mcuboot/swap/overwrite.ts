import { roundUp } from "../../core/index.ts";
import type { Area } from "../builds/build.ts";
import { isEncrypted, loadImageKey } from "../loader/body-keys.ts";
import {
  assertion,
  headerAt,
  type ImagePair,
  type LoaderState,
  log,
  SECONDARY,
  type Swap,
} from "../loader/loader-state.ts";
import { copyRegion, eraseRegion } from "../loader/regions.ts";
import { tlvRange } from "../loader/tlv-walk.ts";
import { writeMagic } from "../loader/trailer-writes.ts";
import { copyToNetCore } from "../net-core/simultaneous.ts";
import type { Steps } from "../steps/steps.ts";
import { layoutOf, trailerBytesOf } from "../trailer/trailer.ts";
import type { SwapStrategy } from "./strategy.ts";
import { equalSlots } from "./swap-sectors.ts";

/** Modes without a swap: their headers stand where they belong, and no status is kept. */
export const copies: SwapStrategy = {
  start: { operation: "move", index: 1, state: 1 },

  readHeader(loader, image, slot) {
    image.headers[slot] = headerAt(loader, image.areas[slot], 0);
    return true;
  },

  slotsCompatible: (loader, image) => equalSlots(loader, image),

  imageBytesMax(build, areas, slot) {
    const area = areas[slot];
    return area.bytes - layoutOf(build, area).fields.swapInfo.fromEnd;
  },
};

/**
 * Fills the primary slot from the secondary: overwrite-only, and bootstrap in the swap modes.
 * @returns false when the copy cannot be made.
 * Source: MCUboot loader.c boot_copy_image.
 */
export function* copyImage(loader: LoaderState, image: ImagePair, swap: Swap): Steps<boolean> {
  const { build } = loader;
  const [primary, secondary] = image.areas;
  if (primary.inRam === true) {
    return (yield* copyToNetCore(loader, image, swap)) && (yield* eraseCandidate(loader, image));
  }
  const swaps = build.mode === "move" || build.mode === "offset";
  const swapsInPlace = swaps && build.generation.bootstrapCopiesImage;
  const onlyNeeded = swapsInPlace || (build.mode === "overwrite" && build.overwriteFast);
  const neededBytes = onlyNeeded ? imageBytes(loader, image) : primary.bytes;
  // One write unit too much when the size is a multiple of it already.
  const bytes = onlyNeeded ? neededBytes + build.writeBytes - (neededBytes % build.writeBytes) : primary.bytes;
  yield* log(loader, "upgrading", { image: image.index });
  yield* log(loader, "erasing primary");
  yield* erasePrimary(loader, primary, neededBytes, onlyNeeded);
  if (build.encryption !== undefined && isEncrypted(image.headers[SECONDARY])) {
    if (!loadImageKey(loader, image, SECONDARY, swap)) return false;
  }
  yield* log(loader, "copying", { image: image.index, hexBytes: `0x${bytes.toString(16)}` });
  const from = { area: secondary, offset: build.mode === "offset" ? build.sectorBytes : 0 };
  if (!(yield* copyRegion(loader, image, { from, to: { area: primary, offset: 0 }, bytes }))) return false;
  if (onlyNeeded) yield writeMagic({ build, area: primary });
  if (build.defects.has("R31-2341")) return true;
  if (!swapsInPlace) yield* eraseRegion(loader, { area: secondary, offset: 0, bytes: build.sectorBytes });
  const last = secondary.bytes - build.sectorBytes;
  yield* eraseRegion(loader, { area: secondary, offset: last, bytes: build.sectorBytes });
  return true;
}

/** After an image was copied: its header and its request go. */
function* eraseCandidate(loader: LoaderState, { areas }: ImagePair): Steps<boolean> {
  const { sectorBytes } = loader.build;
  const area = areas[SECONDARY];
  yield* eraseRegion(loader, { area, offset: 0, bytes: sectorBytes });
  return yield* eraseRegion(loader, { area, offset: area.bytes - sectorBytes, bytes: sectorBytes });
}

function imageBytes(loader: LoaderState, image: ImagePair): number {
  const range = tlvRange(loader, image, SECONDARY);
  assertion(loader, range !== undefined, "boot_copy_image");
  return range?.end ?? 0;
}

function* erasePrimary(loader: LoaderState, area: Area, neededBytes: number, onlyNeeded: boolean): Steps {
  const { sectorBytes } = loader.build;
  for (let offset = 0; offset < Math.min(neededBytes, area.bytes); offset += sectorBytes) {
    yield* eraseRegion(loader, { area, offset, bytes: sectorBytes });
  }
  if (!onlyNeeded) return;
  const trailer = roundUp(trailerBytesOf(loader.build), sectorBytes);
  yield* eraseRegion(loader, { area, offset: area.bytes - trailer, bytes: trailer });
}
