import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concat, textOf, utf8 } from "../../core/index.ts";
import { subjectText } from "../record/subject.ts";
import { eventsOf, smallProfile, smallRun, smallScenario } from "../testing/small-campaign.ts";
import { PatternFinder, plainPattern } from "./trigger-bytes.ts";
import { ShapeFinder } from "./trigger-current.ts";

/** Cuts bytes into pieces and feeds them; where in the whole the pattern ended. */
function endIn(finder: PatternFinder, bytes: Uint8Array, cuts: readonly number[]): number | undefined {
  let from = 0;
  for (const at of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    const piece = bytes.subarray(from, Math.max(from, at));
    const found = finder.feed(piece);
    if (found !== undefined) return from + found;
    from = Math.max(from, at);
  }
  return undefined;
}

const letters = (max: number) => fc.array(fc.constantFrom("a", "b", "\n"), { minLength: 1, maxLength: max });
const cutsOf = fc.array(fc.nat(60), { maxLength: 8 });

describe("a log pattern in raw bytes", () => {
  test("plain text is found where it first ends, whatever pieces it comes in", () => {
    fc.assert(
      fc.property(letters(6), letters(60), cutsOf, (wanted, log, cuts) => {
        const [needle, hay] = [wanted.join(""), log.join("")];
        const at = hay.indexOf(needle);
        const expected = at < 0 ? undefined : at + needle.length - 1;
        expect(endIn(new PatternFinder(needle), utf8(hay), cuts)).toBe(expected);
      }),
    );
  });

  test("to the end of its line it is found at the line feed", () => {
    fc.assert(
      fc.property(letters(60), cutsOf, (log, cuts) => {
        const hay = log.join("");
        const found = /ab[^\n]*\n/.exec(hay);
        const expected = found ? found.index + found[0].length - 1 : undefined;
        expect(endIn(new PatternFinder(String.raw`ab[^\n]*\n`), utf8(hay), cuts)).toBe(expected);
      }),
    );
  });

  test("an expression is tried on what came last, and found in the piece that completes it", () => {
    const finder = new PatternFinder("[Ss]tarting (swap|over)");
    expect(finder.feed(utf8("I: Sta"))).toBeUndefined();
    expect(finder.feed(utf8("rting sw"))).toBeUndefined();
    expect(finder.feed(utf8("ap using"))).toBe(1);
  });

  test.each([
    ["Starting swap", "Starting swap", false],
    [String.raw`I: Starting swap using move algorithm\.[^\n]*\n`, "I: Starting swap using move algorithm.", true],
    [String.raw`a\r\nb`, "a\r\nb", false],
    [String.raw`\[x\] \(1\)`, "[x] (1)", false],
  ])("%j is plain bytes", (pattern, text, toLineEnd) => {
    const plain = plainPattern(pattern);
    expect([textOf(plain?.bytes ?? new Uint8Array()), plain?.toLineEnd]).toEqual([text, toLineEnd]);
  });

  test.each(["a|b", "a.c", String.raw`\d+`, "", String.raw`[^\n]*\n`, "a+", "^a", "ä€"])("%j is not", (pattern) => {
    expect(plainPattern(pattern)).toBeUndefined();
  });

  test("of a hostile log no expression takes more steps than it has characters: the run stays alive", () => {
    for (const pattern of ["(a+)+b", "a*a*a*a*a*a*b", "(.*)*=(.*)*!"]) {
      const finder = new PatternFinder(pattern);
      for (let piece = 0; piece < 40; piece += 1) expect(finder.feed(utf8("a".repeat(100)))).toBeUndefined();
    }
    expect(() => new PatternFinder("a(?=b)")).toThrow("look-ahead");
  });

  test("bytes that are no text are bytes", () => {
    const finder = new PatternFinder(String.raw`ÿþ`);
    expect(finder.feed(concat(Uint8Array.of(0xff, 0xff), Uint8Array.of(0xfe)))).toBe(2);
  });
});

describe("a shape of the supply current", () => {
  const samples = (atUs: number, ...microamps: number[]) => ({
    atUs,
    everyUs: 10,
    microamps: Float32Array.from(microamps),
  });

  test("is the moment at which the current had stayed beyond for long enough", () => {
    const finder = new ShapeFinder({ edge: "rise", microamps: 5000, forUs: 30 });
    expect(finder.feed(samples(100, 10, 9000, 10, 9000))).toBeUndefined();
    expect(finder.feed(samples(140, 9000, 9000, 9000, 9000))).toBe(120);
  });

  test("is no edge when the current was beyond from the beginning", () => {
    const finder = new ShapeFinder({ edge: "fall", microamps: 5000, forUs: 0 });
    expect(finder.feed(samples(20, 1, 1, 1))).toBeUndefined();
    expect(finder.feed(samples(50, 9000, 9000, 1))).toBe(50);
  });

  test("goes on over lost samples", () => {
    const finder = new ShapeFinder({ edge: "rise", microamps: 5000, forUs: 20 });
    expect(finder.feed(samples(50, 1, 9000, Number.NaN, 9000, 1))).toBe(40);
  });
});

describe("cuts in a campaign", () => {
  const board = smallProfile();

  test("fall when the board has taken so many bytes of an upload; the old image runs on", async () => {
    const scenario = smallScenario([
      "{ count: 4 }",
      "{ in: upload, on: [{ upload_bytes: 1 }, { upload_bytes: 4000, delay_ms: 2.5 }] }",
    ]);
    const { result, events, error } = await smallRun({ scenario, board });
    expect(error).toBeUndefined();
    expect(result).toMatchObject({
      outcome: "pass",
      cutsPlanned: 2,
      cutsJudged: 2,
      endings: { kept: 2 },
    });
    expect(eventsOf(events, "cut").map(({ facts }) => facts.planned)).toEqual([
      { index: 1, kind: "upload", bytes: 1, delayUs: 0 },
      { index: 2, kind: "upload", bytes: 4000, delayUs: 2500 },
    ]);
    for (const { facts } of eventsOf(events, "cut")) expect(facts.onSentUs).toBeGreaterThan(facts.offSentUs);
  });

  test("at an offset that the upload never comes to are a mistake of the scenario", async () => {
    const scenario = smallScenario(["{ count: 4 }", "{ in: upload, on: [{ upload_bytes: 400000 }] }"]);
    const { error } = await smallRun({ scenario, board });
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining("never comes to 400000") });
  });

  test("fall after the request was answered: then it holds, and the new image runs", async () => {
    const scenario = smallScenario(["{ count: 4 }", "{ in: request, on: [{ smp: request, delay_ms: 1 }] }"]);
    const { result, events } = await smallRun({ scenario, board });
    expect(result.outcome).toBe("pass");
    const cut = eventsOf(events, "verdict").find(({ verdict }) => subjectText(verdict.subject) === "request cut 1");
    expect(cut?.verdict.ending).toBe("upgraded");
    expect(cut?.verdict.allowed).toHaveLength(1);
  });

  test("fall after the answer to the reset, as at_ms says it", async () => {
    const scenario = smallScenario(["{ count: 4 }", "{ on: [{ smp: reset, delay_ms: 300 }, { log: Starting swap }] }"]);
    const { result, events } = await smallRun({ scenario, board });
    expect(result.outcome).toBe("pass");
    expect(eventsOf(events, "cut").map(({ facts }) => facts.planned.kind)).toEqual(["time", "log"]);
  });

  test("on the current want a switch that measures it", async () => {
    const scenario = smallScenario(["{ count: 4 }", "{ on: [{ current: rise, ma: 3 }] }"]);
    const { error } = await smallRun({ scenario, board });
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining("measures no current") });
  });

  test.each([
    "{ in: upload, on: ['Starting swap'] }",
    "{ on: [{ upload_bytes: 5 }] }",
    "{ in: request, on: [{ upload_bytes: 5 }] }",
    "{ in: revert, on: [{ smp: request }] }",
  ])("%s: such triggers are refused before anything moves", (cuts) => {
    expect(() => smallScenario(["{ count: 4 }", cuts])).toThrow(/upload_bytes goes with in: upload/);
  });
});
