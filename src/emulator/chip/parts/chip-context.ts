import type { Scheduler } from "./scheduler.ts";

/** An access to a register that this emulator does not have: firmware may rely on it in vain. */
export interface UnknownAccess {
  readonly peripheral: string;
  /** Offset of the register, in bytes. */
  readonly offset: number;
  readonly kind: "read" | "write";
  /** Address of the instruction. */
  readonly pc: number;
}

/** What a peripheral has of its chip. */
export interface ChipContext {
  readonly scheduler: Scheduler;
  /** Cycles of the chip in a microsecond. */
  readonly cyclesPerUs: number;
  /** Sets an interrupt's line. */
  interrupt(irq: number, high: boolean): void;
  unknown(access: Omit<UnknownAccess, "pc">): void;
}
