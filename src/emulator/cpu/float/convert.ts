import {
  FLOAT_FLAG,
  type FloatContext,
  infinity,
  isNan,
  nanOf,
  quantised,
  ROUND,
  rounded,
  roundedShift,
  unpacked,
  zero,
} from "./number.ts";

interface Whole {
  readonly bits: 16 | 32;
  readonly signed: boolean;
}

/** To a whole or fixed-point number, saturating. Source: Armv8-M ARM (DDI 0553), FPToFixed. @param fraction bits after the point */
export function toFixed(context: FloatContext, value: number, kind: Whole, fraction: number, rounding: number): number {
  const a = unpacked(context, value);
  const low = kind.signed ? -(1n << BigInt(kind.bits - 1)) : 0n;
  const high = (1n << BigInt(kind.signed ? kind.bits - 1 : kind.bits)) - 1n;
  if (isNan(a)) {
    context.flags |= FLOAT_FLAG.invalid;
    return 0;
  }
  if (a.kind === "zero") return 0;
  if (a.kind === "infinity") {
    context.flags |= FLOAT_FLAG.invalid;
    return Number(a.negative ? low : high) | 0;
  }
  const { kept, inexact } = roundedShift(a.mantissa, -(a.exponent + fraction), a.negative, rounding);
  const whole = a.negative ? -kept : kept;
  if (whole < low || whole > high) {
    context.flags |= FLOAT_FLAG.invalid;
    return Number(whole < low ? low : high) | 0;
  }
  if (inexact) context.flags |= FLOAT_FLAG.inexact;
  return Number(whole) | 0;
}

/** From a whole or fixed-point number. Source: DDI 0553, FixedToFP. */
export function fromFixed(context: FloatContext, value: number, kind: Whole, fraction: number): number {
  const up = 32 - kind.bits;
  const whole = kind.signed ? (value << up) >> up : (value << up) >>> up;
  if (whole === 0) return 0;
  return rounded(context, whole < 0, BigInt(Math.abs(whole)), -fraction);
}

/** To a whole number that is still a float. Source: DDI 0553, FPRoundInt. @param exact sets the inexact flag (VRINTX) */
export function roundToWhole(context: FloatContext, value: number, rounding: number, exact: boolean): number {
  const a = unpacked(context, value);
  const nan = nanOf(context, [a]);
  if (nan !== undefined) return nan;
  if (a.kind === "infinity") return infinity(a.negative);
  if (a.kind === "zero") return zero(a.negative);
  if (a.exponent >= 0) return value;
  const { kept, inexact } = roundedShift(a.mantissa, -a.exponent, a.negative, rounding);
  if (inexact && exact) context.flags |= FLOAT_FLAG.inexact;
  return kept === 0n ? zero(a.negative) : rounded(context, a.negative, kept, 0);
}

const HALF = { mantissaBits: 10, exponentMin: -14 };
const HALF_INFINITY = 0x7c00;
const HALF_LARGEST = 0x7bff;

/** Half precision to single. Source: DDI 0553, FPHalfToSingle. @param alternative the format without infinity and NaN */
export function fromHalf(context: FloatContext, half: number, alternative: boolean): number {
  const negative = (half & 0x8000) !== 0;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31 && !alternative) {
    if (fraction === 0) return infinity(negative);
    if ((fraction & 0x200) === 0) context.flags |= FLOAT_FLAG.invalid;
    return context.defaultNan ? 0x7fc0_0000 : zero(negative) | 0x7fc0_0000 | (fraction << 13);
  }
  if (exponent === 0 && fraction === 0) return zero(negative);
  const mantissa = exponent === 0 ? fraction : fraction | 0x400;
  // A denormal half is a normal single: nothing is flushed.
  return rounded({ ...context, flushesToZero: false }, negative, BigInt(mantissa), Math.max(exponent, 1) - 25);
}

/** Single precision to half. Source: DDI 0553, FPSingleToHalf. */
export function toHalf(context: FloatContext, value: number, alternative: boolean): number {
  const a = unpacked(context, value);
  const sign = a.negative ? 0x8000 : 0;
  if (isNan(a)) {
    if (alternative) {
      context.flags |= FLOAT_FLAG.invalid;
      return sign;
    }
    if (a.kind === "signalling") context.flags |= FLOAT_FLAG.invalid;
    return context.defaultNan ? 0x7e00 : sign | 0x7e00 | ((a.bits >>> 13) & 0x3ff);
  }
  if (a.kind === "infinity") {
    if (!alternative) return sign | HALF_INFINITY;
    context.flags |= FLOAT_FLAG.invalid;
    return sign | 0x7fff;
  }
  if (a.kind === "zero") return sign;
  return sign | finiteHalf(context, a.negative, a.mantissa, a.exponent, alternative);
}

function finiteHalf(
  context: FloatContext,
  negative: boolean,
  mantissa: bigint,
  exponent: number,
  alternative: boolean,
): number {
  const { rounding } = context;
  const { kept, inexact, tiny, quantum } = quantised(mantissa, exponent, negative, HALF, rounding);
  const carried = kept >> 11n !== 0n;
  const biased = quantum + 10 + 15 + (carried ? 1 : 0);
  if (biased > (alternative ? 31 : 30)) {
    if (alternative) {
      context.flags |= FLOAT_FLAG.invalid;
      return 0x7fff;
    }
    context.flags |= FLOAT_FLAG.overflow | FLOAT_FLAG.inexact;
    return rounding === ROUND.nearest || rounding === (negative ? ROUND.down : ROUND.up) ? HALF_INFINITY : HALF_LARGEST;
  }
  if (inexact) context.flags |= FLOAT_FLAG.inexact | (tiny ? FLOAT_FLAG.underflow : 0);
  const fraction = Number(carried ? kept >> 1n : kept);
  return ((fraction & 0x400) === 0 ? 0 : Math.max(biased, 1) << 10) | (fraction & 0x3ff);
}
