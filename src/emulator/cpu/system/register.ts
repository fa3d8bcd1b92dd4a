import type { Bank, Core } from "../state/core.ts";

/** A register of the System Control Space. Without `read` it reads as zero, without `write` it ignores writes. */
export interface Register {
  /** From E000E000, as in DDI 0553, D1.1. */
  readonly offset: number;
  readonly name: string;
  /** So many words of the same kind follow each other. */
  readonly count?: number;
  readonly read?: (core: Core, bank: Bank, index: number) => number;
  /** @param mask the bits that are written; only registers with `byBytes` are given less than a word */
  readonly write?: (core: Core, bank: Bank, value: number, index: number, mask: number) => void;
  readonly byBytes?: true;
  readonly unprivileged?: true;
}

/** Puts the written bits of a word into what was there. */
export function merged(before: number, value: number, mask: number): number {
  return (before & ~mask) | (value & mask);
}
