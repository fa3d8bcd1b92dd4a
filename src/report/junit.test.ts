import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { RunEvent, RunResult, Verdict } from "../campaign/index.ts";
import { junit, suiteNames } from "./junit.ts";

const VERDICT: Verdict = {
  subject: { kind: "upgrade" },
  pass: true,
  ending: "upgraded",
  from: "1.0.0",
  to: "2.0.0",
  cut: undefined,
  where: undefined,
  allowed: [],
  expected: "2.0.0 running",
  found: "2.0.0 running",
  because: "row 1",
  slots: [],
  boots: 1,
  bootLog: [],
  swapPhase: undefined,
};

const judged = (atUs: number, verdict: Partial<Verdict> = {}): RunEvent => ({
  atUs,
  event: "verdict",
  verdict: { ...VERDICT, ...verdict },
});

const started: RunEvent = { atUs: 0, event: "run-started", scenario: 'a<b> & "c"', board: "twin", seed: 1 };

const finished = (result: Partial<RunResult> = {}): RunEvent => ({
  atUs: 4_000_000,
  event: "run-finished",
  result: { outcome: "pass", cutsPlanned: 0, cutsJudged: 0, passed: 1, failed: 0, endings: {}, ...result },
});

/** One run that came to its end. */
const run = (...events: readonly RunEvent[]): string => junit([[started, ...events, finished()]]);

const images: RunEvent = {
  atUs: 0,
  event: "images-built",
  crypto: [],
  images: [
    { role: "old", version: "1.0.0", hash: "aa", fileBytes: 1, encrypted: true },
    { role: "new", version: "2.0.0", hash: "bb", fileBytes: 2, encrypted: true },
  ],
};

const reference: RunEvent = {
  atUs: 0,
  event: "reference",
  operations: 100,
  swapUs: 20_000_000,
  startAfterResetUs: 1_000_000,
  endAfterResetUs: 21_000_000,
};

/** A cut so many seconds after the reset. */
function cutAt(index: number, seconds: number, verdict: Partial<Verdict> = {}): RunEvent {
  const planned = { index, kind: "time", afterResetUs: seconds * 1_000_000 } as const;
  const cut = { planned, intoSwapUs: planned.afterResetUs - 1_000_000 + 300 } as Verdict["cut"];
  return judged(index * 1000, {
    subject: { kind: "cut", in: "boot", index },
    cut,
    swapPhase: "swap",
    where: `operation ${index}`,
    ...verdict,
  });
}

const TOTALS = /(?:testsuites?) name="[^"]*" (tests=.*)>/g;
const totalsOf = (xml: string) => [...xml.matchAll(TOTALS)].map(([, counts]) => counts);
const namesOf = (xml: string) => read(xml).names;

describe("a run as JUnit XML", () => {
  test("counts failed verdicts as failures and a broken bench as an error, and says all five counts", () => {
    const failure: RunEvent = { atUs: 3_000_000, event: "failure", kind: "bench", text: "power was not cut" };
    const text = run(
      judged(1_000_000),
      judged(2_500_000, { pass: false, subject: { kind: "cut", in: "boot", index: 1 } }),
      failure,
    );
    expect(totalsOf(text)).toEqual(Array(2).fill('tests="3" failures="1" errors="1" skipped="0" time="3.000"'));
    expect(text).toContain('name="cut 1" time="1.500">');
    expect(text).toContain('<error type="bench" message="power was not cut"/>');
  });

  test("counts tries of the bench in properties, and never as a case: nothing that was judged changes", () => {
    const retry: RunEvent = {
      atUs: 2,
      event: "infra-retry",
      retry: 1,
      of: 2,
      kind: "bench",
      text: "port <X> vanished",
    };
    const text = run(judged(1, { pass: false }), retry, judged(3));
    expect(totalsOf(text)[0]).toContain('tests="2" failures="1" errors="0" skipped="0"');
    expect(text).toContain('<property name="infra_retries" value="1"/>');
    expect(text).toContain('<property name="infra_retry_1" value="bench: port &lt;X&gt; vanished"/>');
    expect(namesOf(text)).toHaveLength(2);
    expect(run(judged(1))).not.toContain("infra");
  });

  test("counts void cuts in properties, with their reasons, and never as a case", () => {
    const text = run(judged(1), { atUs: 2, event: "cut-void", index: 1, reason: "the host <slept>", again: true });
    expect(totalsOf(text)[0]).toContain('tests="1" failures="0" errors="0" skipped="0"');
    expect(text).toContain('<property name="cuts_void" value="1"/>');
    expect(text).toContain('<property name="cut_void_1" value="the host &lt;slept&gt;"/>');
    expect(run(judged(1))).not.toContain("void");
  });

  test("holds several runs, a suite each, and counts them together", () => {
    const other: RunEvent = { atUs: 0, event: "run-started", scenario: "small", board: "lab-08", seed: 2 };
    const failure: RunEvent = { atUs: 3, event: "failure", kind: "bench", text: "gone" };
    const text = junit([
      [started, judged(1000), judged(2000, { pass: false }), finished()],
      [other, judged(1000), failure],
    ]);
    expect(totalsOf(text)).toEqual([
      'tests="4" failures="1" errors="1" skipped="0" time="0.003"',
      'tests="2" failures="1" errors="0" skipped="0" time="0.002"',
      'tests="2" failures="0" errors="1" skipped="0" time="0.001"',
    ]);
  });

  test("sums up to what it prints, to the millisecond, whatever the moments are", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000_000), { minLength: 1, maxLength: 30 }), (gapsUs) => {
        let atUs = 0;
        const text = run(...gapsUs.map((gap) => judged((atUs += gap))));
        const cases = [...text.matchAll(/<testcase .* time="([\d.]+)"/g)].map(([, time]) => Number(time) * 1000);
        const [root, suite] = [...text.matchAll(/skipped="0" time="([\d.]+)"/g)].map(([, time]) => Number(time) * 1000);
        const sum = Math.round(cases.reduce((total, time) => total + time, 0));
        expect([Math.round(root ?? -1), Math.round(suite ?? -1)]).toEqual([sum, sum]);
      }),
    );
  });

  test("takes a file that lies beside it for what it is, also where a number in it is no character", () => {
    expect(suiteNames('<testsuite name="a&#65;&#9999999999;&none;"/>')).toEqual(["aA&#9999999999;&none;"]);
  });

  test("escapes names, and holds no character that XML cannot", () => {
    const text = run(judged(1, { pass: false, found: "log\u0000\u001B[2K" }));
    expect(text).toContain("a&lt;b&gt; &amp; &quot;c&quot; on twin");
    expect(text).toContain("log\uFFFD\uFFFD[2K");
  });

  test("is XML that any reader takes, and says the same, whatever a board, a profile or a program said", () => {
    const foreign = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(foreign, foreign, fc.constantFrom("]]>", "<!--", "&#0;", "<a/>", '" x="'), (said, why, bait) => {
        const xml = run(judged(1, { pass: false, found: said + bait, because: why + bait }), {
          atUs: 2,
          event: "failure",
          kind: "bench",
          text: bait + said,
        });
        // What XML 1.0 has no character for: controls but tab and line ends, and two that Unicode never assigns.
        const holdable = (text: string) => text.replaceAll(/[^\t\n\r\P{Cc}\u007F-\u009F]|[\uFFFE\uFFFF]/gu, "\uFFFD");
        expect(read(xml).messages).toEqual([holdable(why + bait), holdable(bait + said)]);
      }),
    );
  });

  test.each([
    ["bench", "error", "bench"],
    ["timeout", "error", "bench"],
    ["configuration", "error", "bench"],
    ["interrupted", "error", "bench"],
    ["unknown", "error", "bench"],
    ["protocol", "failure", "campaign"],
    ["image", "failure", "campaign"],
    ["verdict", "failure", "campaign"],
  ])("that a %s error ended has a %s of the %s: infrastructure and firmware never mix", (kind, element, name) => {
    const text = run(judged(1), { atUs: 2, event: "failure", kind, text: "ended" });
    const counts = element === "error" ? 'failures="0" errors="1"' : 'failures="1" errors="0"';
    expect(totalsOf(text)[0]).toContain(`tests="2" ${counts}`);
    expect(text).toContain(`name="${name}" time="0.000">\n      <${element} type="${kind}" message="ended"/>`);
  });

  test("that has no end has not passed: a killed run is an error of the bench", () => {
    const text = junit([[started, judged(1)]]);
    expect(totalsOf(text)[0]).toContain('tests="2" failures="0" errors="1" skipped="0"');
    expect(text).toContain('name="bench" time="0.000">\n      <error type="unfinished"');
  });

  test("that left cuts unmade has an error, and a skipped case where that is allowed", () => {
    const left = { cutsPlanned: 40, cutsJudged: 1 };
    const text = junit([[started, judged(1), finished({ ...left, outcome: "incomplete" })]]);
    expect(totalsOf(text)[0]).toContain('tests="2" failures="0" errors="1" skipped="0"');
    expect(text).toContain('message="INCOMPLETE: 39 of 40 cuts were not made"');
    const allowed = junit([[started, judged(1), finished({ ...left, incompleteAllowed: true })]]);
    expect(totalsOf(allowed)[0]).toContain('tests="2" failures="0" errors="0" skipped="1"');
  });

  test("is well-formed and holds every text that a reader of XML is to get back, whatever it is", () => {
    const texts = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(texts, texts, (because, ended) => {
        const { names, messages } = read(
          run(judged(1, { pass: false, because }), { atUs: 2, event: "failure", kind: "bench", text: ended }),
        );
        expect(messages).toEqual([because, ended].map(held));
        expect(names).toEqual(["uninterrupted upgrade", "bench"]);
      }),
    );
  });

  test("is well-formed without a run", () => {
    expect(read(junit([]))).toEqual({ names: [], messages: [] });
  });
});

describe("names of cases mean the same every night", () => {
  /** Two nights of one scenario: other seeds, other versions, other moments in the same twentieths. */
  const night = (seed: number, versions: readonly [string, string], moments: readonly number[]): string => {
    const built = images.event === "images-built" ? images.images : [];
    const [from, to] = versions;
    return junit([
      [
        { ...started, seed },
        { ...images, images: built.map((image, at) => ({ ...image, version: versions[at] ?? "" })) },
        judged(1, { from, to }),
        reference,
        ...moments.map((moment, at) => cutAt(at + 1, moment, at % 2 === 0 ? { from, to } : { from: to, to: from })),
        judged(1_000_000, { subject: { kind: "later boot", boot: 1, cut: 2 }, from: to, to: from }),
        finished(),
      ],
    ]);
  };

  test("whatever seed, version and moment are; those are properties", () => {
    const [first, second] = [night(1, ["1.0.0", "2.0.0"], [1.2, 3.6]), night(2, ["1.7.0", "1.8.0"], [1.9, 3.1])];
    expect(namesOf(first)).toEqual([
      "uninterrupted upgrade, old to new",
      "cut in swap, 0-5 % of the window, old to new",
      "cut in swap, 10-15 % of the window, new to old",
      "boot 1 after cut in swap, 10-15 % of the window, new to old",
    ]);
    expect(namesOf(second)).toEqual(namesOf(first));
    for (const [name, value] of [
      ["seed", "2"],
      ["cut", "2"],
      ["moment", "3100.000 ms after the reset"],
      ["where", "operation 2"],
      ["versions", "1.8.0 to 1.7.0"],
      ["image_new", "1.8.0 bb"],
    ]) {
      expect(second).toContain(`<property name="${name}" value="${value}"/>`);
    }
  });

  test("suite and class are scenario and profile, not the board's title, which tells of the bootloader", () => {
    const titled = { ...started, board: "lab (MCUboot of NCS 3.1)", profile: "lab", scenario: "small" } as RunEvent;
    const text = junit([[titled, judged(1), finished()]]);
    expect(text).toContain('<testsuite name="small on lab" ');
    expect(text).toContain('classname="small on lab" ');
  });

  test("several of one name get a number, in the order they were judged; before and after the swap have no share", () => {
    const before = { swapPhase: "before" };
    const text = run(
      images,
      reference,
      cutAt(1, 0.5, before),
      cutAt(2, 0.2, before),
      cutAt(3, 30, { swapPhase: "after" }),
    );
    expect(namesOf(text)).toEqual([
      "cut before the swap, old to new",
      "cut before the swap, old to new (2)",
      "cut after the swap, old to new",
    ]);
  });

  test("a cut whose place is not known is called by what started it", () => {
    const planned = { index: 1, kind: "log", pattern: "Starting swap", delayUs: 250_000 } as const;
    const cut = { planned, intoSwapUs: undefined } as Verdict["cut"];
    const text = run(
      judged(1, { subject: { kind: "cut", in: "boot", index: 1 }, cut }),
      judged(2, { subject: { kind: "cut", in: "upload", index: 2 } }),
    );
    expect(namesOf(text)).toEqual(["cut, at the log line Starting swap", "cut in the upload"]);
    expect(text).toContain('<property name="moment" value="at the log line Starting swap + 250.000 ms"/>');
  });

  test("two runs in one folder stay two: a suite whose name is taken gets a number", () => {
    const [first, other] = [run(judged(1)), { ...started, scenario: "x", profile: "<lab>" } as RunEvent];
    const taken = new Set(suiteNames(first));
    expect([...taken]).toEqual(['a<b> & "c" on twin']);
    const second = junit(
      [
        [started, judged(1), finished()],
        [other, finished()],
        [other, finished()],
      ],
      taken,
    );
    expect(suiteNames(second)).toEqual(['a<b> & "c" on twin #2', "x on <lab>", "x on <lab> #2"]);
    expect(second).toContain('classname="a&lt;b&gt; &amp; &quot;c&quot; on twin #2"');
  });
});

/** As a text can be held by XML 1.0, references included. */
const held = (text: string) =>
  Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    const isControl = code < 0x20 && !"\t\n\r".includes(char);
    return isControl || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff ? "\uFFFD" : char;
  }).join("");

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

const unescaped = (text: string) =>
  text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_, code: string | undefined, name: string) =>
    code === undefined ? (ENTITIES[name] ?? "") : String.fromCodePoint(Number(code)),
  );

/** Reads the XML back, strictly: elements nest, attributes are quoted, nothing is left over. */
function read(xml: string): { names: string[]; messages: string[] } {
  const open: string[] = [];
  const names: string[] = [];
  const messages: string[] = [];
  const body = xml.replace('<?xml version="1.0" encoding="UTF-8"?>', "");
  const tags = /<(\/?)(\w+)((?: \w+="[^"<]*")*)(\/?)>/g;
  for (const [, closes, tag = "", attributes = "", empty] of body.matchAll(tags)) {
    if (closes) expect(open.pop()).toBe(tag);
    else if (!empty) open.push(tag);
    for (const [, name, value = ""] of attributes.matchAll(/ (\w+)="([^"]*)"/g)) {
      expect(value).not.toMatch(/&(?!(?:#\d+|amp|lt|gt|quot);)/);
      if (tag === "testcase" && name === "name") names.push(unescaped(value));
      if (name === "message") messages.push(unescaped(value));
    }
  }
  expect(open).toEqual([]);
  expect(body.replaceAll(tags, "")).not.toMatch(/[<>]/);
  return { names, messages };
}
