import { decodeHeader, HEADER_BYTES, IMAGE_MAGIC } from "../../image/index.ts";
import { type ImagePair, type Loader, log, PRIMARY, SECONDARY } from "../loader.ts";
import { eraseSlot, eraseTrailer } from "../regions.ts";
import { BootPanic, type Flash, type NetCoreStep, type Steps } from "../steps.ts";
import type { SwapType } from "../swap-type.ts";
import { imageStart } from "../tlv-walk.ts";
import { b0nCopyUs } from "./b0n.ts";
import { encodeCommandBlock, type PcdStatus } from "./command-block.ts";
import { isValidFirmware } from "./firmware-info.ts";
import { NET_APP, NET_FLASH } from "./memory-map.ts";
import { isForNetCore, type NetCoreBuild } from "./rules.ts";

/** MCUboot asks once a second, starting a second after the release; it never gives up. */
const POLL_US = 1_000_000;

/** Where MCUboot looks for the candidate when it takes the slot's flash offset for an address. */
function pointerTo(image: ImagePair, { externalSecondaryOffset }: NetCoreBuild): number {
  return (externalSecondaryOffset ?? image.areas[SECONDARY].offset) + imageStart(image, SECONDARY);
}

/**
 * The word that tells for which core the image in the secondary slot is, as it is stored there: ciphertext, where the
 * body is encrypted and the rule looks into the body. 0 where no image header is found.
 * Source: sdk-mcuboot loader.c boot_validated_swap_type; nrf5340.md 3.2, 3.3.
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
export function isNetCandidate({ flash, images }: Loader, image: ImagePair, netCore: NetCoreBuild): boolean {
  if (!netCore.upgrades || images.length > 1) return false;
  return isForNetCore(netCore.rule, decidingWord(flash, image, netCore));
}

/**
 * MCUboot behind another bootloader (NSIB) looks at a candidate only when it points into the primary slot; any other
 * is passed over without a line of log.
 */
export function isPassedOver({ flash }: Loader, image: ImagePair, netCore: NetCoreBuild): boolean {
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
 * @throws BootPanic when b0n never answers: MCUboot waits for ever.
 * Source: sdk-mcuboot loader.c boot_validated_swap_type, sdk-nrf pcd.c pcd_network_core_update.
 */
export function* updateNetCore(loader: Loader, image: ImagePair, netCore: NetCoreBuild): Steps<SwapType> {
  const { build } = loader;
  const { headerBytes, bodyBytes } = image.headers[SECONDARY];
  yield* log(loader, "net core update started");
  const answer = yield* handOver(loader, pointerTo(image, netCore) + headerBytes, bodyBytes);
  if (answer === "done") yield* log(loader, "net core update done");
  if (netCore.rule.erasesCandidate) yield* eraseSlot(loader, image.areas[SECONDARY]);
  else if (answer === "done" && build.mode !== "overwrite") yield* eraseTrailer(loader, image.areas[SECONDARY]);
  return answer === "done" ? "none" : "fail";
}

/** The command block's way: written, network core released, asked once a second. */
function* handOver(loader: Loader, dataAddress: number, bytes: number): Steps<PcdStatus> {
  const flashOffset = NET_APP.address - NET_FLASH.address;
  const block = encodeCommandBlock({ status: "copy", dataAddress, bytes, flashOffset });
  yield { kind: "net core", does: "start", block };
  yield* log(loader, "net core on");
  const own = ownAnswer(loader.flash, dataAddress, bytes);
  for (let waitedUs = POLL_US; ; waitedUs += POLL_US) {
    const step: NetCoreStep = { kind: "net core", does: "wait", durationUs: POLL_US, block };
    yield step;
    const status = step.answer ?? (waitedUs < own.afterUs ? "copy" : own.status);
    if (status === "copy") {
      if (step.answer === undefined && own.status === "copy") throw new BootPanic("pcd_network_core_update: no answer");
      continue;
    }
    if (status === "done") {
      yield { kind: "net core", does: "stop", block };
      yield* log(loader, "net core off");
      return "done";
    }
    yield* log(loader, "net core update failed");
    return "failed";
  }
}

/** What b0n answers, for drivers that have no network core of their own. */
function ownAnswer(flash: Flash, address: number, bytes: number): { status: PcdStatus; afterUs: number } {
  let source: Uint8Array;
  try {
    source = flash.read(address, bytes);
  } catch (error) {
    // Out of the flash that the model knows: the network core gets a bus fault and answers nothing.
    if (error instanceof RangeError) return { status: "copy", afterUs: 0 };
    throw error;
  }
  const valid = isValidFirmware(source, NET_APP.address);
  return valid ? { status: "done", afterUs: b0nCopyUs(bytes) } : { status: "failed", afterUs: 0 };
}
