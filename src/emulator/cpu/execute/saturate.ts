import type { Core } from "../state/core.ts";
import { shifted } from "./arithmetic.ts";
import type { Run } from "./instruction.ts";

function clamp(value: number, low: number, high: number): number {
  if (value < low) return low;
  return value > high ? high : value;
}

/** Clamps and remembers in Q that it had to. */
function saturated(core: Core, value: number, low: number, high: number): number {
  const result = clamp(value, low, high);
  if (result !== value) core.q = 1;
  return result;
}

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** QADD, QSUB, QDADD, QDSUB: Rm with (twice) Rn. */
export function saturatingSum(sign: 1 | -1, doubled: boolean): Run {
  return (core, i) => {
    const n = doubled ? saturated(core, core.get(i.n) * 2, INT_MIN, INT_MAX) : core.get(i.n);
    core.set(i.d, saturated(core, core.get(i.m) + sign * n, INT_MIN, INT_MAX));
  };
}

/** SSAT: `imm` is the width less one. */
export const signedSaturate: Run = (core, i) => {
  const value = shifted(core, core.get(i.n), i.shift, i.amount) | 0;
  core.set(i.d, saturated(core, value, -(2 ** i.imm), 2 ** i.imm - 1));
};

/** USAT: `imm` is the width. */
export const unsignedSaturate: Run = (core, i) => {
  const value = shifted(core, core.get(i.n), i.shift, i.amount) | 0;
  core.set(i.d, saturated(core, value, 0, 2 ** i.imm - 1));
};

/** SSAT16 and USAT16. */
export function saturateHalves(signed: boolean): Run {
  return (core, i) => {
    const low = signed ? -(2 ** i.imm) : 0;
    const high = 2 ** i.imm - 1;
    const n = core.get(i.n);
    const bottom = saturated(core, (n << 16) >> 16, low, high);
    const top = saturated(core, n >> 16, low, high);
    core.set(i.d, (bottom & 0xffff) | (top << 16));
  };
}

export const packBottomTop: Run = (core, i) => {
  const m = shifted(core, core.get(i.m), i.shift, i.amount);
  core.set(i.d, (core.get(i.n) & 0xffff) | (m & 0xffff_0000));
};

export const packTopBottom: Run = (core, i) => {
  const m = shifted(core, core.get(i.m), i.shift, i.amount);
  core.set(i.d, (core.get(i.n) & 0xffff_0000) | (m & 0xffff));
};

/** SEL: each byte from Rn where its GE flag is set, else from Rm. */
export const select: Run = (core, i) => {
  let mask = 0;
  for (let byte = 0; byte < 4; byte += 1) if (((core.ge >> byte) & 1) === 1) mask |= 0xff << (byte * 8);
  core.set(i.d, (core.get(i.n) & mask) | (core.get(i.m) & ~mask));
};

/** What becomes of the exact result of one lane. GE is set by the kinds without saturation and halving. */
interface LaneKind {
  readonly signed: boolean;
  readonly finish: (exact: number, bits: number) => number;
  readonly setsGe: boolean;
}

/** Prefixes of the parallel additions and subtractions. Source: Armv8-M ARM (DDI 0553), C2.4, SADD8 … UHSUB16. */
export const LANES = {
  s: { signed: true, finish: (exact) => exact, setsGe: true },
  q: { signed: true, finish: (exact, bits) => clamp(exact, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1), setsGe: false },
  sh: { signed: true, finish: (exact) => exact >> 1, setsGe: false },
  u: { signed: false, finish: (exact) => exact, setsGe: true },
  uq: { signed: false, finish: (exact, bits) => clamp(exact, 0, 2 ** bits - 1), setsGe: false },
  uh: { signed: false, finish: (exact) => exact >> 1, setsGe: false },
} as const satisfies Record<string, LaneKind>;

function laneOf(value: number, lane: number, bits: number, signed: boolean): number {
  const up = 32 - bits * (lane + 1);
  return signed ? (value << up) >> (32 - bits) : (value << up) >>> (32 - bits);
}

/** GE of a lane: the sum carried (unsigned add), or the result is not negative. */
function isGe(exact: number, bits: number, kind: LaneKind, sign: number): boolean {
  return !kind.signed && sign > 0 ? exact >= 2 ** bits : exact >= 0;
}

/**
 * ADD8, ADD16, SUB8, SUB16, ASX and SAX of each prefix.
 * @param signs +1 or -1 for each lane, the lowest first: ASX subtracts below and adds above
 * @param crossed the halfwords of Rm are exchanged
 */
export function parallel(kind: LaneKind, bits: 8 | 16, signs: readonly number[], crossed = false): Run {
  return (core, i) => {
    const n = core.get(i.n);
    const m = crossed ? (core.get(i.m) >>> 16) | (core.get(i.m) << 16) : core.get(i.m);
    let result = 0;
    let ge = 0;
    for (const [lane, sign] of signs.entries()) {
      const exact = laneOf(n, lane, bits, kind.signed) + sign * laneOf(m, lane, bits, kind.signed);
      result |= (kind.finish(exact, bits) & (2 ** bits - 1)) << (lane * bits);
      if (isGe(exact, bits, kind, sign)) ge |= bits === 8 ? 1 << lane : 3 << (lane * 2);
    }
    core.set(i.d, result);
    if (kind.setsGe) core.ge = ge;
  };
}
