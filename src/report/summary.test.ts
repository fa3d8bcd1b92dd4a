import { describe, expect, test } from "@jest/globals";
import type { RunResult, Verdict } from "../campaign/index.ts";
import { failureText, summaryLines } from "./summary.ts";

const RESULT: RunResult = { outcome: "pass", cutsPlanned: 40, cutsJudged: 40, passed: 43, failed: 0, endings: {} };

const closing = (more: Partial<RunResult>) => summaryLines({ ...RESULT, ...more }, [], [], 80);

const VERDICT: Verdict = {
  subject: { kind: "cut", in: "boot", index: 17 },
  pass: false,
  ending: "wrong slots",
  from: "1.0.0",
  to: "2.0.0",
  cut: { intoSwapUs: 12_310_000 } as Verdict["cut"],
  where: "operation 611, status of sector 48",
  swapPhase: "swap",
  allowed: [],
  expected: "2.0.0 running, unconfirmed; 1.0.0 in slot 1",
  found: "1.0.0 running, confirmed; slot 1 empty",
  because: "the resumed swap must end in the new image",
  slots: [],
  boots: 1,
  bootLog: [],
};

describe("the closing line", () => {
  test.each<[Partial<RunResult>, string]>([
    [
      { endings: { resumed: 38, reverted: 1, kept: 1 } },
      "PASS  40 of 40 cuts as MCUboot allows: 38 resumed and upgraded, 1 kept the old image, 1 reverted",
    ],
    [{ cutsPlanned: 1, cutsJudged: 1, endings: {} }, "PASS  1 of 1 cut as MCUboot allows"],
    [{ cutsPlanned: 0, cutsJudged: 0, passed: 3 }, "PASS  3 checks as MCUboot allows; no cuts"],
    [
      { outcome: "fail", passed: 41, failed: 2, endings: { resumed: 38, "no boot": 2 } },
      "FAIL  2 verdicts of 43 failed; cuts: 38 resumed and upgraded, 2 no boot",
    ],
    [{ outcome: "fail", passed: 0, failed: 1 }, "FAIL  1 verdict of 1 failed"],
    [{ outcome: "fail", cutsJudged: 7 }, "FAIL  ended early, after 7 of 40 cuts; the reason follows"],
    [{ outcome: "error", cutsJudged: 7 }, "ERROR the bench failed after 7 of 40 cuts"],
    [{ outcome: "error", cutsPlanned: 0, cutsJudged: 0 }, "ERROR the bench failed before the first cut"],
    [{ infraRetries: 2 }, "PASS  40 of 40 cuts as MCUboot allows; the bench failed 2 times and was tried again"],
    [{ outcome: "interrupted", cutsJudged: 7 }, "INTERRUPTED after 7 of 40 cuts; power is on"],
    [
      { outcome: "interrupted", cutsJudged: 7, powerLeft: "off" },
      "INTERRUPTED after 7 of 40 cuts; power is off, as the profile's power.leave says",
    ],
  ])("of %j", (result, text) => {
    expect(closing(result)).toEqual([["verdict", text]]);
  });

  test("comes after the strip of cuts, where there were cuts", () => {
    const phases = [{ name: "swap", fromUs: 0, toUs: 20_000_000 }];
    const lines = summaryLines(RESULT, phases, [VERDICT], 80);
    expect(lines.map(([label]) => label)).toEqual(["", "", "verdict"]);
    expect(lines[1]?.[1]).toContain("✗");
  });
});

describe("a failed verdict in words", () => {
  test("says where the cut fell, how it ended, what was expected and found, and why", () => {
    expect(
      failureText(VERDICT),
    ).toBe(`verdict   FAIL  cut 17: at 12.3 s after the swap's start, operation 611, status of sector 48
          ending    wrong image in the other slot
          expected  2.0.0 running, unconfirmed; 1.0.0 in slot 1
          found     1.0.0 running, confirmed; slot 1 empty
          because   the resumed swap must end in the new image`);
  });

  test("says how long before the swap the cut fell", () => {
    const cut = { intoSwapUs: -2500 } as Verdict["cut"];
    const [first] = failureText({ ...VERDICT, cut, where: "before the swap's first operation" }).split("\n");
    expect(first).toBe("verdict   FAIL  cut 17: at 2.5 ms before the swap's start, before the swap's first operation");
  });

  test("says nothing of a cut where there was none", () => {
    const [first] = failureText({ ...VERDICT, subject: { kind: "upgrade" }, cut: undefined }).split("\n");
    expect(first).toBe("verdict   FAIL  uninterrupted upgrade");
  });
});
