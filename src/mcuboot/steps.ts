/** The whole flash of a board as the bootloader sees it: synchronous reads; changes come only from a boot's driver. */
export interface Flash {
  /** A copy of `bytes` bytes from `offset` (device offset, in bytes). */
  read(offset: number, bytes: number): Uint8Array;
}

/** One call to the flash driver: what a power cut falls between, or into. Offsets are device offsets in bytes. */
export type FlashOperation =
  | { readonly kind: "erase"; readonly offset: number; readonly bytes: number }
  | { readonly kind: "write"; readonly offset: number; readonly data: Uint8Array };

/** A line of the boot log, without level prefix and line end; `level` as Zephyr's minimal log prints it. */
export interface LogLine {
  readonly kind: "log";
  readonly level: "I" | "W" | "E";
  readonly text: string;
}

/** Time that the processor spends without touching the flash: what a driver may sleep, and otherwise ignores. */
export interface Work {
  readonly kind: "work";
  readonly what: "validate";
  /** Bytes of image gone through. */
  readonly bytes: number;
}

export type BootStep = FlashOperation | LogLine | Work;

/** How a boot ended. */
export type BootResult =
  | { readonly kind: "run" /** device offset of the slot that runs, one an image */; readonly slots: readonly number[] }
  | { readonly kind: "fail" /** no bootable image: the board halts (or enters recovery) */; readonly reason: string }
  | {
      readonly kind: "panic" /** a failed assertion: the board hangs or resets on every boot */;
      readonly reason: string;
    };
