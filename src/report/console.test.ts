import { describe, expect, test } from "@jest/globals";
import type { RunEvent } from "../campaign/index.ts";
import { terminalText } from "../core/index.ts";
import { ConsoleReport } from "./console.ts";

/** What a report prints of these events. */
function printed(events: readonly RunEvent[], columns = 200, isTty = false): string {
  let text = "";
  const report = new ConsoleReport({
    out: (more, before) => void (text += terminalText(more, before)),
    isTty,
    columns,
  });
  for (const event of events) report.take(event);
  return text;
}

const upload = (bytes: number, chunks: number): readonly RunEvent[] => {
  const chunkUs = 100_000;
  const progress = Array.from({ length: chunks }, (_, order) => ({
    atUs: 5_000_000 + order * chunkUs,
    event: "upload-progress" as const,
    sentBytes: Math.round((bytes * (order + 1)) / chunks),
    totalBytes: bytes,
  }));
  return [
    { atUs: 0, event: "upload-started", version: "2.0.0", totalBytes: bytes },
    ...progress,
    {
      atUs: 5_000_000 + (chunks - 1) * chunkUs,
      event: "upload-finished",
      version: "2.0.0",
      bytes,
      durationUs: 5_000_000 + (chunks - 1) * chunkUs,
      eraseUs: 5_000_000,
      firstBytes: Math.round(bytes / chunks),
      alreadyPresent: false,
      limitBytesPerS: 10_000,
    },
  ];
};

const plan: RunEvent = {
  atUs: 0,
  event: "plan",
  cuts: [{ index: 1, kind: "time", afterResetUs: 5 }],
  phases: [{ name: "swap", fromUs: 0, toUs: 10 }],
};

const finished = (outcome: "pass" | "error" | "interrupted", cutsPlanned: number): RunEvent => ({
  atUs: 0,
  event: "run-finished",
  result: { outcome, cutsPlanned, cutsJudged: 0, passed: 3, failed: 0, endings: {} },
});

describe("the console report", () => {
  test("measures an upload against its limit from the first chunk on, without the erase", () => {
    expect(printed(upload(10_000, 11))).toContain("   91 % of what line and flash allow\n");
  });

  test("says nothing about the limit when an image is a few chunks long", () => {
    expect(printed(upload(2_000, 3))).not.toContain("allow");
  });

  test("shows the first upload and keeps those between cuts to itself", () => {
    const text = printed([...upload(10_000, 11), plan, ...upload(10_000, 11)]);
    expect(text.match(/100 %/g)).toHaveLength(1);
  });

  test("breaks lines between words on a terminal and leaves them whole in a file", () => {
    const event: RunEvent = { atUs: 0, event: "warning", text: "five words that are long" };
    expect(printed([event], 25, true)).toBe("warning   five words\n          that are long\n");
    expect(printed([event], 25)).toBe("warning   five words that are long\n");
  });

  test("wipes a bar before it prints the next line", () => {
    const [started, progress] = upload(10_000, 11);
    const warning: RunEvent = { atUs: 0, event: "warning", text: "x" };
    if (!started || !progress) throw new Error("no events");
    const [bar = "", line] = printed([started, progress, warning], 80, true).split("\r\u001B[2K").slice(1);
    expect(bar).toMatch(/^upload {4}█+░+ 9 % /);
    expect(line).toBe("warning   x\n");
  });

  test("names what a board would not tell, and no more of it", () => {
    const checks = [
      { name: "slots", outcome: "cannot be asked", expected: "", found: "slot info refused: ENOTSUP" },
      { name: "bootloader mode", outcome: "as expected", expected: "swap-move", found: "swap using move" },
    ] as const;
    expect(printed([{ atUs: 0, event: "preflight", checks }])).toBe("preflight slots not told; swap using move\n");
  });
});

describe("the closing line", () => {
  test.each([
    [finished("pass", 0), "verdict   PASS  3 checks as MCUboot allows; no cuts\n"],
    [finished("error", 0), "verdict   ERROR the bench failed before the first cut\n"],
    [finished("error", 9), "verdict   ERROR the bench failed after 0 of 9 cuts\n"],
    [finished("interrupted", 0), "verdict   INTERRUPTED before the first cut; power is on\n"],
  ])("of %j", (event, line) => {
    expect(printed([event])).toBe(line);
  });
});
