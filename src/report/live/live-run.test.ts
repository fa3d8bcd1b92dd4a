import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { cutVerdict, recordFolder, STARTED } from "../testing/record-folder.ts";
import { LiveRun, newCursor } from "./live-run.ts";
import type { LiveStep } from "./live-step.ts";

function watched(events: readonly unknown[] = [STARTED]) {
  const path = recordFolder(events);
  const run = new LiveRun("runs/x", path);
  const write = (...more: readonly unknown[]) => {
    const lines = more.map((event) => (typeof event === "string" ? event : `${JSON.stringify(event)}\n`));
    appendFileSync(join(path, "events.jsonl"), lines.join(""));
  };
  const cursor = newCursor();
  const next = (from = cursor): readonly LiveStep[] => {
    while (run.read());
    const steps: LiveStep[] = [];
    for (let step = run.step(0, from); step !== undefined; step = run.step(0, from)) steps.push(step);
    return steps;
  };
  return { run, write, next };
}

const log = (atUs: number, text: string) => ({ atUs, event: "boot-log", name: "line", text });

describe("a run that is watched", () => {
  test("tells what is new, and nothing when nothing is", () => {
    const { write, next } = watched();
    expect(next()).toMatchObject([{ run: 0, reset: true, judged: [], head: { scenario: "encrypted-upgrade" } }]);
    expect(next()).toEqual([]);
    write(log(5, "I: Starting"), cutVerdict(1, 1_000_000));
    const [step, ...others] = next();
    expect(others).toEqual([]);
    expect(step).toMatchObject({ judged: [{ check: "cut 1" }], status: { cutsDone: 1 } });
    expect(step?.tail).toEqual(["     0.000  I: Starting"]);
    expect(step?.reset).toBeUndefined();
  });

  test("waits for the end of a line that is half written", () => {
    const { write, next } = watched();
    next();
    const line = JSON.stringify(cutVerdict(1, 1_000_000));
    write(line.slice(0, 40));
    expect(next()).toEqual([]);
    write(`${line.slice(40)}\n`);
    expect(next()).toMatchObject([{ judged: [{ check: "cut 1" }] }]);
  });

  test("gives a page that comes late, or comes again, all of it, in steps that are bounded", () => {
    const { write, next } = watched();
    write(...Array.from({ length: 450 }, (_, at) => cutVerdict(at + 1, (at + 1) * 1_000_000)));
    next();
    const steps = next(newCursor());
    expect(steps.map(({ judged }) => judged.length)).toEqual([200, 200, 50]);
    expect(steps[0]?.reset).toBe(true);
    expect(
      steps
        .flatMap(({ judged }) => judged)
        .map(({ check }) => check)
        .at(-1),
    ).toBe("cut 450");
    const texts = steps.flatMap((step) => step.texts);
    expect(texts[steps[0]?.judged[0]?.ending ?? -1]).toBe("resumed");
    expect(steps.at(-1)?.head).toBeDefined();
  });

  test("keeps the axis of some hundreds of verdicts, so that a night's page takes no more than an hour's", () => {
    const { write, next } = watched();
    for (let at = 1; at <= 400; at += 1) write(log(at * 1_000_000 - 1, `line ${at}`), cutVerdict(at, at * 1_000_000));
    const rows = next().flatMap(({ judged }) => judged);
    expect(rows.filter(({ lane }) => lane !== undefined)).toHaveLength(300);
    // What comes after a verdict without an axis is not given to the next.
    expect(rows[299]?.lane?.uart).toHaveLength(1);
  });

  test("bounds and escapes what a board sends, and passes over what is no event", () => {
    const { write, next } = watched();
    write(
      log(1, `<script>\u202e${"A".repeat(100_000)}`),
      "garbage\n",
      '{"event":"verdict"}\n',
      ...Array.from({ length: 900 }, (_, at) => log(2 + at, "x")),
    );
    const steps = next();
    const tail = steps.flatMap((step) => step.tail);
    expect(tail.length).toBeLessThanOrEqual(400);
    const own = watched();
    own.write(log(1, `<script>\u202e${"A".repeat(100_000)}`));
    const [line = ""] = own.next().flatMap((step) => step.tail);
    expect(line.length).toBeLessThan(500);
    expect(line).toContain("<script>\\u202e");
  });

  test("that does not write yet is waited for", () => {
    const run = new LiveRun("runs/none", join(recordFolder([]), "not-there"));
    expect(run.read()).toBe(false);
    expect(run.ended).toBe(false);
  });
});
