/** How a region is left: all that is known of it when its text is written. */
export interface Exit {
  /** The next instruction; -1: as `STATE.pc` says. */
  readonly pc: number;
  /** Its IT state. */
  readonly it: number;
  /** Instructions that were counted and have not run. */
  readonly ahead: number;
  /** Where carry and overflow are (`kindOf`); -1: as `STATE.kind` says. */
  readonly kind: number;
  /** The next instruction is the interpreter's: translated code does not do it now. */
  readonly isRefused: boolean;
  /** An address was refused: counted in `refusals`. */
  readonly isOfAccess: boolean;
  refusals: number;
  /** The entry that control last came to by it, the address, and when that was: see `Interpreter`. */
  link: Entry | undefined;
  to: number;
  epoch: number;
}

/**
 * Runs blocks of one region from the one of this index, until control leaves it, or the cycles that it may use do not
 * suffice for the next block. It never faults: what might is left to the interpreter. What goes in and out: `STATE`.
 * @returns cycles that are left
 */
export type Translated = (registers: Int32Array, block: number, left: number) => number;

export interface CodeSpan {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** A region that was written down once: good wherever the same bytes stand at the same place. */
export interface Known {
  readonly code: readonly CodeSpan[];
  /** Words beside the code that stand in the text as constants. */
  readonly literals: readonly CodeSpan[];
  /** Blocks that may be entered, and their indices. */
  readonly starts: readonly (readonly [number, number])[];
  /** First addresses of the blocks of memory that it depends on. */
  readonly blocks: ReadonlySet<number>;
  readonly run: Translated;
  readonly exits: readonly Exit[];
}

/** A place where translated code can be entered. */
export interface Entry {
  readonly run: Translated;
  readonly block: number;
  readonly exits: readonly Exit[];
  /** First addresses of the blocks of memory that its region depends on. */
  readonly blocks: ReadonlySet<number>;
}
