import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { emptyFolder } from "../testing/small-campaign.ts";
import { RunRecord } from "./record.ts";
import type { RunEvent } from "./run-event.ts";
import type { Verdict } from "./verdict.ts";

const warning = (atUs: number): RunEvent => ({ atUs, event: "warning", text: `at ${atUs}` });
const verdict = { subject: { kind: "cut", in: "boot", index: 1 }, pass: true } as Verdict;

const read = (record: RunRecord, name: string) => readFileSync(join(record.folder, name), "utf8");

describe("a run's folder", () => {
  test("is named by UTC time and four random characters, under the root that was named", () => {
    const root = join(emptyFolder(), "deep", "runs");
    using record = RunRecord.create(root);
    expect(record.folder.startsWith(`${root}/`)).toBe(true);
    expect(basename(record.folder)).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{4}$/);
  });

  test("is another one for each run, however fast they follow each other", () => {
    const root = emptyFolder();
    const records = Array.from({ length: 20 }, () => RunRecord.create(root));
    for (const record of records) record[Symbol.dispose]();
    expect(new Set(records.map((record) => record.folder)).size).toBe(20);
    expect(readdirSync(root)).toHaveLength(20);
  });

  test("that cannot be made is an error with the way out, also when a file stands there", () => {
    const file = join(emptyFolder(), "runs");
    writeFileSync(file, "");
    expect(() => RunRecord.create(file)).toThrow(/cannot make the run folder .*runs/);
    expect(() => RunRecord.create(join(file, "below"))).toThrow(/cannot make the run folder/);
    expect(() => RunRecord.create(file)).toThrow(expect.objectContaining({ kind: "configuration" }));
  });
});

describe("an event", () => {
  test("is on disk when event() returns", () => {
    using record = RunRecord.create(emptyFolder());
    record.event(warning(1));
    expect(read(record, "events.jsonl")).toBe('{"atUs":1,"event":"warning","text":"at 1"}\n');
    record.event(warning(2));
    expect(read(record, "events.jsonl").split("\n")).toHaveLength(3);
  });

  test("is told to observers once it is written, until they are taken away", () => {
    using record = RunRecord.create(emptyFolder());
    const seen: string[] = [];
    const stop = record.onEvent((event) => seen.push(`${event.atUs} ${read(record, "events.jsonl").length}`));
    record.event(warning(1));
    stop();
    record.event(warning(2));
    expect(seen).toEqual(["1 43"]);
  });

  test("that is a verdict stands in verdicts.jsonl, too", () => {
    using record = RunRecord.create(emptyFolder());
    record.event(warning(1));
    record.event({ atUs: 2, event: "verdict", verdict });
    expect(read(record, "verdicts.jsonl")).toBe('{"check":"cut 1","pass":true}\n');
  });

  test("after the record was closed is nobody's", () => {
    const record = RunRecord.create(emptyFolder());
    record[Symbol.dispose]();
    record[Symbol.dispose]();
    record.event(warning(1));
    record.received("app", 1, Uint8Array.of(1));
    expect(read(record, "events.jsonl")).toBe("");
    expect(readdirSync(join(record.folder, "uart"))).toEqual([]);
  });
});

describe("bytes from a port", () => {
  test("are kept as they came, and the index says which offset came when", () => {
    using record = RunRecord.create(emptyFolder());
    record.received("app", 10, Uint8Array.of(0x41, 0x00, 0xff));
    record.received("net", 15, Uint8Array.of(0x42));
    record.received("app", 20, Uint8Array.of(0x0a));
    expect([...readFileSync(join(record.folder, "uart/app.rx"))]).toEqual([0x41, 0x00, 0xff, 0x0a]);
    expect(read(record, "uart/app.rx.index")).toBe("0 10\n3 20\n");
    expect(read(record, "uart/net.rx.index")).toBe("0 15\n");
  });
});

test("bytes from ports are kept up to a limit, and one line says where it was reached", () => {
  const record = RunRecord.create(emptyFolder(), undefined, 10);
  const texts: string[] = [];
  record.onEvent((event) => texts.push(event.event === "warning" ? event.text : event.event));
  for (let at = 0; at < 5; at += 1) record.received("app", at, new Uint8Array(4));
  record[Symbol.dispose]();
  expect(readFileSync(join(record.folder, "uart/app.rx"))).toHaveLength(8);
  expect(texts).toEqual([expect.stringMatching(/^the ports sent more than one run keeps: .*not recorded/)]);
});

describe("documents and inputs", () => {
  test("replace the ones before, whole, and leave nothing half-written behind", () => {
    using record = RunRecord.create(emptyFolder());
    record.document("run.json", { state: "running", long: "x".repeat(1000) });
    record.document("run.json", { state: "finished" });
    expect(read(record, "run.json")).toBe('{\n  "state": "finished"\n}\n');
    record[Symbol.dispose]();
    expect(readdirSync(record.folder).toSorted()).toEqual([
      "events.jsonl",
      "inputs",
      "run.json",
      "uart",
      "verdicts.jsonl",
    ]);
  });

  test("of text and of bytes are kept under inputs/", () => {
    using record = RunRecord.create(emptyFolder());
    record.input("scenario.yaml", "schema: 1\n");
    record.input("new-2.0.0.bin", Uint8Array.of(1, 2));
    expect(read(record, "inputs/scenario.yaml")).toBe("schema: 1\n");
    expect([...readFileSync(join(record.folder, "inputs/new-2.0.0.bin"))]).toEqual([1, 2]);
    expect(existsSync(join(record.folder, "inputs/new-2.0.0.bin.new"))).toBe(false);
  });
});
