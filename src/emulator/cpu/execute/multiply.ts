import type { Core } from "../state/core.ts";
import { formed, type Instruction, type Run } from "./instruction.ts";

export const multiplyWords = formed("multiplyWords", (core, i) => {
  const result = Math.imul(core.get(i.n), core.get(i.m));
  core.set(i.d, result);
  if (i.set !== 0) core.setNz(result);
});

export const multiplyWordsAdd = formed("multiplyWordsAdd", (core, i) =>
  core.set(i.d, core.get(i.a) + Math.imul(core.get(i.n), core.get(i.m))),
);

export const multiplySubtract = formed("multiplySubtract", (core, i) =>
  core.set(i.d, core.get(i.a) - Math.imul(core.get(i.n), core.get(i.m))),
);

const LOW = 0xffff_ffffn;

function unsigned(value: number): bigint {
  return BigInt(value >>> 0);
}

function longOf(core: Core, i: Instruction): bigint {
  return (BigInt(core.get(i.d)) << 32n) | unsigned(core.get(i.a));
}

/** RdLo is the field `a`, RdHi the field `d`. */
function setLong(core: Core, i: Instruction, value: bigint): void {
  core.set(i.a, Number(value & LOW));
  core.set(i.d, Number((value >> 32n) & LOW));
}

/** High word of an unsigned product, in 32-bit integers: these are the inner loops of elliptic curves. */
function highUnsigned(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const first = Math.imul(aHigh, bLow);
  const second = Math.imul(aLow, bHigh);
  const middle = (Math.imul(aLow, bLow) >>> 16) + (first & 0xffff) + (second & 0xffff);
  return (Math.imul(aHigh, bHigh) + (first >>> 16) + (second >>> 16) + (middle >>> 16)) | 0;
}

function highSigned(a: number, b: number): number {
  return (highUnsigned(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}

const HIGH = { signed: highSigned, unsigned: highUnsigned } as const;

/** UMULL, SMULL. */
export function multiplyLong(by: keyof typeof HIGH): Run {
  const high = HIGH[by];
  const run: Run = (core, i) => {
    const [n, m] = [core.get(i.n), core.get(i.m)];
    core.set(i.d, high(n, m));
    core.set(i.a, Math.imul(n, m));
  };
  return formed("multiplyLong", run, by);
}

/** UMLAL, SMLAL. */
export function multiplyAddLong(by: keyof typeof HIGH): Run {
  const high = HIGH[by];
  const run: Run = (core, i) => {
    const [n, m] = [core.get(i.n), core.get(i.m)];
    const low = (Math.imul(n, m) >>> 0) + (core.get(i.a) >>> 0);
    core.set(i.d, high(n, m) + core.get(i.d) + (low > 0xffff_ffff ? 1 : 0));
    core.set(i.a, low | 0);
  };
  return formed("multiplyAddLong", run, by);
}

/** UMAAL: both accumulators are added to the low word. */
export const multiplyAddAdd = formed("multiplyAddAdd", (core, i) => {
  const [n, m] = [core.get(i.n), core.get(i.m)];
  const low = (Math.imul(n, m) >>> 0) + (core.get(i.a) >>> 0) + (core.get(i.d) >>> 0);
  core.set(i.d, highUnsigned(n, m) + Math.floor(low / 0x1_0000_0000));
  core.set(i.a, low | 0);
});

/** A halfword as a signed number: the top one when `top` is not 0. */
function half(value: number, top: number): number {
  return top === 0 ? (value << 16) >> 16 : value >> 16;
}

/** Adds as the DSP multiplies do: Q is set when the exact sum leaves 32 bits. */
function accumulate(core: Core, d: number, exact: number): void {
  const result = exact | 0;
  if (result !== exact) core.q = 1;
  core.set(d, result);
}

/** Bits of `imm` in the halfword multiplies: 2 is N, 1 is M (or X of the dual ones). */
function halves(core: Core, i: Instruction): number {
  return half(core.get(i.n), i.imm & 2) * half(core.get(i.m), i.imm & 1);
}

export const smulxy: Run = (core, i) => core.set(i.d, halves(core, i));
export const smlaxy: Run = (core, i) => accumulate(core, i.d, core.get(i.a) + halves(core, i));
export const smlalxy: Run = (core, i) => setLong(core, i, longOf(core, i) + BigInt(halves(core, i)));

function wordByHalf(core: Core, i: Instruction): number {
  return Number((BigInt(core.get(i.n)) * BigInt(half(core.get(i.m), i.imm & 1))) >> 16n);
}

export const smulwy: Run = (core, i) => core.set(i.d, wordByHalf(core, i));
export const smlawy: Run = (core, i) => accumulate(core, i.d, core.get(i.a) + wordByHalf(core, i));

/** Both products of two pairs of halfwords; the second operand's halves are exchanged by `imm` bit 0. */
function dual(core: Core, i: Instruction, sign: 1 | -1): number {
  const [n, m] = [core.get(i.n), core.get(i.m)];
  const [low, high] = (i.imm & 1) === 0 ? [half(m, 0), half(m, 1)] : [half(m, 1), half(m, 0)];
  return half(n, 0) * low + sign * half(n, 1) * high;
}

/** SMUAD, SMUSD. */
export function dualMultiply(sign: 1 | -1): Run {
  return (core, i) => accumulate(core, i.d, dual(core, i, sign));
}

/** SMLAD, SMLSD: Q only by the exact sum of three terms. */
export function dualMultiplyAdd(sign: 1 | -1): Run {
  return (core, i) => accumulate(core, i.d, core.get(i.a) + dual(core, i, sign));
}

/** SMLALD, SMLSLD. */
export function dualMultiplyAddLong(sign: 1 | -1): Run {
  return (core, i) => setLong(core, i, longOf(core, i) + BigInt(dual(core, i, sign)));
}

/** SMMUL, SMMLA, SMMLS: the high word of the sum, rounded by `imm` bit 0. `a` is 15 where nothing is added. */
export function mostSignificant(sign: 1n | -1n): Run {
  return (core, i) => {
    const product = BigInt(core.get(i.n)) * BigInt(core.get(i.m));
    const added = i.a === 15 ? 0n : BigInt(core.get(i.a)) << 32n;
    const sum = added + sign * product + ((i.imm & 1) === 0 ? 0n : 0x8000_0000n);
    core.set(i.d, Number((sum >> 32n) & LOW));
  };
}

/** Divide by zero gives 0, or a fault where CCR.DIV_0_TRP asks for it. */
function dividesByZero(core: Core, i: Instruction): boolean {
  if (core.get(i.m) !== 0) return false;
  if ((core.system.ccr[core.bank] & 0x10) !== 0) core.raise("DIVBYZERO");
  core.set(i.d, 0);
  return true;
}

export const divideSigned = formed("divideSigned", (core, i) => {
  if (!dividesByZero(core, i)) core.set(i.d, Math.trunc(core.get(i.n) / core.get(i.m)));
});

export const divideUnsigned = formed("divideUnsigned", (core, i) => {
  if (!dividesByZero(core, i)) core.set(i.d, Math.floor((core.get(i.n) >>> 0) / (core.get(i.m) >>> 0)));
});

/** USAD8, USADA8: the sum of absolute differences of four bytes, plus Ra where it is not 15. */
export const sumOfDifferences: Run = (core, i) => {
  const [n, m] = [core.get(i.n), core.get(i.m)];
  let sum = i.a === 15 ? 0 : core.get(i.a);
  for (let shift = 0; shift < 32; shift += 8) sum += Math.abs(((n >>> shift) & 0xff) - ((m >>> shift) & 0xff));
  core.set(i.d, sum);
};
