import type { RunEvent, Verdict } from "../campaign/index.ts";
import { failureText } from "./summary.ts";

/**
 * A run as JUnit XML: one test case a verdict; a verdict that failed is a `failure`, a bench that failed an `error`, so
 * that infrastructure and firmware never mix. Times are the bench's own, in seconds.
 * Source: the de facto schema read by Jenkins and GitLab (testsuite, testcase, failure, error).
 */
export function junit(events: readonly RunEvent[]): string {
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
  const broken = events.findLast((event) => event.event === "failure");
  if (broken) cases.push(benchCase(name, broken));
  const counts = `tests="${cases.length}" failures="${failures}" errors="${broken ? 1 : 0}"`;
  const time = ((events.at(-1)?.atUs ?? 0) / 1_000_000).toFixed(3);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(name)}" ${counts} time="${time}">`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(suite: string, verdict: Verdict, timeS: number): string {
  const open = `    <testcase classname="${escaped(suite)}" name="${escaped(verdict.check)}" time="${timeS.toFixed(3)}"`;
  if (verdict.pass) return `${open}/>`;
  const text = escaped(failureText(verdict));
  return `${open}>\n      <failure type="${verdict.ending}" message="${escaped(verdict.because)}">${text}</failure>\n    </testcase>`;
}

function benchCase(suite: string, failure: Extract<RunEvent, { event: "failure" }>): string {
  const text = escaped(failure.text);
  return `    <testcase classname="${escaped(suite)}" name="bench">\n      <error type="${failure.kind}" message="${text}"/>\n    </testcase>`;
}

/** XML text and attribute values; characters that XML 1.0 cannot hold become U+FFFD. */
function escaped(text: string): string {
  return Array.from(text)
    .map((char) => {
      const code = char.codePointAt(0) ?? 0;
      if ((code < 0x20 && code !== 9 && code !== 10 && code !== 13) || code === 0xfffe || code === 0xffff)
        return "\uFFFD";
      return ENTITIES[char] ?? char;
    })
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
