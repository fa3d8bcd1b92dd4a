import type { PlannedCut, RunEvent, Verdict } from "../campaign/index.ts";
import { subjectText } from "../campaign/index.ts";
import { terminalText } from "../core/index.ts";
import { CaseNames, momentText } from "./junit-names.ts";
import { failureText, idleFaultsText } from "./summary.ts";

/**
 * Runs as JUnit XML, a suite each: one test case a verdict; a verdict that failed is a `failure`, and so is what else
 * the firmware or an image did to end the run; a bench that failed is an `error`, so that infrastructure and firmware
 * never mix, in a case called "bench", as most readers mix the two. A run that left cuts unmade has an `error`, too, or a
 * `skipped` where that is allowed; one without an end has not ended. Tries after which the bench went on are
 * properties: they are no test cases, and nothing failed. Times are the bench's own, in seconds.
 * @param unread of each run, what is said of its record's lines that cannot be read: an `error`, too.
 * @param taken names of suites that lie in the same folder: readers take two cases of one name for two tries of one.
 * Source: the de facto schema read by Jenkins and GitLab (testsuite, properties, testcase, failure, error, skipped);
 *   junitparser 5.0.3 recomputes a file in which one of the five counts is missing.
 */
export function junit(
  runs: readonly (readonly RunEvent[])[],
  taken: ReadonlySet<string> = new Set(),
  unread: readonly (string | undefined)[] = [],
): string {
  const names = new Set(taken);
  const suites = runs.map((events, at) => {
    const name = freeName(suiteName(events), names);
    names.add(name);
    return suiteOf(events, name, unread[at]);
  });
  const cases = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="hil" ${totals(cases)}>`,
    ...suites.flatMap((suite) => suite.lines),
    "</testsuites>",
    "",
  ].join("\n");
}

/** The last code point of Unicode: a file beside ours may hold any number. */
const CODE_POINT_MAX = 0x10_ffff;

/** Names of the suites in a JUnit file that `junit` wrote. */
export function suiteNames(xml: string): readonly string[] {
  const found = [...xml.matchAll(/<testsuite name="([^"]*)"/g)].map(([, name = ""]) => name);
  return found.map((name) =>
    name.replaceAll(/&(?:#(\d+)|(\w+));/g, (all, code: string | undefined, entity: string) => {
      if (code !== undefined) return Number(code) <= CODE_POINT_MAX ? String.fromCodePoint(Number(code)) : all;
      return Object.keys(ENTITIES).find((char) => ENTITIES[char] === `&${entity};`) ?? all;
    }),
  );
}

/** The same in every run of a scenario on a board. */
function suiteName(events: readonly RunEvent[]): string {
  const started = events.find((event) => event.event === "run-started");
  return started ? `${started.scenario} on ${started.profile ?? started.board}` : "mcuboot-hil";
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let time = 2; taken.has(free); time += 1) free = `${name} #${time}`;
  return free;
}

interface Case {
  readonly kind: "passed" | "failure" | "error" | "skipped";
  readonly timeMs: number;
  readonly lines: readonly string[];
}

function totals(cases: readonly Case[]): string {
  const of = (kind: Case["kind"]) => cases.filter((entry) => entry.kind === kind).length;
  const timeMs = cases.reduce((sum, entry) => sum + entry.timeMs, 0);
  const counts = `tests="${cases.length}" failures="${of("failure")}" errors="${of("error")}" skipped="${of("skipped")}"`;
  return `${counts} time="${inSeconds(timeMs)}"`;
}

const inSeconds = (ms: number): string => (ms / 1000).toFixed(3);

function suiteOf(
  events: readonly RunEvent[],
  suite: string,
  unread: string | undefined,
): { cases: readonly Case[]; lines: readonly string[] } {
  const names = new CaseNames();
  const cases: Case[] = [];
  let beganMs = 0;
  // Whole milliseconds from one case to the next, so that the sums are those of what is printed.
  const spentMs = (atUs: number): number => {
    const nowMs = Math.max(beganMs, Math.round(atUs / 1000));
    const spent = nowMs - beganMs;
    beganMs = nowMs;
    return spent;
  };
  for (const event of events) {
    names.take(event);
    if (event.event !== "verdict") continue;
    cases.push(verdictCase({ suite, name: names.next(event.verdict) }, event.verdict, spentMs(event.atUs)));
  }
  const end = endOf(events);
  if (end) {
    const inner = `<${end.kind} type="${escaped(end.type)}" message="${escaped(end.text)}"/>`;
    cases.push(testCase({ suite, name: end.name }, end.kind, spentMs(end.atUs), [inner]));
  }
  if (unread !== undefined) {
    const inner = `<error type="unreadable" message="${escaped(unread)}"/>`;
    cases.push(testCase({ suite, name: "record" }, "error", 0, [inner]));
  }
  const open = `  <testsuite name="${escaped(suite)}" ${totals(cases)}>`;
  const lines = [open, ...suiteProperties(events), ...cases.flatMap((entry) => entry.lines), "  </testsuite>"];
  return { cases, lines };
}

/** Kinds of errors for which the firmware or the image answers: exit code 1. */
const FIRMWARE_KINDS: readonly string[] = ["image", "protocol", "verdict"];

interface End {
  readonly kind: Case["kind"];
  readonly name: string;
  readonly type: string;
  readonly text: string;
  readonly atUs: number;
}

/** What ended a run otherwise than with its last verdict. */
function endOf(events: readonly RunEvent[]): End | undefined {
  const ended = events.findLast((event) => event.event === "failure");
  if (ended) {
    const { kind: type, text, atUs } = ended;
    const byFirmware = FIRMWARE_KINDS.includes(type);
    return { kind: byFirmware ? "failure" : "error", name: byFirmware ? "campaign" : "bench", type, text, atUs };
  }
  const finished = events.findLast((event) => event.event === "run-finished");
  const atUs = events.at(-1)?.atUs ?? 0;
  if (!finished) {
    const text = "the run did not come to an end, or its report could not be written: see run.json in its record";
    return { kind: "error", name: "bench", type: "unfinished", text, atUs };
  }
  const { outcome, incompleteAllowed, idleFaults = [], cutsPlanned, cutsJudged } = finished.result;
  if (outcome === "error" || outcome === "interrupted") {
    const text = `the run ended without all its verdicts (${outcome}); its record does not say why`;
    return { kind: "error", name: "bench", type: outcome, text, atUs };
  }
  if (outcome !== "incomplete" && !incompleteAllowed) return undefined;
  if (idleFaults.length > 0) {
    const text = `INCOMPLETE: ${idleFaultsText(idleFaults)}`;
    return { kind: "error", name: "every planted fault acts", type: "idle fault", text, atUs };
  }
  const text = `INCOMPLETE: ${cutsPlanned - cutsJudged} of ${cutsPlanned} cuts were not made`;
  return { kind: incompleteAllowed ? "skipped" : "error", name: "all cuts are made", type: "incomplete", text, atUs };
}

const property = (indent: string, name: string, value: string | number): string =>
  `${indent}  <property name="${escaped(name)}" value="${escaped(String(value))}"/>`;

const properties = (indent: string, rows: readonly (readonly [string, string | number])[]): readonly string[] =>
  rows.length === 0
    ? []
    : [
        `${indent}<properties>`,
        ...rows.map(([name, value]) => property(indent, name, value)),
        `${indent}</properties>`,
      ];

/** What differs from night to night: seed, images; how often the bench was tried again, which cuts were void, and why. */
function suiteProperties(events: readonly RunEvent[]): readonly string[] {
  const rows = events.flatMap((event): (readonly [string, string | number])[] => {
    if (event.event === "run-started") {
      return [
        ["seed", event.seed],
        ["board", event.board],
      ];
    }
    if (event.event !== "images-built") return [];
    return event.images.map(({ role, core, version, hash }) => {
      return [core === undefined ? `image_${role}` : `image_network_${role}`, `${version} ${hash}`] as const;
    });
  });
  const retries = events.filter((event) => event.event === "infra-retry");
  if (retries.length > 0) rows.push(["infra_retries", retries.length]);
  for (const { retry, kind, text } of retries) rows.push([`infra_retry_${retry}`, `${kind}: ${text}`]);
  const voids = events.filter((event) => event.event === "cut-void");
  if (voids.length > 0) rows.push(["cuts_void", voids.length]);
  for (const [order, { reason }] of voids.entries()) rows.push([`cut_void_${order + 1}`, reason]);
  return properties("    ", rows);
}

interface Named {
  readonly suite: string;
  readonly name: string;
}

function verdictCase(named: Named, verdict: Verdict, timeMs: number): Case {
  const inner = properties("      ", propertiesOf(verdict));
  if (verdict.pass) return testCase(named, "passed", timeMs, inner);
  const text = escaped(failureText(verdict));
  const failure = `<failure type="${escaped(verdict.ending)}" message="${escaped(verdict.because)}">${text}</failure>`;
  return testCase(named, "failure", timeMs, [...inner, `      ${failure}`]);
}

/** A case's own number and moment: other ones each night, so no part of its name. */
function propertiesOf({ subject, cut, where, ending, from, to }: Verdict): readonly (readonly [string, string])[] {
  const planned: PlannedCut | undefined = cut?.planned;
  return [
    ["check", subjectText(subject)],
    ...(planned === undefined ? [] : ([["cut", String(planned.index)]] as const)),
    ...(planned === undefined ? [] : ([["moment", momentText(planned)]] as const)),
    ...(where === undefined ? [] : ([["where", where]] as const)),
    ["ending", ending],
    ["versions", `${from} to ${to}`],
  ];
}

function testCase({ suite, name }: Named, kind: Case["kind"], timeMs: number, inner: readonly string[]): Case {
  const named = `classname="${escaped(suite)}" name="${escaped(name)}" time="${inSeconds(timeMs)}"`;
  const indented = inner.map((line) => (line.startsWith("      ") ? line : `      ${line}`));
  const lines = [`    <testcase ${named}>`, ...indented, "    </testcase>"];
  return { kind, timeMs, lines };
}

/**
 * XML text and attribute values; characters that XML 1.0 cannot hold become U+FFFD. Line ends and tabs are written as
 * references, as a reader makes blanks of them in attributes.
 */
function escaped(text: string): string {
  return Array.from(text)
    .map((char) => {
      const code = char.codePointAt(0) ?? 0;
      const isHalf = code >= 0xd800 && code <= 0xdfff;
      const known = ENTITIES[char];
      if (known === undefined && (code < 0x20 || isHalf || code === 0xfffe || code === 0xffff)) return "\uFFFD";
      // XML holds them, but whoever prints the file sends them to a terminal: CSI as one character, text that turns.
      return known ?? (code < 0x7f ? char : terminalText(char));
    })
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
