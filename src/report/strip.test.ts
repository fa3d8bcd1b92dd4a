import { describe, expect, test } from "@jest/globals";
import type { PhaseSpan, Verdict } from "../campaign/index.ts";
import { strip } from "./strip.ts";

const SECOND = 1_000_000;
const PHASES: readonly PhaseSpan[] = [
  { name: "prepare", fromUs: 0, toUs: SECOND },
  { name: "swap", fromUs: SECOND, toUs: 9 * SECOND },
  { name: "finish", fromUs: 9 * SECOND, toUs: 10 * SECOND },
];

/** A verdict on a cut at this moment of the swap, in seconds; undefined when it is not known where it fell. */
function cut(atS: number | undefined, ending: Verdict["ending"] = "resumed", pass = true): Verdict {
  const intoSwapUs = atS === undefined ? undefined : Math.round(atS * SECOND);
  return { subject: { kind: "cut", in: "boot", index: 1 }, pass, ending, cut: { intoSwapUs } } as Verdict;
}

/** The strip's marks by column. */
function marks(verdicts: readonly Verdict[], phases = PHASES, width = 80): Record<string, string> {
  const [names = "", cells = ""] = strip(phases, verdicts, width);
  const starts = [...names.matchAll(/\S+( \S+)*/g)].map((match) => ({ name: match[0], at: match.index }));
  return Object.fromEntries(
    starts.map(({ name, at }, order) => [name, cells.slice(at, starts[order + 1]?.at).trimEnd()]),
  );
}

describe("the strip of cuts", () => {
  test("names the phases in order, with what lies before and after them", () => {
    const [names] = strip(PHASES, [], 80);
    expect(names?.split(/ {2,}/)).toEqual(["before", "prepare", "swap", "finish", "after"]);
  });

  test("puts each cut into the phase in which it fell, at its place in it", () => {
    const found = marks([cut(-0.5), cut(0), cut(1.0), cut(8.9), cut(9.5), cut(11)]);
    expect(found["before"]).toBe("✓");
    expect(found["prepare"]).toBe("✓");
    expect(found["swap"]?.startsWith("✓")).toBe(true);
    expect(found["swap"]?.endsWith("✓")).toBe(true);
    expect(found["finish"]?.trim()).toBe("✓");
    expect(found["after"]).toBe("✓");
  });

  test("puts a cut of which no place is known before the swap", () => {
    expect(marks([cut(undefined)])).toMatchObject({ before: "✓", after: "" });
  });

  test("counts a pause between two phases to the one that ended", () => {
    const phases = [
      { name: "erase", fromUs: 0, toUs: SECOND },
      { name: "copy", fromUs: 3 * SECOND, toUs: 9 * SECOND },
    ];
    expect(marks([cut(2)], phases)).toMatchObject({ after: "", copy: "" });
    expect(marks([cut(2)], phases)["erase"]?.endsWith("✓")).toBe(true);
  });

  test.each<[string, Verdict["ending"], boolean]>([
    ["✓", "upgraded", true],
    ["✓", "resumed", true],
    ["=", "kept", true],
    ["↶", "reverted", true],
    ["✗", "wrong slots", false],
    ["✗", "resumed", false],
  ])("shows %s for %s (passed: %j)", (sign, ending, pass) => {
    expect(marks([cut(11, ending, pass)])["after"]).toBe(sign);
  });

  test("shows the worst of several cuts at one place, in whatever order they came", () => {
    const all = [cut(11), cut(11, "kept"), cut(11, "reverted"), cut(11, "no boot", false)];
    for (let worst = 1; worst <= all.length; worst += 1) {
      const some = all.slice(0, worst);
      expect(marks(some)["after"]).toBe(["✓", "=", "↶", "✗"][worst - 1]);
      expect(marks(some.toReversed())["after"]).toBe(["✓", "=", "↶", "✗"][worst - 1]);
    }
  });

  test("leaves out verdicts without a cut", () => {
    expect(strip(PHASES, [{ ...cut(1), cut: undefined }], 80)[1]).toBe("");
  });

  test("fits the width that it is given, from the width of its names on", () => {
    const verdicts = [cut(-1), cut(0.5), cut(5), cut(9.5), cut(11)];
    for (let width = 45; width <= 200; width += 1) {
      for (const line of strip(PHASES, verdicts, width)) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test("keeps every phase's name and marks where there is no room for more", () => {
    const [names, cells] = strip(PHASES, [cut(-1), cut(0.5), cut(5), cut(9.5), cut(11)], 10);
    expect(names).toBe("before  prepare  swap  finish  after");
    expect(cells?.replaceAll(/ /g, "")).toBe("✓✓✓✓✓");
  });

  test("shows one column of a phase that comes in pieces one after the other", () => {
    const pieces = [
      { name: "swap", fromUs: 0, toUs: SECOND },
      { name: "swap", fromUs: SECOND, toUs: 2 * SECOND },
    ];
    expect(strip(pieces, [], 80)[0]?.split(/ {2,}/)).toEqual(["before", "swap", "after"]);
  });

  test("is still a strip where nothing is known of the swap", () => {
    expect(strip([], [cut(-1), cut(1)], 80)).toEqual(["before  after", "✓       ✓"]);
  });
});
