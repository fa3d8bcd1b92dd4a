import {
  add,
  compared,
  divide,
  extremum,
  multiply,
  multiplyAdd,
  negated,
  squareRoot,
  subtract,
} from "../float/arithmetic.ts";
import { fromFixed, fromHalf, roundToWhole, toFixed, toHalf } from "../float/convert.ts";
import { type FloatContext, ROUND } from "../float/number.ts";
import type { Core } from "../state/core.ts";
import { claimFloats } from "../system/claim-floats.ts";
import { holds } from "./branch.ts";
import { type Instruction, type Run } from "./instruction.ts";

const FPSCR_FZ = 1 << 24;
const FPSCR_DN = 1 << 25;
const FPSCR_AHP = 1 << 26;

function contextOf(core: Core, rounding = (core.fpscr >>> 22) & 3): FloatContext {
  return {
    rounding,
    flushesToZero: (core.fpscr & FPSCR_FZ) !== 0,
    defaultNan: (core.fpscr & FPSCR_DN) !== 0,
    flags: 0,
  };
}

function s(core: Core, register: number): number {
  return core.s[register] as number;
}

/** An instruction of the FP extension: allowed, and the state of an interrupted context saved first. */
export function floating(run: Run): Run {
  return (core, i) => {
    claimFloats(core);
    run(core, i);
  };
}

type Compute = (context: FloatContext, d: number, n: number, m: number) => number;

/** Sd from Sd, Sn and Sm. */
function computed(compute: Compute, rounding?: number): Run {
  return floating((core, i) => {
    const context = rounding === undefined ? contextOf(core) : contextOf(core, rounding);
    const result = compute(context, s(core, i.d), s(core, i.n), s(core, i.m));
    core.fpscr |= context.flags;
    core.s[i.d] = result;
  });
}

/** Arithmetic by name. Source of the signs: Armv8-M ARM (DDI 0553), C2.4, VMLA … VFNMS. */
export const FLOATING = {
  add: computed((context, _, n, m) => add(context, n, m)),
  sub: computed((context, _, n, m) => subtract(context, n, m)),
  mul: computed((context, _, n, m) => multiply(context, n, m)),
  nmul: computed((context, _, n, m) => negated(multiply(context, n, m))),
  div: computed((context, _, n, m) => divide(context, n, m)),
  mla: computed((context, d, n, m) => add(context, d, multiply(context, n, m))),
  mls: computed((context, d, n, m) => add(context, d, negated(multiply(context, n, m)))),
  nmla: computed((context, d, n, m) => add(context, negated(d), negated(multiply(context, n, m)))),
  nmls: computed((context, d, n, m) => add(context, negated(d), multiply(context, n, m))),
  fma: computed((context, d, n, m) => multiplyAdd(context, d, n, m)),
  fms: computed((context, d, n, m) => multiplyAdd(context, d, negated(n), m)),
  fnma: computed((context, d, n, m) => multiplyAdd(context, negated(d), negated(n), m)),
  fnms: computed((context, d, n, m) => multiplyAdd(context, negated(d), n, m)),
  sqrt: computed((context, _, __, m) => squareRoot(context, m)),
  maxnm: computed((context, _, n, m) => extremum(context, n, m, 1)),
  minnm: computed((context, _, n, m) => extremum(context, n, m, -1)),
  mov: computed((_, __, ___, m) => m),
  abs: computed((_, __, ___, m) => m & 0x7fff_ffff),
  neg: computed((_, __, ___, m) => negated(m)),
} as const;

/** VMOV (immediate). */
export const moveImmediate = floating((core, i) => {
  core.s[i.d] = i.imm;
});

/** VCMP, VCMPE: `imm` bit 0 compares with zero, `set` 1 is the E form. */
export const compareFloats = floating((core, i) => {
  const context = contextOf(core);
  const flags = compared(context, s(core, i.d), (i.imm & 1) === 1 ? 0 : s(core, i.m), i.set === 1);
  core.fpscr = (core.fpscr & 0x0fff_ffff) | flags | context.flags;
});

/** VSEL: the condition stands in `a`. */
export const selectFloat = floating((core, i) => {
  core.s[i.d] = holds(core, i.a) ? s(core, i.n) : s(core, i.m);
});

/** VRINTA … VRINTZ; `rounding` undefined: that of FPSCR. */
export function roundFloat(rounding: number | undefined, exact = false): Run {
  return floating((core, i) => {
    const context = contextOf(core);
    core.s[i.d] = roundToWhole(context, s(core, i.m), rounding ?? context.rounding, exact);
    core.fpscr |= context.flags;
  });
}

/** VCVT to a whole number of 32 bits: `set` 1 signed. */
export function floatToWhole(rounding: number | undefined): Run {
  return floating((core, i) => {
    const context = contextOf(core);
    const kind = { bits: 32, signed: i.set === 1 } as const;
    core.s[i.d] = toFixed(context, s(core, i.m), kind, 0, rounding ?? context.rounding);
    core.fpscr |= context.flags;
  });
}

export const wholeToFloat = floating((core, i) => {
  const context = contextOf(core);
  core.s[i.d] = fromFixed(context, s(core, i.m), { bits: 32, signed: i.set === 1 }, 0);
  core.fpscr |= context.flags;
});

/** VCVT between float and fixed point: `imm` bits after the point, `amount` 16 or 32, `set` 1 signed. */
export const fixedToFloat = floating((core, i) => {
  const context = contextOf(core, ROUND.nearest);
  const kind = { bits: i.amount === 16 ? 16 : 32, signed: i.set === 1 } as const;
  core.s[i.d] = fromFixed(context, s(core, i.d), kind, i.imm);
  core.fpscr |= context.flags;
});

export const floatToFixed = floating((core, i) => {
  const context = contextOf(core);
  const kind = { bits: i.amount === 16 ? 16 : 32, signed: i.set === 1 } as const;
  core.s[i.d] = toFixed(context, s(core, i.d), kind, i.imm, ROUND.zero);
  core.fpscr |= context.flags;
});

/** VCVTB, VCVTT: `amount` 16 is the top half. */
export const halfToFloat = floating((core, i) => {
  const context = contextOf(core);
  core.s[i.d] = fromHalf(context, (s(core, i.m) >>> i.amount) & 0xffff, (core.fpscr & FPSCR_AHP) !== 0);
  core.fpscr |= context.flags;
});

export const floatToHalf = floating((core, i) => {
  const context = contextOf(core);
  const half = toHalf(context, s(core, i.m), (core.fpscr & FPSCR_AHP) !== 0);
  core.s[i.d] = (s(core, i.d) & ~(0xffff << i.amount)) | (half << i.amount);
  core.fpscr |= context.flags;
});

/** VMOV between a core register and Sn: `set` 1 to the core. */
export const moveSingle = floating((core, i) => {
  // A half of D16 to D31, which are not there.
  if (i.n >= core.s.length) core.raise("UNDEFINSTR");
  if (i.set === 1) core.set(i.a, s(core, i.n));
  else core.s[i.n] = core.get(i.a);
});

/** VMOV between two core registers and two consecutive S registers from `m`. */
export const movePair = floating((core: Core, i: Instruction) => {
  if (i.m + 1 >= core.s.length) core.raise("UNDEFINSTR");
  if (i.set === 1) {
    core.set(i.a, s(core, i.m));
    core.set(i.n, s(core, i.m + 1));
  } else {
    core.s[i.m] = core.get(i.a);
    core.s[i.m + 1] = core.get(i.n);
  }
});

/** VMRS: to APSR where Rt is 15. */
export const readFpscr = floating((core, i) => {
  if (i.a !== 15) {
    core.set(i.a, core.fpscr);
    return;
  }
  const { q } = core;
  core.setFlags(core.fpscr);
  core.q = q;
});

/** Bits of FPSCR that exist. Source: DDI 0553, D1.2.93. */
const FPSCR_MASK = 0xf7c0_009f;

export const writeFpscr = floating((core, i) => {
  core.fpscr = core.get(i.a) & FPSCR_MASK;
});
