import { describe, expect, test } from "@jest/globals";
import { cutsAt, cutsOn, triggerFault } from "./explicit-cuts.ts";

describe("cuts given one by one", () => {
  test("at moments are numbered in the order given, in whole microseconds", () => {
    expect(cutsAt([500, 0, 12.3456])).toEqual([
      { index: 1, kind: "time", afterResetUs: 500_000 },
      { index: 2, kind: "time", afterResetUs: 0 },
      { index: 3, kind: "time", afterResetUs: 12_346 },
    ]);
  });

  test.each([
    ["Starting swap", "Starting swap", 0],
    ["Starting swap+250", "Starting swap", 250_000],
    ["Starting swap+0.5", "Starting swap", 500],
    ["a+b", "a+b", 0],
    ["a+b+7", "a+b", 7000],
    ["sector \\d+", "sector \\d+", 0],
    ["two\nlines+1", "two\nlines", 1000],
  ])("on the log: %j is the pattern %j and %d us", (text, pattern, delayUs) => {
    expect(cutsOn([text])).toEqual([{ index: 1, kind: "log", pattern, delayUs }]);
  });

  test("on a pattern that is none are refused with the reason", () => {
    expect(() => cutsOn(["fine", "(never closed"])).toThrow("is no regular expression");
    expect(triggerFault("(never closed")).toMatch(/missing closing/);
    expect(triggerFault("")).toBe("an empty pattern matches everything");
    expect(triggerFault("Starting swap+250")).toBeUndefined();
  });
});
