import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type ErrorKind, InterruptedError, isKind } from "../core/index.ts";
import type { TranscriptLine } from "../smp/index.ts";
import { loadReplay } from "./record/replay.ts";
import { type RunEvent, recordedEvent } from "./record/run-event.ts";
import { subjectText } from "./record/subject.ts";
import type { RunRequest } from "./request/run-request.ts";
import type { RunOutcome } from "./run.ts";
import { emptyFolder, eventsOf, smallProfile, smallRun, smallScenario } from "./testing/small-campaign.ts";

/** Every file of a folder, by its path in it. */
function filesOf(folder: string, under = ""): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(join(folder, under))) {
    const path = join(under, name);
    if (statSync(join(folder, path)).isDirectory())
      for (const [inner, text] of filesOf(folder, path)) files.set(inner, text);
    else files.set(path, readFileSync(join(folder, path), "latin1"));
  }
  return files;
}

const json = (outcome: RunOutcome, name: string): unknown =>
  JSON.parse(readFileSync(join(outcome.folder, name), "utf8"));

/** What the record on disk says, which is what counts when a run has ended. */
const onDisk = (outcome: RunOutcome): RunEvent[] =>
  readFileSync(join(outcome.folder, "events.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): RunEvent => JSON.parse(line));

const lastPower = (events: readonly RunEvent[]) => eventsOf(events, "power").at(-1)?.state;

describe("a campaign on the twin", () => {
  test("passes: an upgrade, the cuts, an upgrade that is reverted, and power on at the end", async () => {
    const outcome = await smallRun();
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsPlanned: 4, cutsJudged: 4, passed: 7, failed: 0 });
    const checks = eventsOf(outcome.events, "verdict").map((event) => subjectText(event.verdict.subject));
    const cuts = ["cut 1", "cut 2", "cut 3", "cut 4"];
    expect(checks).toEqual([
      "uninterrupted upgrade",
      ...cuts,
      "uninterrupted upgrade",
      "revert of an unconfirmed image",
    ]);
    expect(lastPower(outcome.events)).toBe("on");
  });

  test("leaves a folder that is whole: events, verdicts, UART, inputs, replay, result", async () => {
    const outcome = await smallRun();
    expect([...filesOf(outcome.folder).keys()].toSorted()).toEqual([
      "events.jsonl",
      "flash.jsonl",
      "host.json",
      "inputs/new-2.0.0.bin",
      "inputs/old-1.0.0.bin",
      "inputs/profile.yaml",
      "inputs/scenario.yaml",
      "replay.json",
      "run.json",
      "smp.jsonl",
      "uart/app.rx",
      "uart/app.rx.index",
      "verdicts.jsonl",
    ]);
    expect(json(outcome, "run.json")).toMatchObject({ schema: 1, state: "finished", seed: 1, result: outcome.result });
    const events = onDisk(outcome);
    expect(events.filter((event) => event.event !== "upload-progress")).toEqual(
      JSON.parse(JSON.stringify(outcome.events.map(recordedEvent))),
    );
    expect(events.at(-1)?.event).toBe("run-finished");
  });

  test("keeps what was said and heard over SMP, and tells it while it happens, in the order of the bench's clock", async () => {
    const heard: TranscriptLine[] = [];
    const outcome = await smallRun({ onExchange: (line) => heard.push(line) });
    const text = readFileSync(join(outcome.folder, "smp.jsonl"), "utf8");
    const lines = text.split("\n").slice(0, -1);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(heard);
    expect(heard.map((line) => line.atUs)).toEqual(heard.map((line) => line.atUs).toSorted((a, b) => a - b));
    const told = new Set(heard.map(({ smp, command }) => `${smp}: ${command}`));
    for (const what of [
      "request: image upload",
      "chunks: image upload",
      "answer: image state write",
      "answer: reset",
    ]) {
      expect(told).toContain(what);
    }
    // Seven upgrades of 9 KB: the lines do not grow with the images.
    expect(text.length).toBeLessThan(90_000);
    expect(text).not.toMatch(/"data":"(?!\d+ bytes")/);
  });

  test("writes the same bytes for the same seed, but for host.json; and other cuts for another", async () => {
    const [first, second, other] = [await smallRun(), await smallRun(), await smallRun({ seed: 2 })];
    const [a, b] = [filesOf(first.folder), filesOf(second.folder)];
    expect(a.delete("host.json") && b.delete("host.json")).toBe(true);
    expect(a).toEqual(b);
    expect(filesOf(other.folder).get("replay.json")).not.toBe(a.get("replay.json"));
  });

  test("tells no host, path or time of day but in host.json", async () => {
    const outcome = await smallRun();
    for (const [name, text] of filesOf(outcome.folder)) {
      if (name === "host.json") continue;
      expect([name, text.includes(outcome.folder)]).toEqual([name, false]);
      expect([name, /20\d\d-\d\d-\d\d[T ]\d\d:/.test(text)]).toEqual([name, false]);
    }
    expect(json(outcome, "host.json")).toMatchObject({ pid: process.pid, profile: smallProfile().file });
  });

  test("runs again from its record, and finds the same", async () => {
    const first = await smallRun();
    const { replay, made } = loadReplay(first.folder);
    expect(replay.cuts).toEqual(made.map((entry) => entry.planned));
    const again = await smallRun({ seed: replay.seed, cuts: replay.cuts ?? [], startWith: replay.start_with });
    expect(again.result).toEqual(first.result);
    expect(filesOf(again.folder).get("events.jsonl")).toBe(filesOf(first.folder).get("events.jsonl"));
  });

  test("makes one cut of another run again, from the image that ran before it", async () => {
    const first = await smallRun();
    const cut = loadReplay(first.folder).made[2];
    if (!cut) throw new RangeError("no third cut");
    const startWith = cut.from === "1.0.0" ? "old" : "new";
    const again = await smallRun({
      cuts: [cut.planned],
      startWith,
      scenario: smallScenario(["revert_check: true", "revert_check: false"]),
    });
    const verdictOf = (outcome: RunOutcome) =>
      eventsOf(outcome.events, "verdict").find((event) => subjectText(event.verdict.subject) === "cut 3")?.verdict;
    expect(verdictOf(again)).toMatchObject({
      ending: verdictOf(first)?.ending,
      where: verdictOf(first)?.where,
      from: cut.from,
      pass: true,
    });
    expect(again.result.cutsPlanned).toBe(1);
  });

  test.each([
    ["by time", "at_ms: [600, 1200]"],
    ["by log", "on: ['Starting swap', 'Starting swap+300']"],
  ])("makes the cuts that its scenario names %s", async (_, cuts) => {
    const outcome = await smallRun({ scenario: smallScenario(["count: 4", cuts]) });
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 2 });
    expect(loadReplay(outcome.folder).replay.cuts).toHaveLength(2);
  });

  test.each(["swap-offset", "overwrite-only"])("passes with %s, each cut placed in its upgrade", async (mode) => {
    const scenario = smallScenario(["count: 4", "count: 9"], ["6000", "9000"], ["revert_check: true\n", ""]);
    const outcome = await smallRun({ board: smallProfile(["swap-move", mode]), scenario });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 9 });
    const phases = eventsOf(outcome.events, "verdict").map((event) => event.verdict.swapPhase);
    expect(phases.filter((phase) => phase === "before")).toHaveLength(1);
    expect(phases.at(9)).toBe("after");
  });

  test("brings out MCUboot's own defect with swap-offset and images of two lengths, and calls it by its id", async () => {
    const board = smallProfile(["swap-move", "swap-offset"]);
    const outcome = await smallRun({ board, scenario: smallScenario(["count: 4", "count: 9"]) });
    const failed = eventsOf(outcome.events, "verdict").filter((event) => !event.verdict.pass);
    expect(failed.map((event) => [subjectText(event.verdict.subject), event.verdict.ending])).toEqual([
      ["cut 7", "fallback lost"],
    ]);
    expect(failed[0]?.verdict.because).toMatch(/^known defect U1: /);
    expect(outcome.result).toMatchObject({ outcome: "fail", cutsJudged: 9, failed: 1 });
  });
});

describe("a campaign that fails", () => {
  test("goes on by default, stops at the first failure when told to, and leaves power on", async () => {
    const board = smallProfile(["faults: []", "faults: [lose-fallback]"]);
    const all = await smallRun({ board });
    expect(all.result).toMatchObject({ outcome: "fail", cutsJudged: 4 });
    expect(all.result.failed).toBeGreaterThan(1);
    const first = await smallRun({ board, failFast: true });
    expect(first.result).toMatchObject({ outcome: "fail", failed: 1 });
    expect(eventsOf(first.events, "verdict").at(-1)?.verdict.pass).toBe(false);
    expect([lastPower(all.events), lastPower(first.events)]).toEqual(["on", "on"]);
  });

  test("fast ends without a revert check also when the first upgrade failed", async () => {
    const board = smallProfile(["faults: []", "faults: [no-revert]"]);
    const outcome = await smallRun({ board, failFast: true });
    expect(outcome.result).toMatchObject({ outcome: "fail", passed: 0, failed: 1, cutsJudged: 0 });
  });

  test("with a relay that does not switch is the bench's failure, not the board's", async () => {
    const outcome = await smallRun({ board: smallProfile(["faults: []", "faults: [relay-stuck]"]) });
    expect(outcome.result).toMatchObject({ outcome: "error", cutsJudged: 0 });
    expect(isKind(outcome.error, "bench")).toBe(true);
    expect(eventsOf(onDisk(outcome), "failure")).toMatchObject([{ kind: "bench" }]);
    expect(json(outcome, "run.json")).toMatchObject({ state: "finished", result: { outcome: "error" } });
    expect(lastPower(outcome.events)).toBe("on");
  });

  test("when the board refuses a command is the firmware's failure", async () => {
    const outcome = await smallRun({ board: smallProfile(["faults: []", "faults: [stale-image-list]"]) });
    expect(outcome.result.outcome).toBe("fail");
    expect(isKind(outcome.error, "protocol")).toBe(true);
  });

  test("when a page is worn out ends before the cut that could be too much", async () => {
    const outcome = await smallRun({ maxWear: 12 });
    expect(outcome.result).toMatchObject({ outcome: "error", failed: 0 });
    expect(outcome.result.cutsJudged).toBeLessThan(4);
    expect(String(outcome.error)).toMatch(/has been erased \d+ times of the 12 it is allowed/);
  });

  test("makes no new cut when its time is over, says how many were left, and is incomplete: not passed, not failed", async () => {
    const outcome = await smallRun({ maxDurationMs: 10 });
    expect(outcome.result).toMatchObject({ outcome: "incomplete", cutsPlanned: 4, cutsJudged: 1, failed: 0 });
    expect(json(outcome, "run.json")).toMatchObject({ state: "finished", result: { outcome: "incomplete" } });
    expect(eventsOf(outcome.events, "warning").map((event) => event.text)).toEqual([
      "--max-duration is over: 3 of 4 cuts were not made",
    ]);
  });

  test.each(["upload", "request"])("makes no new cut in an %s when its time is over, either", async (where) => {
    const scenario = smallScenario(
      ["cuts: { count: 4 }", `cuts: { count: 4, in: ${where} }`],
      ["revert_check: true\n", ""],
    );
    const outcome = await smallRun({ maxDurationMs: 10, scenario });
    expect(outcome.result).toMatchObject({ outcome: "incomplete", cutsPlanned: 4, cutsJudged: 1, failed: 0 });
    expect(eventsOf(outcome.events, "warning").map((event) => event.text)).toEqual([
      "--max-duration is over: 3 of 4 cuts were not made",
    ]);
  });

  test("passes all the same where scenario or request allow that cuts are left, and says so", async () => {
    const scenario = smallScenario(["revert_check: true", "revert_check: false\nallow_incomplete: true"]);
    const allowed = { outcome: "pass", cutsPlanned: 4, cutsJudged: 1, incompleteAllowed: true };
    expect((await smallRun({ maxDurationMs: 10, scenario })).result).toMatchObject(allowed);
    expect((await smallRun({ maxDurationMs: 10, allowIncomplete: true })).result).toMatchObject(allowed);
    expect((await smallRun({ scenario })).result).not.toHaveProperty("incompleteAllowed");
  });

  test("counts the cuts that were left by their order, also when they are numbered as in another run", async () => {
    const cuts = [17, 29].map((index) => ({ index, kind: "time", afterResetUs: 900_000 }) as const);
    const outcome = await smallRun({ maxDurationMs: 0.001, cuts });
    expect(eventsOf(outcome.events, "warning").map((event) => event.text)).toEqual([
      "--max-duration is over: 1 of 2 cuts were not made",
    ]);
  });
});

describe("a campaign that is interrupted", () => {
  /** Runs until this event, and then gets the signal. */
  async function interrupted(at: RunEvent["event"], reason: unknown, more: Partial<RunRequest> = {}) {
    const stop = new AbortController();
    return smallRun({
      ...more,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.event === at) stop.abort(reason);
      },
    });
  }

  const ctrlC = new InterruptedError("interrupted by SIGINT; the bench is left safe.");

  test.each(["run-started", "baseline", "upload-started", "upload-progress", "set-pending", "cut-started"] as const)(
    "at %s ends as interrupted, with power on and the record whole",
    async (at) => {
      const outcome = await interrupted(at, ctrlC);
      expect(outcome.result.outcome).toBe("interrupted");
      expect(outcome.error).toBe(ctrlC);
      const events = onDisk(outcome);
      expect(lastPower(events)).toBe("on");
      expect(events.at(-1)).toMatchObject({ event: "run-finished", result: { outcome: "interrupted" } });
      expect(json(outcome, "run.json")).toMatchObject({ state: "finished", result: { outcome: "interrupted" } });
    },
  );

  test("while power is off gets it back", async () => {
    const stop = new AbortController();
    let cuts = 0;
    const outcome = await smallRun({
      signal: stop.signal,
      onEvent: (event) => {
        if (event.event === "cut-started") cuts += 1;
        if (cuts > 0 && event.event === "power" && event.state === "off") stop.abort(ctrlC);
      },
    });
    expect(outcome.result).toMatchObject({ outcome: "interrupted", cutsPlanned: 4, cutsJudged: 0, passed: 1 });
    expect(
      eventsOf(onDisk(outcome), "power")
        .slice(-2)
        .map((event) => event.state),
    ).toEqual(["off", "on"]);
  });

  test("by a caller's own signal is interrupted, whatever the reason is", async () => {
    const outcome = await interrupted("baseline", new RangeError("the caller has seen enough"));
    expect(outcome.result.outcome).toBe("interrupted");
  });

  test("can be replayed: what it had planned stands in the record", async () => {
    const outcome = await interrupted("cut-started", ctrlC);
    const { replay, made } = loadReplay(outcome.folder);
    expect([replay.cuts?.length, made.length]).toEqual([4, 1]);
  });
});

describe("a request that is wrong", () => {
  test("throws before anything moves, and leaves no record", async () => {
    const runsRoot = join(emptyFolder(), "runs");
    const scenario = smallScenario(["{ generate_bytes: 9000 }", "{ file: gone.bin }"]);
    const error: { kind?: ErrorKind } = await smallRun({ runsRoot, scenario }).then(
      () => ({}),
      (reason) => reason,
    );
    expect(error.kind).toBe("configuration");
    expect(existsSync(runsRoot)).toBe(false);
  });

  test("says where the runs' folder cannot be made", async () => {
    const runsRoot = join(emptyFolder(), "runs");
    writeFileSync(runsRoot, "not a folder");
    await expect(smallRun({ runsRoot })).rejects.toMatchObject({
      kind: "configuration",
    });
  });
});
