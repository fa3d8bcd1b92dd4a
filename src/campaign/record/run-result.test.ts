import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { RunResult } from "./facts.ts";
import type { RunEvent } from "./run-event.ts";
import { completed, ResultTally } from "./run-result.ts";
import type { Subject } from "./subject.ts";
import { ENDINGS, type Verdict } from "./verdict.ts";

const number = fc.integer({ min: 1, max: 5 });
const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.record({ kind: fc.constant("cut" as const), in: fc.constantFrom("boot", "upload", "request"), index: number }),
  fc.record({ kind: fc.constant("later boot" as const), boot: number, cut: number }),
  fc.constantFrom<Subject>({ kind: "upgrade" }, { kind: "revert" }, { kind: "request again" }),
);
const event: fc.Arbitrary<RunEvent> = fc.oneof(
  fc
    .record({ subject, pass: fc.boolean(), ending: fc.constantFrom(...ENDINGS.map(({ name }) => name)) })
    .map((verdict): RunEvent => ({ atUs: 0, event: "verdict", verdict: verdict as Verdict })),
  number.map((count): RunEvent => {
    const cuts = Array.from(
      { length: count },
      (_, order) => ({ index: order + 1, kind: "time", afterResetUs: 0 }) as const,
    );
    return { atUs: 0, event: "plan", cuts, phases: [] };
  }),
  number.map((index): RunEvent => ({ atUs: 0, event: "cut-void", index, reason: "", again: true })),
  fc.constant<RunEvent>({ atUs: 0, event: "infra-retry", retry: 1, of: 2, kind: "bench", text: "" }),
  fc.constant<RunEvent>({ atUs: 0, event: "warning", text: "" }),
);
const outcome = fc.constantFrom<RunResult["outcome"]>("pass", "fail", "error", "interrupted");
/** Counted anew from all events: what the record alone says. */
function resultOf(ended: RunResult["outcome"], events: readonly RunEvent[]): RunResult {
  const tally = new ResultTally();
  for (const entry of events) tally.add(entry);
  return tally.result(ended);
}
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe("the result of a run", () => {
  test("follows from its events: every verdict counts once, every cut has one ending, a failed verdict is no pass", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), outcome, (events, ended) => {
        const result = resultOf(ended, events);
        const verdicts = events.flatMap((entry) => (entry.event === "verdict" ? [entry.verdict] : []));
        const cuts = verdicts.filter((verdict) => verdict.subject.kind === "cut");
        const failed = verdicts.filter(({ pass }) => !pass).length;
        expect(result).toMatchObject({ passed: verdicts.length - failed, failed, cutsJudged: cuts.length });
        expect(sum(Object.values(result.endings))).toBe(cuts.length);
        expect(result.outcome).toBe(ended === "pass" && failed > 0 ? "fail" : ended);
        const plan = events.findLast((entry) => entry.event === "plan");
        expect(result.cutsPlanned).toBe(plan?.event === "plan" ? plan.cuts.length : 0);
        const count = (name: RunEvent["event"]) => events.filter((entry) => entry.event === name).length || undefined;
        expect([result.cutsVoid, result.infraRetries]).toEqual([count("cut-void"), count("infra-retry")]);
      }),
    );
  });

  test("is the same however it is counted: event by event, or all at once; asking changes nothing", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), outcome, (events, ended) => {
        const tally = new ResultTally();
        for (const entry of events) {
          tally.add(entry);
          tally.result(ended);
        }
        expect(tally.result(ended)).toEqual(resultOf(ended, events));
      }),
    );
  });

  test("of a pass with cuts left to make is incomplete, unless that is allowed", () => {
    const events: RunEvent[] = [
      { atUs: 0, event: "plan", cuts: [{ index: 1, kind: "time", afterResetUs: 0 }], phases: [] },
    ];
    const result = resultOf("pass", events);
    expect(completed(result, false).outcome).toBe("incomplete");
    expect(completed(result, true)).toEqual({ ...result, incompleteAllowed: true });
    expect(completed({ ...result, outcome: "fail" }, false).outcome).toBe("fail");
  });
});
