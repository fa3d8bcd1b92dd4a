import type { Scheduler } from "./scheduler.ts";

/** An access to a register that this emulator does not have: firmware may rely on it in vain. */
export interface UnknownAccess {
  readonly peripheral: string;
  /** Offset of the register, in bytes. */
  readonly offset: number;
  readonly kind: "read" | "write" | "DMA";
  /** Address of the instruction. */
  readonly pc: number;
}

/** So many different ones are kept: firmware that waits in a loop for one register must not fill memory. */
const KEPT = 256;

/** Accesses to what is not there, each once. */
export class UnknownAccesses {
  readonly list: UnknownAccess[] = [];
  readonly #seen = new Set<string>();

  add(access: UnknownAccess): void {
    const { peripheral, offset, kind, pc } = access;
    const key = `${peripheral} ${offset} ${kind} ${pc}`;
    if (this.list.length >= KEPT || this.#seen.has(key)) return;
    this.#seen.add(key);
    this.list.push(access);
  }
}

/** Channels that carry events to tasks without the processor. */
export interface EventChannels {
  /** The task runs when something is published on the channel. @returns what takes it back */
  subscribe(channel: number, task: () => void): () => void;
  publish(channel: number): void;
}

/** What a peripheral has of its chip. */
export interface ChipContext {
  readonly scheduler: Scheduler;
  /** Cycles of the chip in a microsecond. */
  readonly cyclesPerUs: number;
  /** Sets an interrupt's line. */
  interrupt(irq: number, high: boolean): void;
  unknown(access: Omit<UnknownAccess, "pc">): void;
  /** Only of chips whose peripherals have SUBSCRIBE and PUBLISH registers. */
  readonly channels?: EventChannels;
}
