import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { BenchError, InterruptedError, ProtocolError, TimeoutError } from "../core/index.ts";
import { isRetryable, PermanentBenchError } from "./bench/retry.ts";
import type { RunEvent } from "./record/run-event.ts";
import { subjectText } from "./record/subject.ts";
import type { RunRequest } from "./request/run-request.ts";
import type { RunOutcome } from "./run.ts";
import { eventsOf, smallProfile, smallRun, smallScenario } from "./testing/small-campaign.ts";

/** A run whose bench breaks each time that `breaks` says so. */
function brokenRun(breaks: (event: RunEvent, seen: readonly RunEvent[]) => boolean, more: Partial<RunRequest> = {}) {
  const seen: RunEvent[] = [];
  return smallRun({
    ...more,
    onEvent: (event) => {
      seen.push(event);
      if (breaks(event, seen)) throw new BenchError("the relay stuck for a moment.");
    },
  });
}

/** At the nth time of an event of this name. */
const at =
  (name: RunEvent["event"], ...times: readonly number[]) =>
  (event: RunEvent, seen: readonly RunEvent[]) =>
    event.event === name && times.includes(seen.filter((other) => other.event === name).length);

const checksOf = ({ events }: RunOutcome) =>
  eventsOf(events, "verdict").map(({ verdict }) => subjectText(verdict.subject));
const cutsOf = (outcome: RunOutcome) => checksOf(outcome).filter((check) => check.startsWith("cut"));

describe("a run whose bench fails", () => {
  test("ends there when nobody asked for more", async () => {
    const outcome = await brokenRun(at("cut-started", 2));
    expect(outcome.result).toMatchObject({ outcome: "error", cutsJudged: 1 });
    expect(outcome.result.infraRetries).toBeUndefined();
    expect(eventsOf(outcome.events, "infra-retry")).toEqual([]);
  });

  test("goes on where it was: same images, same record, the cuts that were not judged yet, and it is counted", async () => {
    const outcome = await brokenRun(at("cut-started", 2, 4), { infraRetries: 2 });
    expect(outcome.error).toBeUndefined();
    expect(cutsOf(outcome)).toEqual(["cut 1", "cut 2", "cut 3", "cut 4"]);
    expect(outcome.result).toMatchObject({
      outcome: "pass",
      cutsPlanned: 4,
      cutsJudged: 4,
      failed: 0,
      infraRetries: 2,
    });
    expect(eventsOf(outcome.events, "infra-retry")).toMatchObject([
      { retry: 1, of: 2, kind: "bench", text: "the relay stuck for a moment." },
      { retry: 2, of: 2 },
    ]);
    expect(eventsOf(outcome.events, "images-built")).toHaveLength(1);
    const run: unknown = JSON.parse(readFileSync(join(outcome.folder, "run.json"), "utf8"));
    expect(run).toMatchObject({ result: { outcome: "pass", infraRetries: 2 } });
  });

  test("has one clock over all its tries", async () => {
    const { events } = await brokenRun(at("cut-started", 2), { infraRetries: 1 });
    const stamps = events.filter(({ event }) => event !== "boot-log").map(({ atUs }) => atUs);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  test("takes the number from its scenario, too, and the command line's before it", async () => {
    const scenario = smallScenario(["revert_check: true", "revert_check: false\ninfra_retries: 1"]);
    expect((await brokenRun(at("cut-started", 2), { scenario })).result.outcome).toBe("pass");
    expect((await brokenRun(at("cut-started", 2), { scenario, infraRetries: 0 })).result.outcome).toBe("error");
  });

  test("ends when the tries are used up, with the last failure, and as the bench's", async () => {
    const outcome = await brokenRun(at("preflight", 1, 2, 3), { infraRetries: 2 });
    expect(outcome.result).toMatchObject({ outcome: "error", infraRetries: 2, cutsJudged: 0 });
    expect(eventsOf(outcome.events, "failure")).toMatchObject([{ kind: "bench" }]);
  });

  test("never gets a failed verdict off: what was judged stays judged", async () => {
    const board = smallProfile(["faults: []", "faults: [lose-fallback]"]);
    const calm = await smallRun({ board });
    const outcome = await brokenRun(at("cut-started", 4), { board, infraRetries: 1 });
    const failedOf = ({ events }: RunOutcome) =>
      eventsOf(events, "verdict").flatMap(({ verdict }) => (verdict.pass ? [] : [subjectText(verdict.subject)]));
    expect(failedOf(calm)).toContain("cut 2");
    expect(failedOf(outcome)).toContain("cut 2");
    expect(cutsOf(outcome).filter((check) => check === "cut 2")).toHaveLength(1);
    expect(outcome.result).toMatchObject({ outcome: "fail", infraRetries: 1 });
    expect(outcome.error).toBeUndefined();
  });

  test("also in cuts of a request goes on where it was", async () => {
    const scenario = smallScenario(
      ["count: 4", "count: 3, in: request"],
      ["revert_check: true", "revert_check: false"],
    );
    const outcome = await brokenRun(at("cut-started", 2), { scenario, infraRetries: 1 });
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsPlanned: 3, cutsJudged: 3, infraRetries: 1 });
    expect(checksOf(outcome).filter((check) => check.startsWith("request cut"))).toHaveLength(3);
  });

  test("is not tried again when it was interrupted, not even while it waits for the next try", async () => {
    const stop = new AbortController();
    const outcome = await smallRun({
      infraRetries: 5,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.event === "infra-retry") stop.abort(new InterruptedError("interrupted by SIGINT."));
        if (event.event === "preflight") throw new BenchError("the relay stuck for a moment.");
      },
    });
    expect(outcome.result).toMatchObject({ outcome: "interrupted", infraRetries: 1 });
  });

  test("a worn page is not tried again", async () => {
    const worn = await smallRun({ maxWear: 12, infraRetries: 3 });
    expect(worn.result.outcome).toBe("error");
    expect(eventsOf(worn.events, "infra-retry")).toEqual([]);
  });
});

test.each([
  ["a port that vanished", new BenchError("x"), true],
  ["silence", new TimeoutError("an answer", 5), true],
  ["a page that is worn out", new PermanentBenchError("x"), false],
  ["a refusal by the board", new ProtocolError("x"), false],
  ["Ctrl-C", new InterruptedError("x"), false],
  ["an error of ours", new RangeError("x"), false],
])("%s is worth another try: %p %s", (_, error, isWorth) => {
  expect(isRetryable(error, new AbortController().signal)).toBe(isWorth);
  expect(isRetryable(error, AbortSignal.abort())).toBe(false);
});
