import { describe, expect, test } from "@jest/globals";
import { madeUpLab, madeUpLine, NOISE, plantedIn } from "../testing/made-up-lab.ts";
import { changesOf, questionsOf } from "./changes.ts";
import { labPage, nightOf } from "./lab-page.ts";
import type { RunLine } from "./run-line.ts";

const NIGHTS = 100;
const CASES = 6;
const PLANTED = plantedIn(NIGHTS);
const LINES = [...madeUpLab(NIGHTS, CASES, 7)].map((run) => ({ night: run.night, line: madeUpLine(run) }));
const OPTIONS = { folder: "runs", nights: 30, pageOf: () => undefined, unfinished: [], unread: [] };
const pageOf = (lines: readonly RunLine[]) => labPage(lines, OPTIONS);
/** The page of the morning after a night. */
const morning = (night: number) => pageOf(LINES.filter((entry) => entry.night <= night).map(({ line }) => line));

describe("the page of a lab of twenty boards", () => {
  test("says the morning after that a cause came to three boards, since when and with which build", () => {
    const { from } = PLANTED.shared;
    const page = morning(from);
    expect(page.causes[0]).toMatchObject({
      because: "U5",
      boards: ["lab-5", "lab-6", "lab-7"],
      firstWith: `2.0.${from}`,
      cases: 3,
    });
    expect(page.rows.slice(0, 3).map(({ board, newlyRed }) => [board, newlyRed.map(({ because }) => because)])).toEqual(
      ["lab-5", "lab-6", "lab-7"].map((board) => [board, ["U5"]]),
    );
    expect(page.rows[3]).toMatchObject({
      board: "lab-3",
      newlyRed: [],
      stillRed: [{ because: "U1", failedBefore: 10 }],
    });
  });

  test("shows nothing of an index that a terminal or a reader would obey, the beginning of a cause included", () => {
    const evil = "\u001B[2J\u202E";
    const lines = LINES.filter(({ night }) => night <= PLANTED.shared.from).map(({ line }) => ({
      ...line,
      began: evil,
    }));
    const [cause] = pageOf(lines).causes;
    expect(cause?.since).toBe("\\u001b[2J\\u202e");
  });

  test("says in which night a case is green again", () => {
    const row = morning(PLANTED.regression.to).rows.find(({ board }) => board === "lab-3");
    expect(row?.newlyGreen).toEqual(["cut in phase 1"]);
  });

  test("calls the loose board flaky within a fortnight", () => {
    const flaky = (night: number) => morning(night).rows.find(({ board }) => board === "lab-11")?.flaky ?? [];
    expect(flaky(PLANTED.loose.from - 1)).toEqual([]);
    expect(flaky(PLANTED.loose.from + 14)).toEqual(["cut in phase 0"]);
  });

  test("shows the switch that became slow, and the bench that is tried again", () => {
    const { benches } = morning(PLANTED.drift.from + 6);
    expect(benches.filter(({ drift }) => drift?.drifts).map(({ board }) => board)).toEqual(["lab-9"]);
    expect(benches.filter(({ retries }) => retries > 0)).toMatchObject([{ board: "lab-13", retries: 30 }]);
  });

  test("shows the last nights, a cell a night, and counts the others", () => {
    const page = morning(50);
    expect(page.nights).toHaveLength(30);
    expect(page.rows.every(({ cells }) => cells.length === 30)).toBe(true);
    expect(page.leftOut[0]).toMatch(/^21 earlier nights/);
    expect(page.rows[0]?.cells.at(-1)).toMatchObject({ build: "2.0.50", href: null, runs: 1 });
  });

  test("says how often it is wrong by the noise that it saw, and is right about it", () => {
    const said = /\((?<rate>[\d.]+) %\)/.exec(morning(NIGHTS - 1).statistics.at(-1) ?? "")?.groups?.["rate"];
    expect(Number(said) / 100).toBeGreaterThan(0.4 / NOISE);
    expect(Number(said) / 100).toBeLessThan(2.5 / NOISE);
  });

  test("is newly red by chance as often as the noise, and newly flaky next to never", () => {
    let [red, flaky, of] = [0, 0, 0];
    for (const { scenario, board, runs } of questionsOf(LINES.map(({ line }) => line))) {
      for (let night = 1; night < runs.length; night += 1) {
        const changes = changesOf({ scenario, board, runs: runs.slice(Math.max(0, night - 15), night + 1) });
        red += changes.newlyRed.filter(({ because }) => because === "a glitch").length;
        flaky += board === "lab-11" ? 0 : changes.newlyFlaky.length;
        of += CASES;
      }
    }
    expect(red / of).toBeLessThan(2 / NOISE);
    expect(flaky / of).toBeLessThan(0.2 / NOISE);
  });
});

describe("a night", () => {
  const line = (more: Partial<RunLine>) => ({ ...(LINES[0]?.line as RunLine), ...more });

  test.each([
    ["2026-11-24T23:50:00.000Z", "x", "2026-11-24"],
    ["2026-11-25T02:10:00.000Z", "x", "2026-11-24"],
    ["2026-11-25T12:00:00.000Z", "x", "2026-11-25"],
    ["", "2026-11-25T02-10-07-1a2b", "2026-11-24"],
    ["", "somewhere", undefined],
  ])("of a run that began at %j in folder %s is %s", (began, id, night) => {
    expect(nightOf(line({ began, id }))).toBe(night);
  });

  test("with several runs shows the last that judged", () => {
    const runs = ["pass", "fail", "error"] as const;
    const lines = runs.map((outcome, at) => line({ outcome, id: outcome, began: `2026-11-25T0${at}:00:00.000Z` }));
    expect(pageOf(lines).rows[0]?.cells).toMatchObject([{ run: "fail", runs: 3 }]);
  });

  test("and every other text of a foreign index is shown harmless", () => {
    const page = pageOf([line({ scenario: "up\u202egrade", board: "b\u0007", id: "r\u001b[2J" })]);
    expect(page.rows[0]).toMatchObject({ scenario: "up\\u202egrade", board: "b\\u0007" });
    expect(page.rows[0]?.cells[0]?.run).toBe("r\\u001b[2J");
  });
});
