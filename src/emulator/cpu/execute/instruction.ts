import type { Core } from "../state/core.ts";

/** What the translator has to know of a `run` to write it down: the kind of act, and what is computed by which operand. */
export interface Form {
  readonly act: string;
  /** What is computed, or the kind of access. */
  readonly by: string;
  readonly operand: "immediate" | "register";
}

/** What an instruction does. It reads `core.pc`, and sets `core.next` when it branches. */
export type Run = ((core: Core, instruction: Instruction) => void) & { readonly form?: Form };

/** Gives a `run` its form: without one the translator leaves it to the interpreter. */
export function formed(act: string, run: Run, by = "", operand: Form["operand"] = "immediate"): Run {
  return Object.assign(run, { form: { act, by, operand } });
}

/** Shift types of a shifter operand. Source: Armv8-M ARM (DDI 0553), DecodeImmShift. */
export const SHIFT = { lsl: 0, lsr: 1, asr: 2, ror: 3, rrx: 4 } as const;

/** Where a load or store has its address from: base plus offset, that with writeback, or base with writeback. */
export const INDEXING = { offset: 0, pre: 1, post: 2 } as const;

/** One decoded instruction. Fields that it does not use are 0, so that all have one shape. */
export interface Instruction {
  readonly run: Run;
  /** Name and encoding as in the manual's list of instructions (C2.4): "ADD (immediate) T3". */
  readonly name: string;
  readonly bytes: 2 | 4;
  readonly d: number;
  readonly n: number;
  readonly m: number;
  /** Fourth register: Ra, or Rt2. */
  readonly a: number;
  readonly imm: number;
  /** 1: it sets the flags. */
  readonly set: number;
  /** Carry of an expanded immediate: 0, 1, or -1 where it leaves C as it is. */
  readonly carry: number;
  readonly shift: number;
  readonly amount: number;
  readonly indexing: number;
  /** What runs in its place inside an IT block, where the two differ. */
  readonly inIt?: Instruction | undefined;
}
