import { defined } from "../../core/index.ts";
import { NET_APP, NET_FLASH } from "../builds/net-core-map.ts";
import type { Flash } from "../flash/operation.ts";
import { type LoaderState, log } from "../loader/loader-state.ts";
import { encodeCommandBlock, type PcdStatus } from "../steps/command-block.ts";
import { BootHang, type RamContent, type Steps } from "../steps/steps.ts";
import { INTERNAL_FLASH_BYTES } from "../steps/timing.ts";
import { b0nCopyUs } from "./b0n.ts";
import { isValidFirmware } from "./firmware-info.ts";

/** MCUboot asks once a second, starting a second after the release; it never gives up. */
const POLL_US = 1_000_000;

/** What the network core is told to copy: an address of the application core, and what lies there if it is RAM. */
interface HandOver {
  readonly dataAddress: number;
  readonly bytes: number;
  readonly ram?: RamContent;
}

/**
 * The command block's way: it is written, the network core released and asked once a second.
 * @returns true when the network core has its new application, false when b0n refused it.
 * @throws BootHang when b0n never answers: MCUboot waits for ever.
 * Source: sdk-nrf subsys/pcd/src/pcd.c pcd_network_core_update.
 */
export function* handOver(loader: LoaderState, what: HandOver): Steps<boolean> {
  const { dataAddress, bytes, ram } = what;
  const flashOffset = NET_APP.address - NET_FLASH.address;
  const block = encodeCommandBlock({ status: "copy", dataAddress, bytes, flashOffset });
  yield { kind: "net core", does: "start", block, ...defined({ ram }) };
  yield* log(loader, "net core on");
  const own = ownAnswer(loader.flash, what);
  for (let waitedUs = POLL_US; ; waitedUs += POLL_US) {
    const answer = yield { kind: "net core", does: "wait", durationUs: POLL_US, block };
    const status = answer?.status ?? (waitedUs < own.afterUs ? "copy" : own.status);
    if (status === "copy") {
      if (answer === undefined && own.status === "copy") throw new BootHang("pcd_network_core_update: no answer");
      continue;
    }
    if (status === "done") {
      yield { kind: "net core", does: "stop", block };
      yield* log(loader, "net core off");
      return true;
    }
    yield* log(loader, "net core update failed");
    return false;
  }
}

/** What b0n answers, for drivers that have no network core of their own. */
function ownAnswer(flash: Flash, { dataAddress, bytes, ram }: HandOver): { status: PcdStatus; afterUs: number } {
  const source = ram === undefined ? flashAt(flash, dataAddress, bytes) : ramAt(ram, dataAddress, bytes);
  // Out of all that the model knows: the network core gets a bus fault and answers nothing.
  if (source === undefined) return { status: "copy", afterUs: 0 };
  const valid = bytes <= NET_APP.bytes && isValidFirmware(source, NET_APP.address);
  return valid ? { status: "done", afterUs: b0nCopyUs(bytes) } : { status: "failed", afterUs: 0 };
}

function flashAt(flash: Flash, address: number, bytes: number): Uint8Array | undefined {
  // External flash is not what the network core sees behind the internal one.
  if (address + bytes > INTERNAL_FLASH_BYTES) return undefined;
  try {
    return flash.read(address, bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Bytes at an address of a piece of RAM; undefined when it does not hold them all. */
export function ramAt(ram: RamContent, address: number, bytes: number): Uint8Array | undefined {
  const start = address - ram.address;
  return start < 0 || start + bytes > ram.bytes.length ? undefined : ram.bytes.subarray(start, start + bytes);
}
