import { describe, expect, test } from "@jest/globals";
import { causesOf, changesOf, compareRuns, questionsOf } from "./changes.ts";
import type { RunLine } from "./run-line.ts";

/** A run of one question: a case passes where its reason is empty. */
function run(night: number, cases: Readonly<Record<string, string>>, more: Partial<RunLine> = {}): RunLine {
  const isRed = Object.values(cases).some((because) => because !== "");
  return {
    schema: 2,
    id: `run-${night}`,
    began: new Date(Date.UTC(2026, 0, 1 + night)).toISOString(),
    scenario: "upgrade",
    board: "lab-07",
    seed: night,
    outcome: isRed ? "fail" : "pass",
    cutsPlanned: 1,
    labels: {},
    images: [{ role: "new", version: `2.0.${night}`, hash: "ab" }],
    cases: Object.entries(cases).map(([name, because]) => [name, because === "" ? "resumed" : "no boot", because]),
    swapUs: null,
    latencyUs: null,
    uploadBytesPerS: null,
    uploadShare: null,
    wear: null,
    retries: 0,
    voidCuts: 0,
    recoveries: 0,
    ...more,
  };
}

const changesIn = (runs: readonly RunLine[]) => {
  const [question] = questionsOf(runs);
  if (question === undefined) throw new Error("no run");
  return changesOf(question);
};
/** One case over the nights: "x" failed, "." passed, " " was not there. */
const nights = (strip: string) =>
  changesIn(Array.from(strip, (mark, night) => run(night, mark === " " ? {} : { a: mark === "x" ? "U5" : "" })));

describe("what is new with the last run", () => {
  test.each([
    ["....x", { newlyRed: 1, stillRed: 0, newlyGreen: 0 }],
    ["...xx", { newlyRed: 0, stillRed: 1, newlyGreen: 0 }],
    ["..xx.", { newlyRed: 0, stillRed: 0, newlyGreen: 1 }],
    [".....", { newlyRed: 0, stillRed: 0, newlyGreen: 0 }],
    ["x", { newlyRed: 1, stillRed: 0, newlyGreen: 0 }],
    // A case that was not there in between is compared with when it was.
    [".x  x", { newlyRed: 0, stillRed: 1, newlyGreen: 0 }],
  ])("of %j", (strip, expected) => {
    const { newlyRed, stillRed, newlyGreen } = nights(strip);
    expect({ newlyRed: newlyRed.length, stillRed: stillRed.length, newlyGreen: newlyGreen.length }).toEqual(expected);
  });

  test.each([
    ["a regression", "......xxxx", false],
    ["a regression and its cure", "...xxxx...", false],
    ["a case that comes and goes", "..x...x...", true],
    ["one that came and went long ago", "x.x.x...............", false],
  ])("calls %s flaky, or not: %s", (_, strip, flaky) => {
    expect(nights(strip).flaky).toEqual(flaky ? ["a"] : []);
  });

  test("calls a case newly flaky once", () => {
    expect(nights("..x.x").newlyFlaky).toEqual(["a"]);
    expect(nights("..x.x.").newlyFlaky).toEqual([]);
  });

  test("says nothing by a run that the bench ended", () => {
    const runs = [run(0, { a: "" }), run(1, { a: "U5" }), run(2, {}, { outcome: "error" })];
    expect(changesIn(runs).newlyRed).toHaveLength(1);
  });
});

test("a cause is told once over all boards, since when, and with which image first", () => {
  const lines = [
    run(1, { a: "" }),
    run(2, { a: "U5" }),
    run(3, { a: "U5", b: "U5" }),
    run(3, { a: "U5" }, { board: "lab-08" }),
    run(3, { a: "U1" }, { board: "lab-09" }),
  ];
  expect(causesOf(questionsOf(lines))).toEqual([
    { because: "U5", boards: ["lab-07", "lab-08"], since: "2026-01-03T00:00:00.000Z", firstWith: "2.0.2", cases: 3 },
    { because: "U1", boards: ["lab-09"], since: "2026-01-04T00:00:00.000Z", firstWith: "2.0.3", cases: 1 },
  ]);
});

test("two runs are compared by the names of their cases", () => {
  const before = run(1, { a: "", b: "U5", gone: "" });
  const after = run(2, { a: "U1", b: "", fresh: "U1" });
  expect(compareRuns(before, after)).toEqual({
    red: [
      { name: "a", ending: "no boot", because: "U1" },
      { name: "fresh", ending: "no boot", because: "U1" },
    ],
    green: ["b"],
    onlyBefore: ["gone"],
    onlyAfter: ["fresh"],
  });
});
