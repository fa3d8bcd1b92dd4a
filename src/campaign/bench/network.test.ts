import { describe, expect, test } from "@jest/globals";
import type { Comparison } from "../verdict/compare.ts";
import { compareNetwork } from "./network.ts";

const passed: Comparison = {
  ending: "upgraded",
  pass: true,
  outcome: undefined,
  found: "2.0.0 running, confirmed; slot 1 empty",
  because: "the model says so",
};

describe("what the network core says after an update of both cores", () => {
  test("is told beside the slots, and the version that was asked for is right", () => {
    expect(compareNetwork(passed, 4, 4)).toEqual({
      ...passed,
      found: "2.0.0 running, confirmed; slot 1 empty; the network core runs version 4",
    });
  });

  test("fails a board whose slots are right, when it is another version or silence", () => {
    const skipped = compareNetwork(passed, 4, 3);
    expect(skipped).toMatchObject({ pass: false, ending: "wrong image" });
    expect([skipped.found, skipped.because]).toEqual([
      expect.stringContaining("the network core runs version 3"),
      expect.stringContaining("was to run version 4"),
    ]);
    expect(compareNetwork(passed, 4, undefined)).toMatchObject({
      pass: false,
      because: "the network core does not say on its UART what it runs",
    });
  });

  test("does not hide why the application's slots were wrong", () => {
    const failed = { ...passed, pass: false, ending: "wrong slots", because: "the old image is gone" } as const;
    expect(compareNetwork(failed, 4, 3)).toMatchObject({ ending: "wrong slots", because: "the old image is gone" });
  });
});
