import type { Core } from "../state/core.ts";
import { load, store } from "../system/access.ts";
import { LINKS } from "./links.ts";
import { STATE } from "./state.ts";

/** What an access through the port asks of the region that made it. */
export const STOP = {
  /** Go on. */
  none: 0,
  /** Leave behind this instruction: something else may be due. */
  after: 1,
  /** Leave before it: it did not complete, and `Port.failure` says why. */
  failed: -1,
} as const;

/** How a value is loaded, as the text of a region gives it: bytes, and bits that are extended by their sign. */
const SIGNED = 8;

/** Marks a load whose value is extended by its sign. */
export const loadKind = (bytes: number, isSigned: boolean) => (isSigned ? bytes | SIGNED : bytes);

/**
 * Memory behind which something happens, as translated code reaches it: at its own cycle, by the same checks as the
 * interpreter's. The core of the region that runs stands in it.
 */
export class Port {
  readonly #state: Int32Array;
  #core: Core | undefined;
  /** Cycle at which nothing is left. */
  end = 0;
  /** Why an access did not complete. */
  failure: unknown;
  #epoch = 0;

  constructor(state: Int32Array) {
    this.#state = state;
  }

  /** A region is about to run. @param left cycles that it may use */
  open(core: Core, left: number): void {
    this.#core = core;
    this.end = core.cycles + left;
    this.#epoch = LINKS.epoch;
    this.#state[STATE.stop] = STOP.none;
  }

  /**
   * Loads at `address` for the instruction at `pc`.
   * @param left cycles before this instruction
   * @param kind see `loadKind`
   * @returns the value; 0 where it failed
   */
  readonly load = (address: number, left: number, pc: number, kind: number): number => {
    const core = this.#begin(left, pc);
    const bytes = kind & ~SIGNED;
    let value = 0;
    try {
      value = load(core, address, bytes);
    } catch (error) {
      this.#fail(error);
    }
    this.#end(core);
    if (bytes === 4) return value | 0;
    const unused = 32 - 8 * bytes;
    return kind === bytes ? (value << unused) >>> unused : (value << unused) >> unused;
  };

  /** Stores the low bytes of a value, else as `load`. */
  readonly store = (address: number, value: number, left: number, pc: number, bytes: number): void => {
    const core = this.#begin(left, pc);
    try {
      store(core, address, bytes, value);
    } catch (error) {
      this.#fail(error);
    }
    this.#end(core);
  };

  #begin(left: number, pc: number): Core {
    const core = this.#core as Core;
    core.pc = pc;
    core.cycles = this.end - left + 1;
    this.#state[STATE.stop] = STOP.none;
    return core;
  }

  #fail(error: unknown): void {
    this.failure = error;
    this.#state[STATE.stop] = STOP.failed;
  }

  /** The processor may have stood still meanwhile, or something may be due earlier than it was. */
  #end(core: Core): void {
    const state = this.#state;
    const left = this.end - core.cycles;
    state[STATE.left] = left;
    if (state[STATE.stop] === STOP.failed) return;
    const isDue = left <= 0 || core.attention !== 0 || core.deadline < this.end || LINKS.epoch !== this.#epoch;
    if (isDue) state[STATE.stop] = STOP.after;
  }
}
