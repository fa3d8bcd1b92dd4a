import { describe, expect, test } from "@jest/globals";
import type { RunEvent, Verdict } from "../campaign/index.ts";
import { junit } from "./junit.ts";

const VERDICT: Verdict = {
  check: "uninterrupted upgrade",
  pass: true,
  ending: "upgraded",
  from: "1.0.0",
  to: "2.0.0",
  cut: undefined,
  where: undefined,
  allowed: [],
  expected: "2.0.0 running",
  found: "2.0.0 running",
  because: "row 1",
  slots: [],
  boots: 1,
  bootLog: [],
  swapPhase: undefined,
};

const judged = (atUs: number, verdict: Partial<Verdict> = {}): RunEvent => ({
  atUs,
  event: "verdict",
  verdict: { ...VERDICT, ...verdict },
});

const started: RunEvent = { atUs: 0, event: "run-started", scenario: 'a<b> & "c"', board: "twin", seed: 1 };

describe("a run as JUnit XML", () => {
  test("counts failed verdicts as failures and a broken bench as an error", () => {
    const failure: RunEvent = { atUs: 3_000_000, event: "failure", kind: "bench", text: "power was not cut" };
    const text = junit([started, judged(1_000_000), judged(2_500_000, { pass: false, check: "cut 1" }), failure]);
    expect(text).toContain('<testsuites tests="3" failures="1" errors="1">');
    expect(text).toContain('name="cut 1" time="1.500">');
    expect(text).toContain('<error type="bench" message="power was not cut"/>');
  });

  test("gives each case a name of its own", () => {
    const text = junit([started, judged(1), judged(2), judged(3, { check: "cut 1" })]);
    expect([...text.matchAll(/<testcase .* name="([^"]*)"/g)].map((match) => match[1])).toEqual([
      "uninterrupted upgrade",
      "uninterrupted upgrade (2)",
      "cut 1",
    ]);
  });

  test("escapes names, and holds no character that XML cannot", () => {
    const text = junit([started, judged(1, { pass: false, found: "log\u0000\u001B[2K" })]);
    expect(text).toContain("a&lt;b&gt; &amp; &quot;c&quot; on twin");
    expect(text).toContain("log\uFFFD\uFFFD[2K");
  });
});
