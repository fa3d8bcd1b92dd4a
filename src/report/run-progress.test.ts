import { describe, expect, test } from "@jest/globals";
import { RunProgress, statusText } from "./run-progress.ts";

type Seen = Parameters<RunProgress["take"]>[0];

const S = 1_000_000;
const upload = (beganS: number, sentBytes: number): readonly Seen[] => [
  { atUs: beganS * S, event: "upload-started", version: "2.0.0", totalBytes: 100_000 },
  { atUs: (beganS + 10) * S, event: "upload-progress", sentBytes, totalBytes: 100_000 },
];
const uploaded = (atS: number): Seen => ({
  atUs: atS * S,
  event: "upload-finished",
  bytes: 100_000,
  durationUs: 20 * S,
});
const plan = (atS: number, cuts: number): Seen => ({
  atUs: atS * S,
  event: "plan",
  cuts: Array.from({ length: cuts }),
});
const judged = (atS: number, pass = true): Seen => ({
  atUs: atS * S,
  event: "verdict",
  verdict: { pass, check: "cut 1" },
});
const reference: Seen = { atUs: 60 * S, event: "reference", swapUs: 20 * S, endAfterResetUs: 25 * S };

function after(...events: readonly Seen[]) {
  const progress = new RunProgress();
  for (const event of events) progress.take(event);
  return progress.status();
}

describe("the status of a run", () => {
  test("says which upload of how many, how fast, and how long it will take", () => {
    expect(after(...upload(0, 25_000)).upload).toEqual({
      number: 1,
      of: undefined,
      sentBytes: 25_000,
      totalBytes: 100_000,
      bytesPerS: 2_500,
      leftUs: 30 * S,
    });
    const later = after(...upload(0, 1), uploaded(20), plan(60, 4), ...upload(61, 50_000));
    expect(later.upload).toMatchObject({ number: 2, of: 5 });
    expect(later.expectedUs).toBe(20 * S);
  });

  test("counts uploads by what a cut took, when one was made", () => {
    const cut = (beganS: number) => [
      ...upload(beganS, 1),
      uploaded(beganS + 20),
      ...upload(beganS + 20, 1),
      uploaded(beganS + 40),
    ];
    const status = after(plan(0, 10), ...cut(0), judged(50), ...upload(51, 50_000));
    expect(status.upload).toMatchObject({ number: 3, of: 20 });
  });

  test("knows the swap by the bootloader's line, its clock and how long it took undisturbed", () => {
    const log = (atS: number, name: string): Seen => ({ atUs: atS * S, event: "boot-log", name });
    const reset: Seen = { atUs: 61 * S, event: "reset", answeredUs: 60.5 * S };
    expect(after(reference, reset)).toMatchObject({ doing: "boot", sinceUs: 60.5 * S, expectedUs: 25 * S });
    expect(after(reference, reset, log(63, "starting swap"), log(64, "swap state"))).toMatchObject({
      doing: "swap",
      sinceUs: 63 * S,
      expectedUs: 20 * S,
    });
  });

  test("says when the run will end, by what its cuts took; before the first by upload and boot", () => {
    const begun = [...upload(0, 1), uploaded(20), reference, plan(100, 10)];
    expect(after(...begun).leftUs).toBe((20 + 2 * 25) * 10 * S);
    expect(after(...begun, judged(160), judged(220, false))).toMatchObject({
      leftUs: 60 * 8 * S,
      failed: 1,
      cutsDone: 2,
    });
    expect(after(...upload(0, 1)).leftUs).toBeUndefined();
  });
});

test("its line has a clock that goes on while nothing is heard", () => {
  const status = after(reference, plan(100, 10), judged(160), { atUs: 160 * S, event: "reset", answeredUs: 160 * S });
  expect(statusText(status, 165 * S)).toBe("boot  5.0 s of about 25.0 s  cut 2 of 10  ends in about 9 min");
  expect(statusText(status, 175 * S)).toContain("boot  15.0 s of about 25.0 s");
  expect(statusText(after(...upload(0, 25_000)), 10 * S)).toBe(
    "upload of 2.0.0  no. 1  ████░░░░░░░░░░░░ 25 %  2.4 KiB/s  30.0 s left",
  );
});
