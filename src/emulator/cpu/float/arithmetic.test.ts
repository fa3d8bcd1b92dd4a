import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { add, divide, multiply, multiplyAdd, squareRoot } from "./arithmetic.ts";
import { FLOAT_FLAG, type FloatContext, ROUND } from "./number.ts";

const nearest = (): FloatContext => ({ rounding: ROUND.nearest, flushesToZero: false, defaultNan: true, flags: 0 });

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

function bitsOf(value: number): number {
  floats[0] = value;
  return Number.isNaN(value) ? 0x7fc0_0000 : (words[0] as number);
}

function valueOf(bits: number): number {
  words[0] = bits;
  return floats[0] as number;
}

const singles = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe("single precision, to nearest", () => {
  // Sums, products, quotients and roots of singles, rounded from a double, are those rounded once: 53 >= 2 * 24 + 2.
  test.each([
    ["add", add, (a: number, b: number) => Math.fround(a + b)],
    ["multiply", multiply, (a: number, b: number) => Math.fround(a * b)],
    ["divide", divide, (a: number, b: number) => Math.fround(a / b)],
  ])("%s is what the host computes", (_, ours, host) => {
    fc.assert(
      fc.property(singles, singles, (a, b) => {
        expect(ours(nearest(), a, b)).toBe(bitsOf(host(valueOf(a), valueOf(b))));
      }),
      { numRuns: 2000 },
    );
  });

  test("a square root is what the host computes", () => {
    fc.assert(
      fc.property(singles, (a) => {
        expect(squareRoot(nearest(), a)).toBe(bitsOf(Math.fround(Math.sqrt(valueOf(a)))));
      }),
      { numRuns: 2000 },
    );
  });

  test("a fused multiply-add rounds once: the product's low half is not lost", () => {
    const [a, b] = [bitsOf(1 + 2 ** -12), bitsOf(1 + 2 ** -12)];
    const product = multiply(nearest(), a, b);
    expect(valueOf(multiplyAdd(nearest(), product ^ (1 << 31), a, b))).toBe(2 ** -24);
  });
});

describe("flags", () => {
  test.each([
    ["one third is inexact", divide, 1, 3, FLOAT_FLAG.inexact],
    ["a division by zero is one", divide, 1, 0, FLOAT_FLAG.divideByZero],
    ["zero by zero is invalid", divide, 0, 0, FLOAT_FLAG.invalid],
    [
      "the largest number twice overflows",
      add,
      3.4028234663852886e38,
      3.4028234663852886e38,
      FLOAT_FLAG.overflow | FLOAT_FLAG.inexact,
    ],
    ["a tiny product underflows", multiply, 1e-30, 1e-10, FLOAT_FLAG.underflow | FLOAT_FLAG.inexact],
  ])("%s", (_, operation, a, b, flags) => {
    const context = nearest();
    operation(context, bitsOf(a), bitsOf(b));
    expect(context.flags).toBe(flags);
  });

  test("a denormal operand is zero, and says so, where inputs are flushed", () => {
    const context = { ...nearest(), flushesToZero: true };
    expect(add(context, 1, 0)).toBe(0);
    expect(context.flags).toBe(FLOAT_FLAG.inputDenormal);
  });
});
