import { hexOf, viewOf } from "../../core/index.ts";
import { compareVersions, FLAG, type ImageHeader } from "../../image/index.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { Fault } from "../builds/refusal-table.ts";
import {
  hasMagic,
  headerAt,
  type ImagePair,
  isErasedHeader,
  type LoaderState,
  log,
  PRIMARY,
  readArea,
  SECONDARY,
  type Slot,
  type Swap,
} from "../loader/loader-state.ts";
import { olderVersion, refuse } from "../loader/refusals.ts";
import { eraseSlot, eraseTrailer } from "../loader/regions.ts";
import { imageStart } from "../loader/tlv-walk.ts";
import { isNetCandidate, ownAddresses } from "../net-core/update.ts";
import { isNetDowngrade } from "../net-core/version-check.ts";
import type { Steps } from "../steps/steps.ts";
import { strategyOf } from "../swap/strategies.ts";
import { decideSwapType } from "../swap/swap-decision.ts";
import { sameStatus } from "../swap/swap-status.ts";
import type { SwapType } from "../trailer/swap-codes.ts";
import { checkImage, headerFault } from "./image-check.ts";

/**
 * True when a slot holds an image that may run. What is wrong in the secondary slot is erased.
 * @param swap the swap that is decided about; needed for the secondary slot.
 * @param expected the swap type that the validity decides about.
 * Source: MCUboot loader.c boot_validate_slot, boot_scramble_slot; image_validate.c.
 */
export function* validateSlot(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  swap?: Swap,
  expected: SwapType = "none",
): Steps<boolean> {
  const { build } = loader;
  if (slot === PRIMARY && image.areas[PRIMARY].inRam === true) return true;
  const header = image.headers[slot];
  const area = image.areas[slot];
  if (isErasedHeader(header) || (header.flags & FLAG.NON_BOOTABLE) !== 0) {
    refuse(loader, image, slot, { reason: isErasedHeader(header) ? "no image" : "non-bootable" });
    if (slot === SECONDARY && swap !== undefined) yield* cleanLeftovers(loader, image, swap);
    return false;
  }
  if (isWronglyUploaded(loader, image, slot, swap, expected)) {
    refuse(loader, image, slot, { reason: "wrong upload address" });
    yield* log(loader, "wrong upload address");
  } else {
    if (slot === SECONDARY && (yield* isRefusedDowngrade(loader, image))) {
      refuse(loader, image, slot, olderVersion(image));
      yield* log(loader, "insufficient version");
      yield* eraseSlot(loader, area);
      return false;
    }
    const fault = headerFault(loader, image, slot) ?? (yield* checkImage(loader, image, slot, swap));
    if (fault !== undefined) refuse(loader, image, slot, fault);
    else {
      const elsewhere = slot === PRIMARY ? undefined : yield* addressFault(loader, image);
      if (elsewhere === undefined) return true;
      refuse(loader, image, slot, elsewhere);
      yield* log(loader, "wrong reset address", { image: image.index });
      yield* log(loader, "erasing secondary");
      yield* eraseSlot(loader, area);
      return false;
    }
  }
  const first = build.generation.refusalErasesFirst;
  const erases = slot === SECONDARY || newestRuns(build.mode);
  if (erases && first) yield* eraseSlot(loader, area);
  yield* log(loader, "image invalid", { slot: slot === PRIMARY ? "primary" : "secondary" });
  if (erases && !first) yield* eraseSlot(loader, area);
  return false;
}

/** Removes the trailer of a secondary slot without image, so that a new image may be uploaded. */
function* cleanLeftovers(loader: LoaderState, image: ImagePair, swap: Swap): Steps {
  const { mode, generation, defects } = loader.build;
  if (mode === "overwrite" || newestRuns(mode) || defects.has("R4-762")) return;
  yield* eraseTrailer(loader, image.areas[SECONDARY]);
  if (mode !== "move" || !generation.clearsStuckRevert) return;
  if (swap.type !== "revert" && (yield* decideSwapType(loader, image)) !== "revert") return;
  yield* eraseTrailer(loader, image.areas[PRIMARY]);
  yield* log(loader, "stuck revert cleared", { image: image.index });
}

/** Swap using offset: an update must start in the second sector. */
function isWronglyUploaded(
  loader: LoaderState,
  image: ImagePair,
  slot: Slot,
  swap: Swap | undefined,
  expected: SwapType,
): boolean {
  if (loader.build.mode !== "offset" || slot === PRIMARY || swap === undefined) return false;
  if (expected !== "test" && expected !== "perm") return false;
  if (!sameStatus(swap.status, strategyOf("offset").start)) return false;
  return hasMagic(headerAt(loader, image.areas[SECONDARY], 0));
}

/** Why the address that an update is for is not this slot's; undefined when it is, or nobody looks. */
function* addressFault(loader: LoaderState, image: ImagePair): Steps<Fault | undefined> {
  const { checksLoadAddress = false, generation } = loader.build;
  if (!checksLoadAddress) {
    const which = generation.resetVectorWord === 1 ? "reset vector" : "NMI vector (taken for the reset vector)";
    return pointsIntoPrimary(loader, image) ? undefined : { reason: "reset address", values: { which } };
  }
  const { loadAddress } = image.headers[SECONDARY];
  const { from, end } = ownAddresses(image);
  // With one pair of slots the network core's images come in the application's.
  const { netCore } = loader.build;
  if (netCore?.rule.addressCheckTakesNet === true && isNetCandidate(loader, image, netCore)) {
    yield* log(loader, "for net core", { image: image.index });
    return undefined;
  }
  if (loadAddress >= from && loadAddress < end) return undefined;
  return { reason: "load address", values: { found: hexOf(loadAddress), from: hexOf(from), end: hexOf(end - 1) } };
}

/**
 * The reset vector of an update lies in the slot that it is for; the network core's in its application. Ciphertext is
 * not looked at: the option and encryption exclude each other.
 * Source: MCUboot loader.c, MCUBOOT_VERIFY_IMG_ADDRESS.
 */
function pointsIntoPrimary(loader: LoaderState, image: ImagePair): boolean {
  const { verifyAddress = false, encryption, generation } = loader.build;
  if (!verifyAddress || encryption !== undefined) return true;
  const { from, end } = ownAddresses(image);
  const start = imageStart(image, SECONDARY) + image.headers[SECONDARY].headerBytes;
  const body = readArea(loader, image.areas[SECONDARY], start + 4 * generation.resetVectorWord, 4);
  const vector = body === undefined ? 0 : viewOf(body).getUint32(0, true);
  return vector >= from && (vector < end || (vector === end && generation.resetVectorMayBeEnd));
}

function* isRefusedDowngrade(loader: LoaderState, image: ImagePair): Steps<boolean> {
  const { build } = loader;
  if (build.mode !== "overwrite" || !build.downgradePrevention) return false;
  if (image.areas[PRIMARY].inRam === true) return yield* isNetDowngrade(loader, image);
  const [primary, secondary] = image.headers;
  if (isErasedHeader(primary)) return false;
  const options = { useBuildNumber: build.versionCmpUsesBuild };
  const isOlderThan = ({ version }: ImageHeader) => compareVersions(secondary.version, version, options) < 0;
  if (isOlderThan(primary)) return true;
  // MCUboot itself: nor older than the one that runs. Source: sdk-mcuboot cbbbd771, mcuboot_s0_s1_image_version.
  const running = image.own && loader.own ? headerAt(loader, loader.own.active, 0) : undefined;
  return running !== undefined && hasMagic(running) && isOlderThan(running);
}
