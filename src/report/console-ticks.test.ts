import { describe, expect, test } from "@jest/globals";
import { type LineControl, terminalText } from "../core/index.ts";
import { ConsoleReport } from "./console.ts";

const S = 1_000_000;
/** What a terminal is told besides the text. */
const CONTROLS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*\\w|\\r`, "g");

/** A console report and what it has written; time is given to it. */
function shown(isTty: boolean, columns = 100) {
  const texts: string[] = [];
  const target = {
    isTty,
    columns,
    out: (text: string, before?: LineControl) => void texts.push(terminalText(text, before)),
  };
  return { texts, report: new ConsoleReport(target), target };
}

const RESET = { atUs: 10 * S, event: "reset", answeredUs: 10 * S } as const;

describe("a console that nothing is printed on", () => {
  test("gets a plain line every ten seconds where lines are not redrawn, and not more", () => {
    const { report, texts } = shown(false);
    report.take(RESET, 0);
    for (let second = 1; second <= 25; second += 1) report.tick((10 + second) * S, second * S);
    expect(texts).toEqual(["now       boot  10.0 s\n", "now       boot  20.0 s\n"]);
    expect(texts.join("")).not.toMatch(CONTROLS);
  });

  test("is not disturbed while other lines come", () => {
    const { report, texts } = shown(false);
    for (let second = 1; second <= 25; second += 1) {
      report.take({ atUs: second * S, event: "warning", text: "w" }, second * S);
      report.tick(second * S, second * S);
    }
    expect(texts.filter((text) => text.startsWith("now"))).toEqual([]);
  });

  test("on a terminal has one line that is redrawn, never wider than the terminal at that moment", () => {
    const { report, texts, target } = shown(true, 60);
    report.take(RESET, 0);
    report.tick(11 * S, 1 * S);
    target.columns = 30;
    report.tick(12 * S, 2 * S);
    const lines = texts.map((text) => text.replaceAll(CONTROLS, ""));
    expect(lines).toEqual(["now       boot  1.0 s", "now       boot  2.0 s"]);
    expect(texts.every((text) => !text.includes("\n"))).toBe(true);
    target.columns = 24;
    report.take({ atUs: 13 * S, event: "upload-started", version: "1.2.3", totalBytes: 10 }, 3 * S);
    report.tick(14 * S, 4 * S);
    expect(texts.at(-1)?.replaceAll(CONTROLS, "").length).toBeLessThanOrEqual(23);
  });
});
