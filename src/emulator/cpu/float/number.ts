/** Cumulative flags of FPSCR. Source: Armv8-M ARM (DDI 0553), D1.2.93. */
export const FLOAT_FLAG = {
  invalid: 1,
  divideByZero: 2,
  overflow: 4,
  underflow: 8,
  inexact: 0x10,
  inputDenormal: 0x80,
} as const;

/** Rounding modes: FPSCR.RMode, and "away" for VCVTA and VRINTA. */
export const ROUND = { nearest: 0, up: 1, down: 2, zero: 3, away: 4 } as const;

/** How one operation rounds and what it leaves: FPSCR as it reads it, and the flags that it sets. */
export interface FloatContext {
  readonly rounding: number;
  readonly flushesToZero: boolean;
  readonly defaultNan: boolean;
  flags: number;
}

/** A single-precision number taken apart: (-1)^negative * mantissa * 2^exponent. */
export interface Unpacked {
  readonly kind: "zero" | "finite" | "infinity" | "quiet" | "signalling";
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly bits: number;
}

const DEFAULT_NAN = 0x7fc0_0000;
const INFINITY = 0x7f80_0000;
const LARGEST = 0x7f7f_ffff;
const QUIET = 0x40_0000;
const MANTISSA_BITS = 23;
const EXPONENT_MIN = -126;
const EXPONENT_MAX = 127;

/** Takes a number apart; a denormal is zero where inputs are flushed. Source: DDI 0553, FPUnpack. */
export function unpacked(context: FloatContext, bits: number): Unpacked {
  const negative = bits < 0;
  const exponent = (bits >>> MANTISSA_BITS) & 0xff;
  const fraction = bits & 0x7f_ffff;
  const of = (kind: Unpacked["kind"], mantissa = 0n, power = 0): Unpacked => ({
    kind,
    negative,
    mantissa,
    exponent: power,
    bits,
  });
  if (exponent === 0xff) {
    if (fraction === 0) return of("infinity");
    return of((fraction & QUIET) === 0 ? "signalling" : "quiet");
  }
  if (exponent !== 0) return of("finite", BigInt(fraction | 0x80_0000), exponent - 127 - MANTISSA_BITS);
  if (fraction === 0) return of("zero");
  if (!context.flushesToZero) return of("finite", BigInt(fraction), EXPONENT_MIN - MANTISSA_BITS);
  context.flags |= FLOAT_FLAG.inputDenormal;
  return of("zero");
}

export function isNan({ kind }: Unpacked): boolean {
  return kind === "quiet" || kind === "signalling";
}

/** An operation that has no answer. */
export function invalid(context: FloatContext): number {
  context.flags |= FLOAT_FLAG.invalid;
  return DEFAULT_NAN;
}

/**
 * The NaN that an operation hands on: a signalling one first, else the first quiet one; undefined when there is none.
 * Source: DDI 0553, FPProcessNaNs, FPProcessNaN.
 */
export function nanOf(context: FloatContext, operands: readonly Unpacked[]): number | undefined {
  const nan = operands.find(({ kind }) => kind === "signalling") ?? operands.find(({ kind }) => kind === "quiet");
  if (nan === undefined) return undefined;
  if (nan.kind === "signalling") context.flags |= FLOAT_FLAG.invalid;
  return context.defaultNan ? DEFAULT_NAN : nan.bits | QUIET;
}

export function zero(negative: boolean): number {
  return negative ? 1 << 31 : 0;
}

export function infinity(negative: boolean): number {
  return negative ? INFINITY | (1 << 31) : INFINITY;
}

/** Number of bits of a positive number. */
export function bitLength(value: bigint): number {
  return value.toString(2).length;
}

/** A format to round to. */
interface Format {
  readonly mantissaBits: number;
  readonly exponentMin: number;
}

/** What a rounding drops: whether anything, and whether the kept part goes up by one. */
interface Rounded {
  readonly kept: bigint;
  readonly inexact: boolean;
}

/** Drops the lowest bits of a magnitude. @param shift how many; 0 or less drops nothing */
export function roundedShift(value: bigint, shift: number, negative: boolean, rounding: number): Rounded {
  if (shift <= 0) return { kept: value << BigInt(-shift), inexact: false };
  const kept = value >> BigInt(shift);
  const dropped = value - (kept << BigInt(shift));
  if (dropped === 0n) return { kept, inexact: false };
  return { kept: roundsUp(kept, dropped, shift, negative, rounding) ? kept + 1n : kept, inexact: true };
}

function roundsUp(kept: bigint, dropped: bigint, shift: number, negative: boolean, rounding: number): boolean {
  if (rounding === ROUND.up) return !negative;
  if (rounding === ROUND.down) return negative;
  if (rounding === ROUND.zero) return false;
  const half = 1n << BigInt(shift - 1);
  if (dropped !== half) return dropped > half;
  return rounding === ROUND.away || (kept & 1n) === 1n;
}

/** Puts an exact magnitude into the bits of a format without its sign, before overflow is looked at. */
export function quantised(
  mantissa: bigint,
  exponent: number,
  negative: boolean,
  { mantissaBits, exponentMin }: Format,
  rounding: number,
): { readonly kept: bigint; readonly inexact: boolean; readonly tiny: boolean; readonly quantum: number } {
  const top = exponent + bitLength(mantissa) - 1;
  const quantum = Math.max(top - mantissaBits, exponentMin - mantissaBits);
  const { kept, inexact } = roundedShift(mantissa, quantum - exponent, negative, rounding);
  return { kept, inexact, tiny: top < exponentMin, quantum };
}

const SINGLE: Format = { mantissaBits: MANTISSA_BITS, exponentMin: EXPONENT_MIN };

/**
 * Rounds mantissa * 2^exponent (mantissa above 0) to single precision and sets the flags. Tininess is detected before
 * rounding. Source: DDI 0553, FPRound.
 */
export function rounded(context: FloatContext, negative: boolean, mantissa: bigint, exponent: number): number {
  const { rounding } = context;
  const { kept, inexact, tiny, quantum } = quantised(mantissa, exponent, negative, SINGLE, rounding);
  if (tiny && context.flushesToZero) {
    context.flags |= FLOAT_FLAG.underflow;
    return zero(negative);
  }
  if (inexact) context.flags |= FLOAT_FLAG.inexact | (tiny ? FLOAT_FLAG.underflow : 0);
  const carried = kept >> BigInt(MANTISSA_BITS + 1) !== 0n;
  const biased = quantum + MANTISSA_BITS + 127 + (carried ? 1 : 0);
  if (biased > EXPONENT_MAX + 127) return overflowed(context, negative);
  const fraction = carried ? kept >> 1n : kept;
  // A denormal has the exponent field 0, and its hidden bit is not there; one that rounded up to 2^-126 has it.
  const isNormal = fraction >> BigInt(MANTISSA_BITS) !== 0n;
  const field = isNormal ? Math.max(biased, 1) : 0;
  return zero(negative) | (field << MANTISSA_BITS) | Number(fraction & 0x7f_ffffn);
}

function overflowed(context: FloatContext, negative: boolean): number {
  context.flags |= FLOAT_FLAG.overflow | FLOAT_FLAG.inexact;
  const { rounding } = context;
  const toInfinity = rounding === ROUND.nearest || rounding === (negative ? ROUND.down : ROUND.up);
  return toInfinity ? infinity(negative) : zero(negative) | LARGEST;
}
