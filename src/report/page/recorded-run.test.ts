import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { cutVerdict, recordFolder, STARTED } from "../testing/record-folder.ts";
import { recordedRun } from "./recorded-run.ts";

const log = (atUs: number, text: string) => ({ atUs, event: "boot-log", name: "line", text });
const slots = (version: string) => [{ image: 0, slot: 0, version, hash: "cd", flags: ["active", "confirmed"] }];

const CASES = fileURLToPath(new URL("../../../cases/records/", import.meta.url));

/** Records as earlier versions wrote them: what they lack is missing on the page, and nothing else. */
describe.each(readdirSync(CASES))("the record %s of an earlier version", (name) => {
  test("opens whole: every verdict, and no line that could not be read", () => {
    const kept = readFileSync(join(CASES, name, "verdicts.jsonl"), "utf8")
      .trim()
      .split("\n");
    const page = recordedRun("runs/x", join(CASES, name));
    expect(page.leftOut).toEqual([]);
    expect(page.judged.map(({ check }) => check)).toEqual(
      kept.map((line) => (JSON.parse(line) as { check: string }).check),
    );
    expect(page.outcome).not.toBe("unfinished");
  });
});

describe("the record of a run as its page has it", () => {
  test("reads what was said over SMP beside the events, and counts what of it cannot be read", () => {
    const echo = (atUs: number) => ({ atUs, smp: "request", command: "echo", op: "write", body: {} });
    const smp = [JSON.stringify(echo(5)), "torn {", "", JSON.stringify(echo(1_500_000))].join("\n");
    const cuts = [cutVerdict(1, 1_000_000), cutVerdict(2, 2_000_000)];
    const page = recordedRun("runs/x", recordFolder([STARTED, ...cuts], { "smp.jsonl": smp }));
    expect(page.judged.map(({ lane }) => lane?.smp.length)).toEqual([1, 1]);
    expect(page.leftOut).toEqual(["1 lines of the record could not be read."]);
  });

  test("gives each verdict the current and the flash operations of its own time, and the run all of them", () => {
    const flash = (atUs: number, spans: readonly unknown[], erases: readonly unknown[]) =>
      JSON.stringify({ atUs, pageBytes: 4096, spans, passed: 3, erases });
    const files = {
      "current.csv": ["at_us,mean_ua,min_ua,max_ua,samples,lost", "900000,5,4,6,9,0", "1500000,5,1,9,9,0"].join("\n"),
      "flash.jsonl": [
        flash(1_000_000, [["e", 3, 3, 500_000, 587_500, 1]], [[3, 1]]),
        flash(2_000_000, [["w", 3, 4, 1_500_000, 1_500_043, 7]], []),
        flash(
          2_500_000,
          [["e", 3, 4, 2_400_000, 2_487_500, 2]],
          [
            [3, 1],
            [4, 1],
          ],
        ),
        "torn {",
      ].join("\n"),
    };
    const page = recordedRun(
      "runs/x",
      recordFolder([STARTED, cutVerdict(1, 1_000_000), cutVerdict(2, 2_000_000)], files),
    );
    expect(page.judged.map(({ lane }) => lane?.current)).toEqual([[[900_000, 4, 6]], [[500_000, 1, 9]]]);
    expect(page.judged.map(({ lane }) => lane?.flash)).toEqual([
      { rows: [[0, 3, 3, 500_000, 587_500, 1]], passed: 3 },
      { rows: [[1, 3, 4, 500_000, 500_043, 7]], passed: 3 },
    ]);
    expect(page.flashWear).toEqual({
      pageBytes: 4096,
      erases: [
        [3, 2],
        [4, 1],
      ],
    });
    expect(page.current).toHaveLength(2);
  });

  test("gives each verdict what happened since it began, and its slots before and after", () => {
    const folder = recordFolder(
      [
        STARTED,
        log(10, "from before the cut"),
        {
          atUs: 1_000,
          event: "cut-started",
          planned: { index: 1, kind: "time", afterResetUs: 100_000 },
          from: "1.0.0",
          to: "2.0.0",
        },
        { atUs: 2_000, event: "image-state", images: slots("1.0.0") },
        { atUs: 200_000, event: "power", state: "off", sentAtUs: 199_990 },
        { atUs: 700_000, event: "power", state: "on", sentAtUs: 699_990 },
        log(723_000, "I: Starting bootloader"),
        { atUs: 990_000, event: "image-state", images: slots("2.0.0") },
        cutVerdict(1, 1_000_000),
      ],
      {
        "smp.jsonl": [
          { atUs: 500, smp: "request", command: "echo", op: "write", sequence: 1, bytes: 9, body: { d: "early" } },
          {
            atUs: 5_000,
            smp: "answer",
            tookUs: 10,
            command: "image list",
            op: "read",
            sequence: 2,
            bytes: 9,
            body: {},
          },
        ]
          .map((line) => `${JSON.stringify(line)}\n`)
          .join(""),
      },
    );
    const page = recordedRun("runs/x", folder);
    const [row] = page.judged;
    const lines = (lane: "uart" | "smp") => row?.lane?.[lane].map(([us, text]) => [us, page.texts[text]]);
    expect(lines("uart")).toEqual([[722_000, "I: Starting bootloader"]]);
    expect(lines("smp")).toEqual([[4_000, "← image list read {}"]]);
    expect(row?.lane?.power).toEqual([
      [198_990, 0],
      [698_990, 1],
    ]);
    const versions = (of: "before" | "slots") => row?.[of].map(({ version }) => page.texts[version]);
    expect([versions("before"), versions("slots")]).toEqual([["1.0.0"], ["2.0.0"]]);
    expect(row).toMatchObject({ fromUs: 1_000, toUs: 1_000_000, name: "cut in swap" });
  });

  test("names a case as JUnit does", () => {
    const images = ["old", "new"].map((role, at) => {
      return { role, version: `${at + 1}.0.0`, hash: "ab", fileBytes: 4, encrypted: false };
    });
    const folder = recordFolder([
      STARTED,
      { atUs: 0, event: "images-built", images, crypto: [] },
      {
        atUs: 1,
        event: "reference",
        operations: 9,
        swapUs: 200_000,
        startAfterResetUs: 50_000,
        endAfterResetUs: 250_000,
      },
      cutVerdict(1, 1_000_000),
    ]);
    expect(recordedRun("runs/x", folder).judged[0]?.name).toBe("cut in swap, 25-30 % of the window, old to new");
  });

  test("of a run that was killed says so, and keeps the verdicts that there are", () => {
    const folder = recordFolder([STARTED, cutVerdict(1, 1_000_000), '{"atUs":1000001,"event":"wear","cyc']);
    const page = recordedRun("runs/x", folder);
    expect(page.outcome).toBe("unfinished");
    expect(page.sentence).toContain("UNFINISHED");
    expect(page.judged).toHaveLength(1);
    expect(page.leftOut).toEqual(["1 lines of the record could not be read."]);
  });

  test("of a later version opens as far as it is known, and says what is not shown", () => {
    const later = { "run.json": JSON.stringify({ schema: 2, hil: "3.1.0", state: "finished" }) };
    const page = recordedRun(
      "runs/x",
      recordFolder([STARTED, { atUs: 1, event: "moon-phase" }, cutVerdict(1, 1_000_000)], later),
    );
    expect(page.judged).toHaveLength(1);
    expect(page.leftOut).toEqual([
      "This record has schema 2, written by hil 3.1.0; this hil reads 1: what is new in it is not shown.",
      "1 events are of kinds that this version of hil does not know.",
    ]);
  });

  test("counts lines that no record has, and obeys none of them", () => {
    const folder = recordFolder([
      STARTED,
      "nonsense",
      { atUs: 1, event: "verdict", verdict: {} },
      cutVerdict(2, 2_000_000),
    ]);
    expect(recordedRun("runs/x", folder)).toMatchObject({
      leftOut: ["2 lines of the record could not be read."],
      judged: [{ check: "cut 2" }],
    });
  });

  test("tells each input by its digest", () => {
    const folder = recordFolder([STARTED]);
    writeFileSync(join(folder, "inputs", "old-1.0.0.bin"), "image");
    const sha256 = createHash("sha256").update("image").digest("hex");
    expect(recordedRun("runs/x", folder).inputs).toEqual([{ name: "old-1.0.0.bin", bytes: 5, sha256 }]);
  });

  test("keeps the first and the last lines of a boot loop, and says how many are between", () => {
    const loop = Array.from({ length: 1_000 }, (_, at) => log(1_000 + at, `boot ${at}`));
    const page = recordedRun("runs/x", recordFolder([STARTED, ...loop, cutVerdict(1, 1_000_000)]));
    const lines = page.judged[0]?.lane?.uart.map(([, text]) => page.texts[text]) ?? [];
    expect(lines).toHaveLength(121);
    expect([lines[0], lines[59], lines[60], lines[61], lines[120]]).toEqual([
      "boot 0",
      "boot 59",
      "… 880 more lines in the record …",
      "boot 940",
      "boot 999",
    ]);
  });

  test("takes as latency of the switch only what a sending board shows", () => {
    const silent = cutVerdict(1, 1_000_000);
    const { cut } = silent.verdict;
    const folder = recordFolder([
      STARTED,
      cutVerdict(1, 1_000_000),
      { ...silent, verdict: { ...silent.verdict, cut: { ...cut, lastByteUs: cut.offSentUs - 50_000 } } },
    ]);
    const times = new Map(recordedRun("runs/x", folder).times.map(({ name, valuesUs }) => [name, valuesUs]));
    expect(times.get("power off to last byte")).toEqual([400]);
    expect(times.get("power on to first byte")).toEqual([23_000, 23_000]);
  });

  test.each([
    ["an empty folder's", [], /no event/],
    ["nonsense", ["x", "y"], /no event/],
  ])("%s is refused", (_, events, text) => {
    expect(() => recordedRun("runs/x", recordFolder(events))).toThrow(text);
  });
});
