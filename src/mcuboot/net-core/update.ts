import { decodeHeader, HEADER_BYTES, IMAGE_MAGIC } from "../../image/index.ts";
import { NET_FLASH } from "../builds/net-core-map.ts";
import { isForNetCore, type NetCoreBuild } from "../builds/net-core-rules.ts";
import type { Flash } from "../flash/operation.ts";
import { type ImagePair, type LoaderState, log, PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import { eraseSlot, eraseTrailer } from "../loader/regions.ts";
import { imageStart } from "../loader/tlv-walk.ts";
import type { Steps } from "../steps/steps.ts";
import type { SwapType } from "../trailer/swap-codes.ts";
import { handOver } from "./hand-over.ts";

/** Where MCUboot looks for the candidate when it takes the slot's flash offset for an address. */
function pointerTo(image: ImagePair, { externalSecondaryOffset }: NetCoreBuild): number {
  return (externalSecondaryOffset ?? image.areas[SECONDARY].offset) + imageStart(image, SECONDARY);
}

/**
 * The word that tells for which core the image in the secondary slot is, as it is stored there: ciphertext, where the
 * body is encrypted and the rule looks into the body. 0 where no image header is found.
 * Source: sdk-mcuboot loader.c boot_validated_swap_type.
 */
function decidingWord(flash: Flash, image: ImagePair, netCore: NetCoreBuild): number {
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
export function isNetCandidate({ flash, images }: LoaderState, image: ImagePair, netCore: NetCoreBuild): boolean {
  if (!netCore.upgrades || images.length > 1) return false;
  return isForNetCore(netCore.rule, decidingWord(flash, image, netCore));
}

/**
 * MCUboot behind another bootloader (NSIB) looks at a candidate only when it points into the primary slot; any other
 * is passed over without a line of log.
 */
export function isPassedOver({ flash }: LoaderState, image: ImagePair, netCore: NetCoreBuild): boolean {
  if (!netCore.secondStage || netCore.rule.word === "load address") return false;
  const word = decidingWord(flash, image, netCore);
  const { offset, bytes } = image.areas[PRIMARY];
  if (word >= offset && word <= offset + bytes) return false;
  return netCore.rule.secondStageDropsNet || word < NET_FLASH.address;
}

/**
 * Hands a validated candidate to the network core and waits for its answer.
 * @returns what the swap type then is: "none", or "fail" when b0n refuses. The slot keeps its request after a refusal,
 *   so every reset tries again; after success only the trailer goes.
 * @throws BootHang when b0n never answers: MCUboot waits for ever.
 * Source: sdk-mcuboot loader.c boot_validated_swap_type, sdk-nrf pcd.c pcd_network_core_update.
 */
export function* updateNetCore(loader: LoaderState, image: ImagePair, netCore: NetCoreBuild): Steps<SwapType> {
  const { build } = loader;
  const { headerBytes, bodyBytes } = image.headers[SECONDARY];
  yield* log(loader, "net core update started");
  const dataAddress = pointerTo(image, netCore) + headerBytes;
  const done = yield* handOver(loader, { dataAddress, bytes: bodyBytes });
  if (done) yield* log(loader, "net core update done");
  if (netCore.rule.erasesCandidate) yield* eraseSlot(loader, image.areas[SECONDARY]);
  else if (done && build.mode !== "overwrite") yield* eraseTrailer(loader, image.areas[SECONDARY]);
  return done ? "none" : "fail";
}
