import type { CryptoName } from "../builds/crypto-times.ts";
import type { FlashOperation } from "../flash/operation.ts";
import type { SwapType } from "../trailer/swap-codes.ts";
import type { PcdStatus } from "./command-block.ts";

/**
 * A line of the boot log, without level prefix and line end; `level` as Zephyr's minimal log prints it, "" for
 * banners.
 */
export interface LogLine {
  readonly kind: "log";
  readonly level: "I" | "W" | "E" | "";
  readonly text: string;
}

/** Time that the processor spends without touching the flash: what a driver may sleep, and otherwise ignores. */
export interface Work {
  readonly kind: "work";
  /** Hash and signature of an image; an image key unwrapped; bytes read to be written elsewhere. */
  readonly what: "validate" | "unwrap" | "copy";
  /** Bytes gone through. */
  readonly bytes: number;
  /** Of them, encrypted or decrypted on the way. */
  readonly cipherBytes: number;
  /** What computes it. */
  readonly crypto: CryptoName;
}

/** Bytes in the application core's RAM, by their address. */
export interface RamContent {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/**
 * An act on the nRF5340's network core. `start`: the command block goes to shared RAM and the core is restarted;
 * `wait`: so long, then the block is looked at; `stop`: the core is held in reset.
 */
export interface NetCoreStep {
  readonly kind: "net core";
  readonly does: "start" | "wait" | "stop";
  /** The 16 bytes of the command. */
  readonly block: Uint8Array;
  /** What lies in RAM, where the command points there. */
  readonly ram?: RamContent;
  /** Of a wait, in microseconds. */
  readonly durationUs?: number;
}

/** What a driver that has a network core reports after a `wait`, by `next(answer)`; without one the model works it out. */
export interface NetCoreAnswer {
  /** What the command block says. */
  readonly status: PcdStatus;
  /** After "read version": what b0n wrote into the application core's RAM. */
  readonly version?: number | undefined;
}

export type BootStep = FlashOperation | LogLine | Work | NetCoreStep;

/** A part of a boot: yields its steps and returns a `T`. Only a network core's `wait` looks at what `next` is given. */
export type Steps<T = void> = Generator<BootStep, T, NetCoreAnswer | undefined>;

/** The halves that NSIB starts MCUboot from. */
export const NSIB_HALVES = ["s0", "s1"] as const;

export type NsibHalf = (typeof NSIB_HALVES)[number];

/** The MCUboot that NSIB has started. */
export interface RunningBootloader {
  readonly half: NsibHalf;
  /** CONFIG_FW_INFO_FIRMWARE_VERSION: the higher one is started. */
  readonly version: number;
}

/** How a boot ended. `swapTypes`: what the loader's state says at the end, one an image (none after a resumed swap). */
export type BootResult =
  | {
      readonly kind: "run";
      /** Device offset of the slot that runs, one an image. */
      readonly slots: readonly number[];
      /** Behind NSIB: which MCUboot started it. */
      readonly bootloader?: RunningBootloader;
      readonly swapTypes: readonly SwapType[];
    }
  | {
      readonly kind: "fail" /** No bootable image: the board halts (or enters recovery). */;
      readonly reason: string;
      readonly swapTypes: readonly SwapType[];
    }
  | {
      readonly kind: "panic" /** A failed assertion: the board hangs or resets on every boot. */;
      readonly reason: string;
    }
  | {
      readonly kind: "hang" /** The bootloader does not come back, and says nothing; a watchdog would only repeat it. */;
      readonly reason: string;
    };

/** How a boot ended, in words. */
export function resultText(result: BootResult): string {
  if (result.kind === "run") return "runs";
  return `${result.kind === "hang" ? "hangs" : result.kind}: ${result.reason}`;
}

/** A failed assertion in the bootloader; `boot` turns it into a result. Not an error of ours, never seen outside. */
export class BootPanic extends Error {
  /** An assertion, which may print something; "panic!" has been printed. */
  readonly isAssertion: boolean;

  constructor(message: string, isAssertion = true) {
    super(message);
    this.isAssertion = isAssertion;
  }
}

/** A loop in the bootloader that does not end; as above. */
export class BootHang extends Error {}

/** The bootloader resets the board; `boot` goes on with what starts then. */
export class BootReset extends Error {}

/** True for a step that changes the flash. */
export function isOperation(step: BootStep): step is FlashOperation {
  return step.kind === "erase" || step.kind === "write";
}
