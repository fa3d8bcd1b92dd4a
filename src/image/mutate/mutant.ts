import type { SwapModeName } from "../format/slot-fit.ts";

/**
 * What a bootloader makes of an image in its secondary slot that an upgrade was requested for.
 * "accepted": it runs. "refused and erased": the slot is erased, the old image runs on. "no image": the request is
 * forgotten, the slot keeps what it holds, the old image runs on.
 */
export type MutantOutcome = "accepted" | "refused and erased" | "no image";

/** A bad image, or one that looks bad and is not. */
export interface Mutant {
  /** Short, for file names: `wrong-signing-key`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly outcome: MutantOutcome;
  /** The rule of MCUboot that decides. */
  readonly why: string;
  /** False for an image that a bootloader takes and a processor cannot run: keep it off boards without a debugger. */
  readonly runs: boolean;
}

/** How the bootloader was built, where an outcome hangs on it. */
export interface MutationBootloader {
  /** How it swaps; default: "move". */
  readonly mode?: SwapModeName;
  /** MCUBOOT_DOWNGRADE_PREVENTION. */
  readonly downgradePrevention?: boolean;
  /** MCUBOOT_USE_TLV_ALLOW_LIST. */
  readonly tlvAllowList?: boolean;
  /** MCUBOOT_CHECK_HEADER_LOAD_ADDRESS. */
  readonly checksAddress?: boolean;
  /** Largest image it takes: see imageBytesMax. */
  readonly imageBytesMax?: number;
}
