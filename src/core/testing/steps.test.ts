import { expect, test } from "@jest/globals";
import { growthOf } from "./steps.ts";

const numbers = (parts: number) => Array.from({ length: parts }, (_, at) => at);

test("work on each part of an input grows as the input does, work on each pair with its square", async () => {
  const all = (parts: number) => numbers(parts).reduce((sum, at) => sum + (at % 7), 0);
  expect(await growthOf(all, 2_000)).toBeCloseTo(2, 1);
  const pairs = (parts: number) =>
    numbers(parts).filter((at) => numbers(parts).every((other) => at >= 0 && other >= 0));
  expect(await growthOf(pairs, 200)).toBeGreaterThan(3.5);
});
