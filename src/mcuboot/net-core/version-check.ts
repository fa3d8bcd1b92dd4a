import { type ImagePair, type LoaderState, readArea, SECONDARY } from "../loader/loader-state.ts";
import { encodeCommandBlock } from "../steps/command-block.ts";
import type { Steps } from "../steps/steps.ts";
import { findFirmwareInfo } from "./firmware-info.ts";

/** Where b0n is told to put the version; the linker decides, so any address in RAM is as good. */
const ANSWER_ADDRESS = 0x2000_1000;
/** MCUboot looks for the answer once a second. */
const POLL_US = 1_000_000;
/** As much of a firmware as holds its info struct, in bytes. */
const FIRMWARE_HEAD_BYTES = 0x1100;

/**
 * Version of what the network core runs, as it says itself.
 * @returns undefined when nobody answers for it, or b0n finds no application.
 * Source: sdk-nrf subsys/pcd/src/pcd.c pcd_network_core_app_version.
 */
function* readNetVersion(): Steps<number | undefined> {
  const block = encodeCommandBlock({
    status: "read version",
    dataAddress: ANSWER_ADDRESS,
    bytes: 4,
    flashOffset: 0,
  });
  yield { kind: "net core", does: "start", block };
  const answer = yield { kind: "net core", does: "wait", durationUs: POLL_US, block };
  yield { kind: "net core", does: "stop", block };
  return answer?.status === "done" ? answer.version : undefined;
}

/**
 * True when the candidate for the network core is older than what runs there, or does not say how old it is: one that
 * is encrypted cannot be asked. Source: sdk-nrf pcd.c pcd_version_cmp_net, from nRF Connect SDK 2.4 on; read, not run.
 */
export function* isNetDowngrade(loader: LoaderState, image: ImagePair): Steps<boolean> {
  const { netCore, defects } = loader.build;
  if (netCore?.upgrades !== true || defects.has("NCSDK-13947")) return false;
  const running = yield* readNetVersion();
  if (running === undefined) return false;
  const { headerBytes } = image.headers[SECONDARY];
  const head = readArea(loader, image.areas[SECONDARY], headerBytes, FIRMWARE_HEAD_BYTES);
  const candidate = head && findFirmwareInfo(head);
  return candidate === undefined || candidate.version < running;
}
