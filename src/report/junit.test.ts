import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { RunEvent, Verdict } from "../campaign/index.ts";
import { junit } from "./junit.ts";

const VERDICT: Verdict = {
  check: "uninterrupted upgrade",
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

describe("a run as JUnit XML", () => {
  test("counts failed verdicts as failures and a broken bench as an error", () => {
    const failure: RunEvent = { atUs: 3_000_000, event: "failure", kind: "bench", text: "power was not cut" };
    const text = junit([started, judged(1_000_000), judged(2_500_000, { pass: false, check: "cut 1" }), failure]);
    expect(text).toContain('<testsuites tests="3" failures="1" errors="1">');
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
    const text = junit([started, judged(1, { pass: false }), retry, judged(3)]);
    expect(text).toContain('<testsuites tests="2" failures="1" errors="0">');
    expect(text).toContain('<property name="infra_retries" value="1"/>');
    expect(text).toContain('<property name="infra_retry_1" value="bench: port &lt;X&gt; vanished"/>');
    expect(read(text).names).toHaveLength(2);
    expect(junit([started, judged(1)])).not.toContain("propert");
  });

  test("holds several runs, a suite each, and counts them together", () => {
    const other: RunEvent = { atUs: 0, event: "run-started", scenario: "small", board: "lab-08", seed: 2 };
    const failure: RunEvent = { atUs: 3, event: "failure", kind: "bench", text: "gone" };
    const text = junit([started, judged(1), judged(2, { pass: false })], [other, judged(1), failure]);
    expect(text).toContain('<testsuites tests="4" failures="1" errors="1">');
    expect([...text.matchAll(/<testsuite name="[^"]*" (.*) time/g)].map(([, counts]) => counts)).toEqual([
      'tests="2" failures="1" errors="0"',
      'tests="2" failures="0" errors="1"',
    ]);
    expect(read(text).names).toHaveLength(4);
  });

  test("gives each case a name of its own", () => {
    const text = junit([started, judged(1), judged(2), judged(3, { check: "cut 1" })]);
    expect([...text.matchAll(/<testcase .* name="([^"]*)"/g)].map((match) => match[1])).toEqual([
      "uninterrupted upgrade",
      "uninterrupted upgrade (2)",
      "cut 1",
    ]);
  });

  test("escapes names, and holds no character that XML cannot", () => {
    const text = junit([started, judged(1, { pass: false, found: "log\u0000\u001B[2K" })]);
    expect(text).toContain("a&lt;b&gt; &amp; &quot;c&quot; on twin");
    expect(text).toContain("log\uFFFD\uFFFD[2K");
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
    const text = junit([started, judged(1), { atUs: 2, event: "failure", kind, text: "ended" }]);
    const counts = element === "error" ? 'failures="0" errors="1"' : 'failures="1" errors="0"';
    expect(text).toContain(`<testsuites tests="2" ${counts}>`);
    expect(text).toContain(`name="${name}">\n      <${element} type="${kind}" message="ended"/>`);
  });

  test("is well-formed and holds every text that a reader of XML is to get back, whatever it is", () => {
    const texts = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(texts, texts, (because, ended) => {
        const { names, messages } = read(
          junit([
            started,
            judged(1, { pass: false, because }),
            { atUs: 2, event: "failure", kind: "bench", text: ended },
          ]),
        );
        expect(messages).toEqual([because, ended].map(held));
        expect(names).toEqual(["uninterrupted upgrade", "bench"]);
      }),
    );
  });

  test("is well-formed before anything happened", () => {
    expect(read(junit([]))).toEqual({ names: [], messages: [] });
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
