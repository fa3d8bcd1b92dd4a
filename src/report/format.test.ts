import { describe, expect, test } from "@jest/globals";
import { bar, count, grouped, rate, seconds } from "./format.ts";

describe("numbers as people read them", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [204_812, "204,812"],
    [1_234_567.4, "1,234,567"],
  ])("%d grouped is %s", (value, text) => {
    expect(grouped(value)).toBe(text);
  });

  test.each([
    [0, "0.0 ms"],
    [1500, "1.5 ms"],
    [999_949, "999.9 ms"],
    [1_000_000, "1.0 s"],
    [19_940_000, "19.9 s"],
    [99_940_000, "99.9 s"],
    [100_000_000, "100 s"],
  ])("%d us is %s", (us, text) => {
    expect(seconds(us)).toBe(text);
  });

  test.each([
    [204_812, 6_711_000, "29.8 KiB/s"],
    [1024, 1_000_000, "1.0 KiB/s"],
    [1024, 0, ""],
  ])("%d bytes in %d us is %j", (bytes, us, text) => {
    expect(rate(bytes, us)).toBe(text);
  });

  test.each([
    [1, "1 cut"],
    [2, "2 cuts"],
    [0, "0 cuts"],
    [1200, "1,200 cuts"],
  ])("%d of a noun is %s", (amount, text) => {
    expect(count(amount, "cut")).toBe(text);
  });

  test("a bar is full at 1, empty at 0, and never longer than its width", () => {
    expect([bar(0, 4), bar(0.5, 4), bar(1, 4)]).toEqual(["░░░░", "██░░", "████"]);
    expect([bar(-1, 4), bar(7, 4), bar(Number.EPSILON, 4)]).toEqual(["░░░░", "████", "░░░░"]);
  });
});
