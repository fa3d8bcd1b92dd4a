import { describe, expect, test } from "@jest/globals";
import type { PlannedCut, RunEvent, Verdict } from "../campaign/index.ts";
import { terminalText } from "../core/index.ts";
import { ConsoleReport } from "./console.ts";

function printed(events: readonly RunEvent[], isTty: boolean, columns = 120): string {
  let text = "";
  const report = new ConsoleReport({
    out: (more, before) => void (text += terminalText(more, before)),
    isTty,
    columns,
  });
  for (const event of events) report.take(event);
  return text;
}

function planned(count: number): RunEvent {
  const cuts = Array.from({ length: count }, (_, order): PlannedCut => {
    return { index: order + 1, kind: "time", afterResetUs: order };
  });
  return { atUs: 0, event: "plan", cuts, phases: [{ name: "swap", fromUs: 0, toUs: 1000 }] };
}

function judged(number: number, pass = true): RunEvent {
  const verdict: Verdict = {
    subject: { kind: "cut", in: "boot", index: number },
    pass,
    ending: pass ? "resumed" : "wrong slots",
    from: "1.0.0",
    to: "2.0.0",
    cut: { intoSwapUs: 500 } as Verdict["cut"],
    where: "operation 3",
    swapPhase: "swap",
    allowed: [],
    expected: "2.0.0 running",
    found: "1.0.0 running",
    because: "the swap had begun",
    slots: [],
    boots: 1,
    bootLog: [],
  };
  return { atUs: 0, event: "verdict", verdict };
}

const cuts = (count: number, failed: readonly number[] = []) => [
  planned(count),
  ...Array.from({ length: count }, (_, order) => judged(order + 1, !failed.includes(order + 1))),
];

describe("cuts on the console", () => {
  test("are a few plain lines in a file, and no control characters", () => {
    const text = printed(cuts(40), false);
    expect(text.trimEnd().split("\n")).toEqual([
      "cuts      10/40",
      "cuts      20/40",
      "cuts      30/40",
      "cuts      ████████████████████████ 40/40",
    ]);
  });

  test("are one bar on a terminal, drawn again in its place", () => {
    const text = printed(cuts(4), true);
    expect(text.split("\n")).toHaveLength(2);
    expect(text.split("\r\u001B[2K").slice(1, 4)).toEqual([
      "cuts      ██████░░░░░░░░░░░░░░░░░░ 1/4",
      "cuts      ████████████░░░░░░░░░░░░ 2/4",
      "cuts      ██████████████████░░░░░░ 3/4",
    ]);
    expect(text.endsWith("cuts      ████████████████████████ 4/4\n")).toBe(true);
  });

  test("fit the terminal: a bar that wraps could not be drawn again", () => {
    const drawn = printed(cuts(4), true, 30).split("\r\u001B[2K").slice(1, 4);
    expect(drawn.map((text) => text.length)).toEqual([29, 29, 29]);
  });

  test.each([true, false])("that fail are shown at once with expected, found and because (terminal: %j)", (isTty) => {
    const text = printed(cuts(8, [3]), isTty);
    for (const line of [
      "verdict   FAIL  cut 3:",
      "          expected  2.0.0 running",
      "          found     1.0.0 running",
      "          because   the swap had begun",
    ]) {
      expect(text).toContain(line);
    }
    expect(text.indexOf("FAIL  cut 3")).toBeLessThan(text.indexOf("8/8"));
  });

  test("that fail are shown in full three times, and then only counted", () => {
    const text = printed(cuts(8, [1, 2, 3, 4, 5]), false);
    expect(text.match(/FAIL {2}cut \d/g)).toEqual(["FAIL  cut 1", "FAIL  cut 2", "FAIL  cut 3"]);
  });
});

describe("the head of a run on the console", () => {
  test("names scenario, board and seed, the images, and what the board said of itself", () => {
    const image = { hash: "aa", fileBytes: 205_579, encrypted: true } as const;
    const text = printed(
      [
        { atUs: 0, event: "run-started", scenario: "encrypted-upgrade", board: "twin", seed: 7 },
        {
          atUs: 0,
          event: "images-built",
          crypto: ["ECDSA P-256", "ECIES P-256 / AES-128"],
          images: [
            { ...image, role: "old", version: "1.0.0" },
            { ...image, role: "new", version: "2.0.0" },
          ],
        },
        { atUs: 0, event: "warning", text: "the page at 0x1000 has spent 5 of its 10 erase cycles" },
      ],
      false,
    );
    expect(text).toMatch(/^encrypted-upgrade on twin, seed 7\n/);
    expect(text).toContain("images    app 1.0.0 -> 2.0.0, 205,579 B, ECDSA P-256, ECIES P-256 / AES-128\n");
    expect(text).toContain("warning   the page at 0x1000 has spent 5 of its 10 erase cycles\n");
  });
});
