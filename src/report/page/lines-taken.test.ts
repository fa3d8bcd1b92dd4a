import { describe, expect, test } from "@jest/globals";
import { recordFolder, STARTED } from "../testing/record-folder.ts";
import { LinesTaken, unreadIn } from "./lines-taken.ts";
import { recordedRun, toldRun } from "./recorded-run.ts";

const NOISE = '{"atUs":"no","event":"wear"}';
const LIMITS = { unreadMax: 4, eventsMax: 3 };
const voided = JSON.stringify({ atUs: 1, event: "cut-void", index: 1, reason: "x", again: true });
const warning = JSON.stringify({ atUs: 1, event: "warning", text: "x" });
const kept = (taken: LinesTaken, lines: readonly string[]) => lines.filter((line) => taken.take(line) !== undefined);

describe("lines of a record of somebody else", () => {
  test("are left after so many that cannot be read, which is said, and is no whole record", () => {
    const taken = new LinesTaken(LIMITS);
    expect(kept(taken, [NOISE, NOISE, "torn {", warning])).toEqual([warning]);
    expect([taken.isOver, taken.texts()]).toEqual([false, ["3 lines of the record could not be read."]]);
    expect(kept(taken, [NOISE, warning])).toEqual([]);
    const over = "What follows 4 lines that could not be read is not looked at.";
    expect([taken.isOver, taken.texts(), unreadIn({ leftOut: taken.texts() })]).toEqual([true, [over], over]);
  });

  test("of noise are not gone through to their end, in events and in what was said over SMP", () => {
    const noise = Array.from({ length: 10_000 }, () => NOISE);
    const isLeft = expect.stringContaining("What follows 10000 lines");
    const told = toldRun("runs/x", recordFolder([STARTED, ...noise, warning]));
    expect([told.notes, unreadIn(told)]).toEqual([[], isLeft]);
    const smp = noise.join("\n");
    const said = recordedRun("runs/x", recordFolder([STARTED, warning, warning], { "smp.jsonl": smp }));
    expect([said.notes.length, unreadIn(said)]).toEqual([2, isLeft]);
  });

  test("that are events of one kind are kept up to a limit, those of others all the same", () => {
    const taken = new LinesTaken(LIMITS);
    expect(
      kept(
        taken,
        Array.from({ length: 5 }, () => voided),
      ),
    ).toHaveLength(3);
    expect(kept(taken, [warning])).toHaveLength(1);
    const text = "What 2 events say, beyond the first 3 of their kind, is not looked at.";
    expect([taken.texts(), unreadIn({ leftOut: taken.texts() })]).toEqual([[text], text]);
  });

  test("nest no deeper than what is made of them bears", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    const smp = `{"atUs":1,"smp":"request","command":"echo","op":"write","body":${deep}}\n`;
    const told = recordedRun("runs/x", recordFolder([STARTED, warning], { "smp.jsonl": smp }));
    expect([told.notes.length, told.leftOut]).toEqual([1, ["1 lines of the record could not be read."]]);
  });
});
