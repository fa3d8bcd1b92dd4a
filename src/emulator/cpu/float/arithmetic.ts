import {
  bitLength,
  FLOAT_FLAG,
  type FloatContext,
  infinity,
  invalid,
  isNan,
  nanOf,
  ROUND,
  rounded,
  type Unpacked,
  unpacked,
  zero,
} from "./number.ts";

const SIGN = 1 << 31;

export function negated(bits: number): number {
  return bits ^ SIGN;
}

/** The sign of an exact zero that two numbers of different sign leave. */
function cancelled(context: FloatContext): number {
  return zero(context.rounding === ROUND.down);
}

/** Exact sum of two magnitudes with sign, rounded. */
function sumOf(context: FloatContext, a: Unpacked, b: Unpacked): number {
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = ({ mantissa, negative, exponent: own }: Unpacked) =>
    (negative ? -mantissa : mantissa) << BigInt(own - exponent);
  const sum = scaled(a) + scaled(b);
  if (sum === 0n) return cancelled(context);
  return rounded(context, sum < 0n, sum < 0n ? -sum : sum, exponent);
}

/** Source: Armv8-M ARM (DDI 0553), FPAdd. */
export function add(context: FloatContext, first: number, second: number): number {
  const [a, b] = [unpacked(context, first), unpacked(context, second)];
  const nan = nanOf(context, [a, b]);
  if (nan !== undefined) return nan;
  if (a.kind === "infinity" || b.kind === "infinity") {
    if (a.kind === b.kind && a.negative !== b.negative) return invalid(context);
    return infinity(a.kind === "infinity" ? a.negative : b.negative);
  }
  if (a.kind === "zero" && b.kind === "zero") return a.negative === b.negative ? zero(a.negative) : cancelled(context);
  if (a.kind === "zero") return rounded(context, b.negative, b.mantissa, b.exponent);
  if (b.kind === "zero") return rounded(context, a.negative, a.mantissa, a.exponent);
  return sumOf(context, a, b);
}

/** A difference: NaNs keep their sign, so this is not the sum with a negated number. Source: DDI 0553, FPSub. */
export function subtract(context: FloatContext, first: number, second: number): number {
  const isNumber = (second & 0x7fff_ffff) <= 0x7f80_0000;
  return add(context, first, isNumber ? negated(second) : second);
}

/** Source: DDI 0553, FPMul. */
export function multiply(context: FloatContext, first: number, second: number): number {
  const [a, b] = [unpacked(context, first), unpacked(context, second)];
  const nan = nanOf(context, [a, b]);
  if (nan !== undefined) return nan;
  const negative = a.negative !== b.negative;
  if (a.kind === "infinity" || b.kind === "infinity") {
    return a.kind === "zero" || b.kind === "zero" ? invalid(context) : infinity(negative);
  }
  if (a.kind === "zero" || b.kind === "zero") return zero(negative);
  return rounded(context, negative, a.mantissa * b.mantissa, a.exponent + b.exponent);
}

/** addend + first * second, rounded once. Source: DDI 0553, FPMulAdd. */
export function multiplyAdd(context: FloatContext, addend: number, first: number, second: number): number {
  const [c, a, b] = [unpacked(context, addend), unpacked(context, first), unpacked(context, second)];
  const hasInfinity = a.kind === "infinity" || b.kind === "infinity";
  const hasZero = a.kind === "zero" || b.kind === "zero";
  if (c.kind === "quiet" && hasInfinity && hasZero) return invalid(context);
  const nan = nanOf(context, [c, a, b]);
  if (nan !== undefined) return nan;
  const negative = a.negative !== b.negative;
  if ((hasInfinity && hasZero) || (c.kind === "infinity" && hasInfinity && c.negative !== negative)) {
    return invalid(context);
  }
  if (c.kind === "infinity") return infinity(c.negative);
  if (hasInfinity) return infinity(negative);
  if (hasZero) {
    if (c.kind === "zero") return c.negative === negative ? zero(negative) : cancelled(context);
    return rounded(context, c.negative, c.mantissa, c.exponent);
  }
  const product: Unpacked = { ...a, negative, mantissa: a.mantissa * b.mantissa, exponent: a.exponent + b.exponent };
  if (c.kind === "zero") return rounded(context, negative, product.mantissa, product.exponent);
  return sumOf(context, c, product);
}

/** Bits of a quotient or root beyond those that are kept: enough that one sticky bit tells the rest. */
const GUARD_BITS = 30;

/** Source: DDI 0553, FPDiv. */
export function divide(context: FloatContext, first: number, second: number): number {
  const [a, b] = [unpacked(context, first), unpacked(context, second)];
  const nan = nanOf(context, [a, b]);
  if (nan !== undefined) return nan;
  const negative = a.negative !== b.negative;
  if (a.kind === b.kind && (a.kind === "infinity" || a.kind === "zero")) return invalid(context);
  if (a.kind === "infinity") return infinity(negative);
  if (b.kind === "zero") {
    context.flags |= FLOAT_FLAG.divideByZero;
    return infinity(negative);
  }
  if (a.kind === "zero" || b.kind === "infinity") return zero(negative);
  const shift = GUARD_BITS + Math.max(0, bitLength(b.mantissa) - bitLength(a.mantissa));
  const numerator = a.mantissa << BigInt(shift);
  const quotient = numerator / b.mantissa;
  const sticky = quotient * b.mantissa === numerator ? 0n : 1n;
  return rounded(context, negative, (quotient << 1n) | sticky, a.exponent - b.exponent - shift - 1);
}

/** Largest whole number whose square is not above the value. */
function rootOf(value: bigint): bigint {
  let root = 1n << BigInt((bitLength(value) + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Source: DDI 0553, FPSqrt. */
export function squareRoot(context: FloatContext, value: number): number {
  const a = unpacked(context, value);
  const nan = nanOf(context, [a]);
  if (nan !== undefined) return nan;
  if (a.kind === "zero") return zero(a.negative);
  if (a.negative) return invalid(context);
  if (a.kind === "infinity") return infinity(false);
  // The exponent must be even to be halved.
  const shift = 2 * GUARD_BITS + (Math.abs(a.exponent) & 1);
  const scaled = a.mantissa << BigInt(shift);
  const root = rootOf(scaled);
  const sticky = root * root === scaled ? 0n : 1n;
  return rounded(context, false, (root << 1n) | sticky, (a.exponent - shift) / 2 - 1);
}

/** Orders two numbers that are no NaN. */
function order(a: Unpacked, b: Unpacked): number {
  const valueOf = ({ kind, negative, mantissa, exponent }: Unpacked) => {
    const sign = negative ? -1 : 1;
    if (kind === "zero") return 0;
    return kind === "infinity" ? sign * Number.POSITIVE_INFINITY : sign * Number(mantissa) * 2 ** exponent;
  };
  return Math.sign(Number(valueOf(a) > valueOf(b)) - Number(valueOf(a) < valueOf(b)));
}

/** Flags N, Z, C, V as bits 31:28. Source: DDI 0553, FPCompare. @param quietToo a quiet NaN is invalid, too (VCMPE) */
export function compared(context: FloatContext, first: number, second: number, quietToo: boolean): number {
  const [a, b] = [unpacked(context, first), unpacked(context, second)];
  if (isNan(a) || isNan(b)) {
    const signalling = a.kind === "signalling" || b.kind === "signalling";
    if (signalling || quietToo) context.flags |= FLOAT_FLAG.invalid;
    return 0x3000_0000;
  }
  const ordered = order(a, b);
  if (ordered === 0) return 0x6000_0000;
  return ordered < 0 ? 1 << 31 : 0x2000_0000;
}

/** VMAXNM (`sign` 1) and VMINNM (-1): a quiet NaN loses against a number. Source: DDI 0553, FPMaxNum, FPMinNum. */
export function extremum(context: FloatContext, first: number, second: number, sign: 1 | -1): number {
  const [a, b] = [unpacked(context, first), unpacked(context, second)];
  if (a.kind === "quiet" && !isNan(b)) return settled(context, b);
  if (b.kind === "quiet" && !isNan(a)) return settled(context, a);
  const nan = nanOf(context, [a, b]);
  if (nan !== undefined) return nan;
  if (a.kind === "zero" && b.kind === "zero") {
    return zero(sign > 0 ? a.negative && b.negative : a.negative || b.negative);
  }
  return settled(context, order(a, b) * sign > 0 ? a : b);
}

/** A number as it is, a flushed one as zero. */
function settled(context: FloatContext, value: Unpacked): number {
  if (value.kind === "zero") return zero(value.negative);
  return value.kind === "infinity"
    ? infinity(value.negative)
    : rounded(context, value.negative, value.mantissa, value.exponent);
}
