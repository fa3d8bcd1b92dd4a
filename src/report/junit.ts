import type { RunEvent, Verdict } from "../campaign/index.ts";
import { failureText } from "./summary.ts";

/**
 * Runs as JUnit XML, a suite each: one test case a verdict; a verdict that failed is a `failure`, and so is what else
 * the firmware or an image did to end the run; a bench that failed is an `error`, so that infrastructure and firmware
 * never mix. Tries after which the bench went on are properties: they are no test cases, and nothing failed.
 * Times are the bench's own, in seconds.
 * Source: the de facto schema read by Jenkins and GitLab (testsuite, properties, testcase, failure, error).
 */
export function junit(...runs: readonly (readonly RunEvent[])[]): string {
  const suites = runs.map(suiteOf);
  const sum = (key: "tests" | "failures" | "errors") => suites.reduce((total, suite) => total + suite[key], 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${sum("tests")}" failures="${sum("failures")}" errors="${sum("errors")}">`,
    ...suites.flatMap((suite) => suite.lines),
    "</testsuites>",
    "",
  ].join("\n");
}

interface Suite {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly lines: readonly string[];
}

function suiteOf(events: readonly RunEvent[]): Suite {
  const started = events.find((event) => event.event === "run-started");
  const name = started ? `${started.scenario} on ${started.board}` : "mcuboot-hil";
  const cases: string[] = [];
  const seen = new Map<string, number>();
  let beganUs = 0;
  let failures = 0;
  for (const event of events) {
    if (event.event !== "verdict") continue;
    if (!event.verdict.pass) failures += 1;
    const times = (seen.get(event.verdict.check) ?? 0) + 1;
    seen.set(event.verdict.check, times);
    // CI servers keep a test's history by its name: two of one name would be one.
    const check = times === 1 ? event.verdict.check : `${event.verdict.check} (${times})`;
    cases.push(testCase(name, { ...event.verdict, check }, (event.atUs - beganUs) / 1_000_000));
    beganUs = event.atUs;
  }
  const ended = events.findLast((event) => event.event === "failure");
  const byFirmware = ended !== undefined && FIRMWARE_KINDS.includes(ended.kind);
  if (byFirmware) failures += 1;
  if (ended) cases.push(endCase(name, ended, byFirmware));
  const errors = ended && !byFirmware ? 1 : 0;
  const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}"`;
  const time = ((events.at(-1)?.atUs ?? 0) / 1_000_000).toFixed(3);
  const open = `  <testsuite name="${escaped(name)}" ${counts} time="${time}">`;
  return { tests: cases.length, failures, errors, lines: [open, ...properties(events), ...cases, "  </testsuite>"] };
}

/** How often the bench was tried again, and why; nothing for a run whose bench never failed. */
function properties(events: readonly RunEvent[]): readonly string[] {
  const retries = events.filter((event) => event.event === "infra-retry");
  if (retries.length === 0) return [];
  const row = (name: string, value: string) => `      <property name="${name}" value="${escaped(value)}"/>`;
  return [
    "    <properties>",
    row("infra_retries", String(retries.length)),
    ...retries.map(({ retry, kind, text }) => row(`infra_retry_${retry}`, `${kind}: ${text}`)),
    "    </properties>",
  ];
}

function testCase(suite: string, verdict: Verdict, timeS: number): string {
  const open = `    <testcase classname="${escaped(suite)}" name="${escaped(verdict.check)}" time="${timeS.toFixed(3)}"`;
  if (verdict.pass) return `${open}/>`;
  const text = escaped(failureText(verdict));
  return `${open}>\n      <failure type="${verdict.ending}" message="${escaped(verdict.because)}">${text}</failure>\n    </testcase>`;
}

/** Kinds of errors for which the firmware or the image answers: exit code 1. */
const FIRMWARE_KINDS: readonly string[] = ["image", "protocol", "verdict"];

function endCase(suite: string, { kind, text }: Extract<RunEvent, { event: "failure" }>, byFirmware: boolean): string {
  const [name, element] = byFirmware ? ["campaign", "failure"] : ["bench", "error"];
  const inner = `<${element} type="${escaped(kind)}" message="${escaped(text)}"/>`;
  return `    <testcase classname="${escaped(suite)}" name="${name}">\n      ${inner}\n    </testcase>`;
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
      return known ?? char;
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
