import { roundUp } from "../../core/index.ts";
import { NET_APP, NET_FLASH } from "../builds/net-core-map.ts";
import type { Flash } from "../flash/operation.ts";
import { type CommandBlock, decodeCommandBlock, setStatus } from "../steps/command-block.ts";
import type { LogLine, Steps, Work } from "../steps/steps.ts";
import { type FlashTiming, NRF5340_INTERNAL, workDurationUs } from "../steps/timing.ts";
import { FIRMWARE_HEAD_BYTES, findFirmwareInfo, isValidFirmware } from "./firmware-info.ts";

/** CONFIG_PCD_BUF_SIZE: b0n copies in pieces of this size. */
const BUFFER_BYTES = 512;

/** The network core's flash: pages of 2 KiB. */
export const NETWORK_FLASH: FlashTiming = {
  ...NRF5340_INTERNAL,
  pageBytes: NET_FLASH.pageBytes,
  source: "nRF5340 Product Specification, NVMC; stated once, taken for the network core's pages of 2 KiB, too",
};

/** What b0n sees. */
interface NetCoreMemory {
  /** The network core's own flash; offsets from its start. */
  readonly flash: Flash;
  /** The command block in shared RAM; b0n writes its answer into it. */
  readonly block: Uint8Array;
  /** The application core's memory; undefined where the network core gets a bus fault. */
  readAppMemory(address: number, bytes: number): Uint8Array | undefined;
  writeAppMemory(address: number, bytes: Uint8Array): void;
  /** UICR.APPROTECT is written: no debugger gets in any more. */
  lockDebug?(): void;
}

/** How a start of b0n ended: its application runs, or it waits to be forced off, or it hangs. */
export type B0nEnd = "application" | "waits" | "idle" | "no application" | "bus fault";

/**
 * One start of the network core's bootloader. Yields operations on the network core's flash and the lines of its own
 * UART. Source: sdk-nrf samples/nrf5340/netboot main.c, subsys/pcd/src/pcd.c.
 */
export function* b0n(memory: NetCoreMemory): Steps<B0nEnd> {
  const command = decodeCommandBlock(memory.block);
  if (command.status === "copy") return yield* copy(memory, command);
  if (command.status === "read version") {
    const version = netVersionIn(memory.flash);
    if (version === undefined) {
      yield printed(`Unable to find valid firmware version ${hexText(NET_APP.address)}`);
      setStatus(memory.block, "failed");
      return "idle";
    }
    memory.writeAppMemory(command.dataAddress, Uint8Array.of(version, version >> 8, version >> 16, version >> 24));
    setStatus(memory.block, "done");
    return "waits";
  }
  if (command.status === "lock debug") {
    memory.lockDebug?.();
    setStatus(memory.block, "done");
    return "waits";
  }
  if (netVersionIn(memory.flash) === undefined) return "no application";
  yield printed(`Booting (${hexText(NET_APP.address)}).`);
  return "application";
}

function* copy(
  memory: NetCoreMemory,
  { dataAddress, bytes, flashOffset }: Omit<CommandBlock, "status">,
): Steps<B0nEnd> {
  const { flash, block } = memory;
  const source = memory.readAppMemory(dataAddress, bytes);
  if (source === undefined) {
    yield { kind: "log", level: "E", text: "***** BUS FAULT *****" };
    return "bus fault";
  }
  yield checking(bytes);
  const address = NET_FLASH.address + flashOffset;
  if (!isValidFirmware(source, address)) return yield* refuse(block, dataAddress);
  if (flashOffset + bytes > NET_FLASH.bytes) {
    // Which number it prints has not been seen.
    yield printed("Failed to transfer image: -22");
    setStatus(block, "failed");
    return "idle";
  }
  for (let done = 0; done < bytes; done += BUFFER_BYTES) {
    const offset = flashOffset + done;
    if (offset % NET_FLASH.pageBytes === 0) yield { kind: "erase", offset, bytes: NET_FLASH.pageBytes };
    const piece = source.subarray(done, done + BUFFER_BYTES);
    const data = new Uint8Array(roundUp(piece.length, NETWORK_FLASH.wordBytes)).fill(0xff);
    data.set(piece);
    yield { kind: "write", offset, data };
  }
  yield { kind: "log", level: "I", text: "Transfer done" };
  yield checking(bytes);
  if (!isValidFirmware(flash.read(flashOffset, bytes), address)) return yield* refuse(block, address);
  setStatus(block, "done");
  return "waits";
}

function* refuse(block: Uint8Array, address: number): Steps<B0nEnd> {
  yield printed(`Unable to find valid firmware inside ${hexText(address)}`);
  setStatus(block, "failed");
  return "idle";
}

/** Version of the application in the network core's flash, as READ_VERSION finds it; it need not be whole. */
export function netVersionIn(flash: Flash): number | undefined {
  const head = flash.read(NET_APP.address - NET_FLASH.address, FIRMWARE_HEAD_BYTES);
  const info = findFirmwareInfo(head);
  return info?.address === NET_APP.address ? info.version : undefined;
}

/** True when the application in the network core's flash is whole: what becomes of a half-copied one is not modelled. */
export function netAppIsWhole(flash: Flash): boolean {
  const offset = NET_APP.address - NET_FLASH.address;
  return isValidFirmware(flash.read(offset, NET_APP.bytes), NET_APP.address);
}

/** The check of an application of the network core: what b0n computes with has not been measured. */
function checking(bytes: number): Work {
  return { kind: "work", what: "validate", bytes, cipherBytes: 0, crypto: "other" };
}

/** How long b0n takes for a copy that it accepts, in microseconds: two checks, and each page erased and written. */
export function b0nCopyUs(bytes: number): number {
  const pages = Math.ceil(bytes / NET_FLASH.pageBytes);
  const words = Math.ceil(bytes / NETWORK_FLASH.wordBytes);
  const check = workDurationUs(checking(bytes));
  return 2 * check + pages * NETWORK_FLASH.eraseUs + words * NETWORK_FLASH.unitUs;
}

function printed(text: string): LogLine {
  return { kind: "log", level: "", text };
}

function hexText(value: number): string {
  return `0x${value.toString(16)}`;
}
