import { describe, expect, test } from "@jest/globals";
import type { RunEvent, Verdict } from "../campaign/index.ts";
import type { TranscriptLine } from "../smp/index.ts";
import { exchangeTraceLine, traceLine } from "./trace.ts";

const VERDICT: Verdict = {
  subject: { kind: "cut", in: "boot", index: 3 },
  pass: true,
  ending: "resumed",
  from: "1.0.0",
  to: "2.0.0",
  cut: undefined,
  where: "operation 611, status of sector 48",
  swapPhase: "swap",
  allowed: [],
  expected: "2.0.0 running",
  found: "2.0.0 running, unconfirmed",
  because: "the swap resumes",
  slots: [],
  boots: 1,
  bootLog: [],
};

describe("a line of the trace", () => {
  test.each<[string, RunEvent]>([
    [
      "[    12.345678] boot-log         I: Starting swap using move algorithm.",
      { atUs: 12_345_678, event: "boot-log", name: "starting swap", text: "I: Starting swap using move algorithm." },
    ],
    [
      "[     0.500000] power            off (command sent at 0.498123)",
      { atUs: 500_000, event: "power", state: "off", sentAtUs: 498_123 },
    ],
    [
      "[     1.000000] upload-progress  512 of 2048",
      { atUs: 1_000_000, event: "upload-progress", sentBytes: 512, totalBytes: 2048 },
    ],
    [
      "[     1.000000] image-state      slot 0: 1.0.0 active confirmed; slot 1: 2.0.0 pending",
      {
        atUs: 1_000_000,
        event: "image-state",
        images: [
          { image: 0, slot: 0, version: "1.0.0", hash: "aa", flags: ["active", "confirmed"] },
          { image: 0, slot: 1, version: "2.0.0", hash: "bb", flags: ["pending"] },
        ],
      },
    ],
    [
      "[123456.000000] verdict          cut 3, operation 611, status of sector 48: resumed; 2.0.0 running, unconfirmed; the swap resumes",
      { atUs: 123_456_000_000, event: "verdict", verdict: VERDICT },
    ],
    ['[     0.000000] baseline         {"how":"flashed"}', { atUs: 0, event: "baseline", how: "flashed" }],
  ])("is %j", (text, event) => {
    expect(traceLine(event)).toBe(text);
  });

  test("of a failed verdict holds the whole of it", () => {
    const text = traceLine({ atUs: 0, event: "verdict", verdict: { ...VERDICT, pass: false, ending: "wrong slots" } });
    expect(text.split("\n")[0]).toBe("[     0.000000] verdict");
    for (const word of ["FAIL  cut 3", "expected  2.0.0 running", "found     2.0.0", "because   the swap resumes"]) {
      expect(text).toContain(word);
    }
  });
});

describe("a line of SMP in the trace", () => {
  const facts = { command: "echo", op: "write", version: 2, sequence: 4, bytes: 12, body: { r: "\u001b[2J" } } as const;
  test.each<[string, TranscriptLine]>([
    [
      String.raw`[     0.003100] smp request      echo #4, 12 bytes {"r":"\u001b[2J"}`,
      { atUs: 3_100, smp: "request", attempt: 1, ...facts },
    ],
    [
      String.raw`[     0.003100] smp request      echo #4, 12 bytes, attempt 2 {"r":"\u001b[2J"}`,
      { atUs: 3_100, smp: "request", attempt: 2, ...facts },
    ],
    [
      String.raw`[    12.345678] smp answer       echo #4, 12 bytes, 3.1 ms {"r":"\u001b[2J"}`,
      { atUs: 12_345_678, smp: "answer", tookUs: 3_100, ...facts },
    ],
    [
      String.raw`[     1.000000] smp dropped      echo #4, 12 bytes, late {"r":"\u001b[2J"}`,
      { atUs: 1_000_000, smp: "dropped", why: "late", ...facts },
    ],
    [
      "[     1.000000] smp no answer    echo #4, waited 400.0 ms",
      { atUs: 1_000_000, smp: "no answer", command: "echo", sequence: 4, attempt: 1, waitedUs: 400_000 },
    ],
    [
      "[     1.000000] smp chunks       image upload 14 asked, 13 answered in 900.0 ms: 951 to 9999",
      {
        atUs: 1_000_000,
        smp: "chunks",
        command: "image upload",
        fromUs: 100_000,
        requests: 14,
        answers: 13,
        off: { from: 951, to: 9_999 },
      },
    ],
  ])("is %j", (text, line) => {
    expect(exchangeTraceLine(line)).toBe(text);
  });
});
