import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import type { RunRequest } from "../request/run-request.ts";
import { emptyFolder, smallProfile, smallScenario } from "../testing/small-campaign.ts";
import type { PlannedCut } from "./cut-moment.ts";
import type { ImageSummary } from "./facts.ts";
import { RunRecord } from "./record.ts";
import { loadReplay, replayOf } from "./replay.ts";

const IMAGES: readonly ImageSummary[] = [
  { role: "old", version: "1.0.0", hash: "aa", fileBytes: 1, encrypted: true },
  { role: "new", version: "2.0.0", hash: "bb", fileBytes: 2, encrypted: true },
];
const CUTS: readonly PlannedCut[] = [
  { index: 1, kind: "time", afterResetUs: 5000 },
  { index: 2, kind: "log", pattern: "Starting swap", delayUs: 250_000 },
];

function request(more: Partial<RunRequest> = {}): RunRequest {
  return {
    scenario: smallScenario(),
    board: smallProfile(),
    seed: 7,
    failFast: false,
    runsRoot: "/nowhere",
    version: "0.0.0",
    signal: new AbortController().signal,
    ...more,
  };
}

/** The folder of a run with two cuts, of which the second was in work when the run was killed. */
function recorded(): string {
  using record = RunRecord.create(emptyFolder());
  record.document("replay.json", replayOf(request({ faults: ["no-revert"] }), IMAGES, CUTS));
  record.document("host.json", { profile: "/lab/small.yaml", scenario: "/lab/mine.yaml", pid: 1 });
  for (const [order, planned] of CUTS.entries()) {
    const [from, to] = order === 0 ? ["2.0.0", "1.0.0"] : ["1.0.0", "2.0.0"];
    record.event({ atUs: order, event: "cut-started", planned, from: from ?? "", to: to ?? "" });
  }
  return record.folder;
}

function complaint(reference: string): string {
  try {
    loadReplay(reference);
  } catch (error) {
    if (!isHilError(error)) throw error;
    expect(error.kind).toBe("configuration");
    return error.paragraph();
  }
  return "no complaint";
}

describe("a replay", () => {
  test("comes back from a run's folder as it was written", () => {
    const folder = recorded();
    const loaded = loadReplay(folder);
    expect(loaded.replay).toEqual({
      schema: 1,
      seed: 7,
      scenario: { name: "small", text: smallScenario().text },
      profile: { name: "small", text: smallProfile().text },
      images: [
        { role: "old", version: "1.0.0", hash: "aa" },
        { role: "new", version: "2.0.0", hash: "bb" },
      ],
      inputs: [],
      keys: [],
      faults: ["no-revert"],
      cuts: CUTS,
      start_with: "new",
      limits: { fail_fast: false, max_duration_ms: null, max_wear: null, allow_incomplete: false },
    });
    expect(loaded.folder).toBe(folder);
  });

  test("holds no path and no time of day", () => {
    const text = JSON.stringify(replayOf(request(), IMAGES, undefined));
    expect(text).not.toContain("/nowhere");
    expect(text).not.toContain(smallProfile().file);
  });

  test("of a run that planned nothing names no cuts", () => {
    expect(replayOf(request(), IMAGES, undefined).cuts).toBeNull();
    expect(replayOf(request({ startWith: "old" }), IMAGES, CUTS)).toMatchObject({ cuts: CUTS, start_with: "old" });
  });

  test("knows every cut that was begun, and the image that ran before it", () => {
    expect(loadReplay(recorded()).made).toEqual([
      { planned: CUTS[0], from: "2.0.0" },
      { planned: CUTS[1], from: "1.0.0" },
    ]);
  });

  test("of a run that was killed while it wrote a line knows the cuts before it", () => {
    const folder = recorded();
    appendFileSync(join(folder, "events.jsonl"), '{"atUs":9,"event":"cut-started","planned":{"index":3,"ki');
    expect(loadReplay(folder).made.map((entry) => entry.planned.index)).toEqual([1, 2]);
  });

  test("of a record that is noise from some line on knows the cuts before it, and does not read on", () => {
    const folder = recorded();
    const events = join(folder, "events.jsonl");
    const cut =
      readFileSync(events, "utf8")
        .split("\n")
        .find((line) => line.includes("cut-started")) ?? "";
    appendFileSync(events, `${"noise\n".repeat(9_990)}${cut}\n`);
    expect(loadReplay(folder).made).toHaveLength(3);
    appendFileSync(events, `${"noise\n".repeat(20)}${cut}\n`);
    expect(loadReplay(folder).made).toHaveLength(3);
  });

  test("does not look into host.json: whoever sent the record must not choose paths here", () => {
    const folder = recorded();
    const before = loadReplay(folder);
    writeFileSync(join(folder, "host.json"), "no JSON at all");
    expect(loadReplay(folder)).toEqual(before);
    rmSync(join(folder, "host.json"));
    expect(loadReplay(folder)).toEqual(before);
  });

  test("of a record from before its images were listed is read all the same", () => {
    const { inputs: _, keys: __, ...old } = replayOf(request(), IMAGES, CUTS);
    const file = join(emptyFolder(), "replay.json");
    writeFileSync(file, JSON.stringify(old));
    expect(loadReplay(file).replay).toEqual(old);
  });

  test("is read from the bare file, too; its cuts only where its record lies beside it", () => {
    const folder = recorded();
    expect(loadReplay(join(folder, "replay.json")).made).toEqual(loadReplay(folder).made);
    rmSync(join(folder, "events.jsonl"));
    const { replay, made } = loadReplay(join(folder, "replay.json"));
    expect([replay.seed, made]).toEqual([7, []]);
  });
});

describe("what is no replay is an error with the way out", () => {
  test.each([
    ["a pattern that is none", { kind: "log", pattern: "(", delayUs: 0 }],
    ["a pattern that could take forever", { kind: "log", pattern: "(?=a)a", delayUs: 0 }],
    ["an operation before the first", { kind: "operation", operation: -7 }],
    ["a delay into the past", { kind: "upload", bytes: 1, delayUs: -1 }],
    ["half a byte", { kind: "upload", bytes: 0.5, delayUs: 0 }],
  ])("a cut with %s", (_, cut) => {
    const folder = recorded();
    const file = join(folder, "replay.json");
    const replay = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...replay, cuts: [{ index: 1, ...cut }] }));
    expect(complaint(folder)).toContain("cuts[0].");
  });

  test("a path where nothing is, and a folder without a run", () => {
    const folder = emptyFolder();
    expect(complaint(join(folder, "gone"))).toMatch(/gone: there is no such run or replay file\. Name a run folder/);
    mkdirSync(join(folder, "empty"));
    expect(complaint(join(folder, "empty"))).toMatch(/empty\/replay\.json: there is no such run/);
  });

  test.each([
    ["half a file", '{ "schema": 1,', /: this is no JSON, or not all of it\./],
    ["a file of something else", "\u001b]0;", /replay\.json: this is no JSON, or not all of it\. Name/],
    ["another schema", '{ "schema": 2 }', /schema/],
    ["a document with a field too many", JSON.stringify({ ...replayOf(request(), IMAGES, CUTS), more: 1 }), /more/],
    ["a cut that is none", JSON.stringify({ ...replayOf(request(), IMAGES, CUTS), cuts: [{ index: 1 }] }), /cuts/],
  ])("%s", (_, text, expected) => {
    const file = join(emptyFolder(), "replay.json");
    writeFileSync(file, text);
    expect(complaint(file)).toMatch(expected);
  });
});
