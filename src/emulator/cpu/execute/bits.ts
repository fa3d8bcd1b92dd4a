import type { Core } from "../state/core.ts";
import { formed, type Instruction, type Run } from "./instruction.ts";

/** `imm` is the lowest bit, `amount` the width less one or, for BFI and BFC, the highest bit. */
export function fieldMask(low: number, high: number): number {
  return ((2 ** (high - low + 1) - 1) << low) | 0;
}

export const bitFieldInsert = formed("bitFieldInsert", (core, i) => {
  const mask = fieldMask(i.imm, i.amount);
  core.set(i.d, (core.get(i.d) & ~mask) | ((core.get(i.n) << i.imm) & mask));
});

export const bitFieldClear = formed("bitFieldClear", (core, i) =>
  core.set(i.d, core.get(i.d) & ~fieldMask(i.imm, i.amount)),
);

export const bitFieldUnsigned = formed("bitFieldUnsigned", (core, i) =>
  core.set(i.d, (core.get(i.n) >>> i.imm) & fieldMask(0, i.amount)),
);

export const bitFieldSigned = formed("bitFieldSigned", (core, i) => {
  const unused = 31 - i.amount;
  core.set(i.d, (core.get(i.n) << (unused - i.imm)) >> unused);
});

export const countLeadingZeros = formed("countLeadingZeros", (core, i) => core.set(i.d, Math.clz32(core.get(i.m))));

export const reverseBits: Run = (core, i) => {
  let value = core.get(i.m);
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    reversed = (reversed << 1) | (value & 1);
    value >>>= 1;
  }
  core.set(i.d, reversed);
};

export const reverseBytes = formed("reverseBytes", (core, i) => {
  const value = core.get(i.m);
  core.set(i.d, (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24));
});

export const reverseBytesInHalves = formed("reverseBytesInHalves", (core, i) => {
  const value = core.get(i.m);
  core.set(i.d, ((value & 0xff00ff) << 8) | ((value >>> 8) & 0xff00ff));
});

export const reverseSignedHalf = formed("reverseSignedHalf", (core, i) => {
  const value = core.get(i.m);
  core.set(i.d, (((value & 0xff) << 24) >> 16) | ((value >>> 8) & 0xff));
});

type Extend = (value: number) => number;

const EXTEND = {
  signedByte: (value) => (value << 24) >> 24,
  signedHalf: (value) => (value << 16) >> 16,
  unsignedByte: (value) => value & 0xff,
  unsignedHalf: (value) => value & 0xffff,
} as const satisfies Record<string, Extend>;

function rotated(core: Core, i: Instruction): number {
  const value = core.get(i.m);
  return i.amount === 0 ? value : (value >>> i.amount) | (value << (32 - i.amount));
}

/** SXTB, UXTH … and those that add Rn, which is 15 where nothing is added. */
export function extend(by: keyof typeof EXTEND): Run {
  const extended = EXTEND[by];
  const run: Run = (core, i) => core.set(i.d, extended(rotated(core, i)) + (i.n === 15 ? 0 : core.get(i.n)));
  return formed("extend", run, by);
}

/** SXTB16, UXTB16 and those that add: bytes 0 and 2 become two halfwords. */
export function extendPairs(by: keyof typeof EXTEND): Run {
  const extended = EXTEND[by];
  return (core, i) => {
    const value = rotated(core, i);
    const base = i.n === 15 ? 0 : core.get(i.n);
    const low = extended(value) + base;
    const high = extended(value >>> 16) + (base >>> 16);
    core.set(i.d, (low & 0xffff) | (high << 16));
  };
}
