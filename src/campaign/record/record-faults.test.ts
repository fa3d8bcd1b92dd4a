import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type ErrorKind, messageOf } from "../../core/index.ts";
import type { RunOutcome } from "../run.ts";
import { applied, failingDisk, rememberingDisk } from "../testing/disks.ts";
import { emptyFolder, smallRun, smallScenario } from "../testing/small-campaign.ts";
import { RunRecord } from "./record.ts";
import type { RecordFiles } from "./record-files.ts";
import type { RunEvent } from "./run-event.ts";

const tiny = () => smallScenario(["count: 4", "count: 1"], ["revert_check: true", "revert_check: false"]);

const read = (folder: string, name: string) => readFileSync(join(folder, name), "utf8");

/** Whole lines of a text, as JSON. */
const linesOf = (text: string): RunEvent[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line): RunEvent => JSON.parse(line));

describe("a run that is killed at any write", () => {
  test("leaves documents that are whole and true, and events that are whole up to the last line", async () => {
    const disk = rememberingDisk();
    const outcome = await smallRun({ scenario: tiny(), files: disk });
    const events = readFileSync(join(outcome.folder, "events.jsonl"), "latin1");
    const result = JSON.parse(JSON.stringify(outcome.result));
    expect(disk.done.length).toBeGreaterThan(100);
    let files: ReadonlyMap<string, string> = new Map();
    for (const done of disk.done) {
      for (const left of [applied(files, done, true), applied(files, done)]) {
        expect(documentsOf(left, result)).toEqual([]);
        expect(events.startsWith(left.get("events.jsonl") ?? "")).toBe(true);
        expect(indexProblems(left)).toEqual([]);
        expect(inputsMissing(left)).toEqual([]);
      }
      files = applied(files, done);
    }
    expect(JSON.parse(files.get("run.json") ?? "")).toMatchObject({ state: "finished", result });
    expect(linesOf(files.get("events.jsonl") ?? "").at(-1)?.event).toBe("run-finished");
    expect([...files.keys()].filter((name) => /\.new$|reserve/.test(name))).toEqual([]);
  });
});

/** What is wrong with the documents of a killed run. */
function documentsOf(files: ReadonlyMap<string, string>, result: unknown): readonly string[] {
  const problems: string[] = [];
  for (const name of ["run.json", "replay.json", "host.json"]) {
    const text = files.get(name);
    if (text === undefined) continue;
    try {
      const document: { state?: string; result?: unknown } = JSON.parse(text);
      const isOver = linesOf(files.get("events.jsonl") ?? "").some(({ event }) => event === "run-finished");
      if (name !== "run.json" || document.state === "running") continue;
      if (!isOver) problems.push("run.json says that it finished before its events do");
      expect(document).toMatchObject({ state: "finished", result });
    } catch (error) {
      problems.push(`${name}: ${messageOf(error)}`);
    }
  }
  return problems;
}

/** What replay.json says that the record holds, and it does not. */
function inputsMissing(files: ReadonlyMap<string, string>): readonly string[] {
  const text = files.get("replay.json");
  if (text === undefined) return [];
  const { inputs }: { inputs: readonly { file: string; bytes: number; sha256: string }[] } = JSON.parse(text);
  expect(inputs).toHaveLength(2);
  const hash = (file: string) =>
    createHash("sha256")
      .update(files.get(file) ?? "", "latin1")
      .digest("hex");
  return inputs.filter(({ file, sha256 }) => hash(file) !== sha256).map(({ file }) => file);
}

/** Every line of an index must speak of bytes that are there. */
function indexProblems(files: ReadonlyMap<string, string>): readonly string[] {
  const offsets = (files.get("uart/app.rx.index") ?? "").split("\n").slice(0, -1);
  const bytes = files.get("uart/app.rx")?.length ?? 0;
  return offsets.filter((line) => Number(line.split(" ")[0]) >= bytes);
}

/** What a run came to: its outcome, or what it threw before it had a record. */
async function ended(files: RecordFiles): Promise<RunOutcome | { error: unknown; folder?: never }> {
  const run = smallRun({ scenario: tiny(), files });
  return run.catch((error: unknown) => ({ error }));
}

describe("a disk that is full from some write on", () => {
  test("whichever it is, the record of what was written is whole, and says how it ended", () => {
    const warning = (atUs: number): RunEvent => ({ atUs, event: "warning", text: "x".repeat(atUs) });
    const drive = (record: RunRecord): void => {
      record.document("run.json", { state: "running" });
      for (let at = 1; at <= 5; at += 1) {
        record.event(warning(at));
        record.received("app", at, Uint8Array.of(1, 2, 3));
        record.measured({ atUs: at * 1000, everyUs: 500, microamps: Float32Array.of(1, 2, 3) });
      }
      record.input("a.bin", Uint8Array.of(1));
      record.document("run.json", { state: "finished" });
      record[Symbol.dispose]();
    };
    const counting = failingDisk("ENOSPC", Number.POSITIVE_INFINITY);
    drive(RunRecord.create(emptyFolder(), counting));
    expect(counting.writes()).toBeGreaterThan(30);
    const made = 2;
    for (let nth = made; nth <= counting.writes(); nth += 1) {
      const record = RunRecord.create(emptyFolder(), failingDisk("ENOSPC", nth));
      drive(record);
      expect([nth, record.broken.aborted, messageOf(record.broken.reason)]).toEqual([
        nth,
        true,
        expect.stringContaining("no room is left on the disk (ENOSPC)"),
      ]);
      expect([nth, JSON.parse(read(record.folder, "run.json"))]).toEqual([nth, { state: "finished" }]);
      expect(linesOf(read(record.folder, "events.jsonl"))).toEqual([1, 2, 3, 4, 5].map(warning));
      expect(readdirSync(record.folder).filter((name) => name.endsWith(".new"))).toEqual([]);
    }
  });

  test("in mid-run ends it as the bench's failure, with the reason in events, run.json and outcome", async () => {
    const counting = failingDisk("ENOSPC", Number.POSITIVE_INFINITY);
    await ended(counting);
    const writes = counting.writes();
    for (const nth of [4, 9, 30, writes >> 1, writes - 6, writes - 1]) {
      const { error, folder } = await ended(failingDisk("ENOSPC", nth));
      const text = expect.stringContaining("cannot write the run's record: no room");
      expect([nth, messageOf(error)]).toEqual([nth, text]);
      expect((error as { kind: ErrorKind }).kind).toBe("bench");
      const events = linesOf(read(folder ?? "", "events.jsonl"));
      expect(events.at(-1)).toMatchObject({ event: "run-finished", result: { outcome: "error" } });
      expect(events.filter(({ event }) => event === "failure")).toHaveLength(1);
      // Only a disk that fills up at the very end lets a run say first that it passed.
      const said = events.filter(({ event }) => event === "run-finished").length;
      expect([nth, said]).toEqual([nth, nth === writes - 1 ? said : 1]);
      expect(events.findLast(({ event }) => event === "power")).toMatchObject(nth < 10 ? {} : { state: "on" });
      const document = JSON.parse(read(folder ?? "", "run.json"));
      expect(document).toMatchObject({ state: "finished", result: { outcome: "error" } });
    }
  });

  test("from the first write on has no room for a record: exit 3, with a sentence", async () => {
    const { error } = await ended(failingDisk("ENOSPC", 1));
    expect(messageOf(error)).toMatch(
      /cannot make the run folder .*: no room is left on the disk \(ENOSPC\)\. Free some/,
    );
    expect(error).toMatchObject({ exitCode: 3 });
  });

  test.each([
    ["EROFS", "the file system is read-only (EROFS)"],
    ["EACCES", "permission is denied (EACCES)"],
    ["EDQUOT", "the quota of the disk is used up (EDQUOT)"],
    ["EIO", "the disk reports a fault (EIO)"],
    ["ENOENT", "ENOENT"],
  ])("the same with %s, where nothing can be written any more: the outcome tells it", async (code, text) => {
    const { error, folder } = await ended(failingDisk(code, 60));
    expect(error).toMatchObject({ kind: "bench", exitCode: 3 });
    expect(messageOf(error)).toContain(`cannot write the run's record: ${text}`);
    expect(JSON.parse(read(folder ?? "", "run.json"))).toMatchObject({ state: "running" });
    const events = read(folder ?? "", "events.jsonl");
    expect(events.endsWith("\n")).toBe(true);
    expect(linesOf(events)[0]).toMatchObject({ event: "run-started" });
  });
});

describe("the meter's last millisecond", () => {
  test("is in current.csv although it did not become whole", () => {
    const record = RunRecord.create(emptyFolder());
    record.measured({ atUs: 1000, everyUs: 500, microamps: Float32Array.of(10, 20, 30) });
    record[Symbol.dispose]();
    expect(read(record.folder, "current.csv").split("\n").slice(1)).toEqual([
      "0,15.0,10.0,20.0,2,0",
      "1000,30.0,30.0,30.0,1,0",
      "",
    ]);
  });
});
