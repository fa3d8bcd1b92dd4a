import { decodeHeader, HEADER_BYTES, IMAGE_MAGIC } from "../../image/index.ts";
import { NET_APP } from "../builds/net-core-map.ts";
import { isAmong, isForNetCore, type NetCoreBuild } from "../builds/net-core-rules.ts";
import type { Flash } from "../flash/operation.ts";
import { hasMagic, type ImagePair, type LoaderState, log, PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import { eraseRegion, eraseTrailer } from "../loader/regions.ts";
import { imageStart } from "../loader/tlv-walk.ts";
import type { Steps } from "../steps/steps.ts";
import type { SwapType } from "../trailer/swap-codes.ts";
import { handOver } from "./hand-over.ts";
import { isNetDowngrade } from "./version-check.ts";

/** Where MCUboot looks for the candidate when it takes the slot's flash offset for an address. */
function pointerTo(image: ImagePair, { externalSecondaryOffset }: NetCoreBuild): number {
  return (externalSecondaryOffset ?? image.areas[SECONDARY].offset) + imageStart(image, SECONDARY);
}

/**
 * The word that tells for which core the image in the secondary slot is, as it is stored there: ciphertext, where the
 * body is encrypted and the rule looks into the body. 0 where no image header is found.
 * Source: sdk-mcuboot loader.c boot_validated_swap_type.
 */
export function decidingWord(flash: Flash, image: ImagePair, netCore: NetCoreBuild): number {
  const start =
    netCore.rule.word === "reset vector, by pointer"
      ? pointerTo(image, netCore)
      : image.areas[SECONDARY].offset + imageStart(image, SECONDARY);
  const header = decodeHeader(flash.read(start, HEADER_BYTES));
  if (header.magic !== IMAGE_MAGIC) return 0;
  if (netCore.rule.word === "load address") return header.loadAddress;
  const [a = 0, b = 0, c = 0, d = 0] = flash.read(start + header.headerBytes + 4, 4);
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

/** True when the rule takes the image in the secondary slot for one of the network core. One image pair only. */
export function isNetCandidate({ flash, build }: LoaderState, image: ImagePair, netCore: NetCoreBuild): boolean {
  if (!netCore.upgrades || build.images.length > 1 || image.own) return false;
  return isForNetCore(netCore.rule, decidingWord(flash, image, netCore));
}

/**
 * MCUboot behind another bootloader (NSIB) looks at a candidate only when it points into the primary slot, or is one of
 * those for the network core that its rule keeps; any other is passed over without a line of log.
 * Source: sdk-mcuboot loader.c boot_validated_swap_type, PM_S1_ADDRESS, later MCUBOOT_IS_SECOND_STAGE.
 */
export function isPassedOver({ flash }: LoaderState, image: ImagePair, netCore: NetCoreBuild): boolean {
  const { rule, upgrades, secondStage } = netCore;
  if (!secondStage || !hasMagic(image.headers[SECONDARY])) return false;
  const word = decidingWord(flash, image, netCore);
  if (upgrades && rule.secondStageKeeps !== undefined && isAmong(rule.secondStageKeeps, word)) return false;
  const { from, end } = ownAddresses(image);
  return word < from || word > end || (word === end && !rule.secondStageTakesEnd);
}

/** The addresses that images of a slot are for. Source: sdk-mcuboot 9ca3dd0e: the network core's own, not the buffer's. */
export function ownAddresses(image: ImagePair): { readonly from: number; readonly end: number } {
  const { offset, bytes, inRam = false } = image.areas[PRIMARY];
  return inRam ? { from: NET_APP.address, end: NET_APP.endAddress } : { from: offset, end: offset + bytes };
}

/**
 * Hands a validated candidate to the network core and waits for its answer; before that, the rule may want to know
 * whether it is older than what runs there.
 * @returns what the swap type then is: "none", or "fail" when it is older or b0n refuses. Where the rule does not say
 *   otherwise, the slot keeps its request after a refusal, so every reset tries again.
 * @throws BootHang when b0n never answers: MCUboot waits for ever.
 * Source: sdk-mcuboot loader.c boot_validated_swap_type, sdk-nrf pcd.c pcd_network_core_update.
 */
export function* updateNetCore(loader: LoaderState, image: ImagePair, netCore: NetCoreBuild): Steps<SwapType> {
  const { build } = loader;
  const { rule } = netCore;
  const asks = rule.asksVersion && build.downgradePrevention;
  if (asks) yield* log(loader, "net core version asked");
  const done =
    asks && (yield* isNetDowngrade(loader, image)) ? false : yield* handOverCandidate(loader, image, netCore);
  if (done) yield* log(loader, "net core update done");
  if (done || rule.alwaysDropsRequest) yield* dropRequest(loader, image, rule.alwaysDropsRequest);
  return done ? "none" : "fail";
}

function* handOverCandidate(loader: LoaderState, image: ImagePair, netCore: NetCoreBuild): Steps<boolean> {
  const { headerBytes, bodyBytes } = image.headers[SECONDARY];
  yield* log(loader, "net core update started");
  return yield* handOver(loader, { dataAddress: pointerTo(image, netCore) + headerBytes, bytes: bodyBytes });
}

/** What makes the next boot not try again; overwrite mode had nothing of the kind at first (`inOverwrite` false). */
function* dropRequest(loader: LoaderState, image: ImagePair, inOverwrite: boolean): Steps {
  const { mode, sectorBytes } = loader.build;
  const area = image.areas[SECONDARY];
  if (mode !== "overwrite") yield* eraseTrailer(loader, area);
  else if (inOverwrite) {
    yield* eraseRegion(loader, { area, offset: 0, bytes: sectorBytes });
    yield* eraseRegion(loader, { area, offset: area.bytes - sectorBytes, bytes: sectorBytes });
  }
}
