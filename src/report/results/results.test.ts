import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { toldRun } from "../page/recorded-run.ts";
import { blockOf } from "../testing/page-block.ts";
import { cutVerdict, recordFolder, STARTED } from "../testing/record-folder.ts";
import { allureResults } from "./allure.ts";
import { annotationLines } from "./annotations.ts";
import { badgeJson, badgeSvg } from "./badge.ts";
import { codeQuality } from "./code-quality.ts";
import { RESULT_FORMATS } from "./formats.ts";
import { asText, markdownSummary } from "./markdown.ts";
import type { ResultRun } from "./result-run.ts";
import { sarif } from "./sarif.ts";

type Outcome = "pass" | "fail" | "error" | "interrupted" | "incomplete";

interface Asked {
  readonly outcome?: Outcome;
  readonly events?: readonly unknown[];
  readonly started?: Readonly<Record<string, unknown>>;
}

const failing = (index: number, because = "the old image is gone", more: Readonly<Record<string, unknown>> = {}) =>
  cutVerdict(index, index * 1_000_000, { pass: false, ending: "no boot", because, found: "nothing", ...more });

function finished(outcome: Outcome): unknown {
  const result = { outcome, cutsPlanned: 2, cutsJudged: 2, passed: 1, failed: 1, endings: {} };
  return { atUs: 9_000_000, event: "run-finished", result };
}

function runOf({
  outcome = "fail",
  events = [failing(1), cutVerdict(2, 2_000_000)],
  started = {},
}: Asked = {}): ResultRun {
  const path = recordFolder([{ ...STARTED, ...started }, ...events, finished(outcome)], {
    "host.json": JSON.stringify({ began: "2026-11-30T01:00:00.000Z", labels: { commit: "abc" } }),
  });
  return { told: toldRun(path, path), path };
}

const BENCH = runOf({
  outcome: "error",
  events: [{ atUs: 5, event: "failure", kind: "bench", text: "the relay is gone" }],
});

interface Sarif {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly { readonly executionSuccessful: boolean }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly message: { readonly text: string };
      readonly partialFingerprints: unknown;
      readonly locations: unknown;
    }[];
  }[];
}
const sarifOf = (...runs: readonly ResultRun[]) => (JSON.parse(sarif(runs, "1.0.0")) as Sarif).runs;

describe("SARIF", () => {
  test("has a result for each verdict that failed, and none for those that passed", () => {
    const [run] = sarifOf(runOf({ events: [failing(1), failing(2, "another reason"), cutVerdict(3, 3_000_000)] }));
    expect(run?.results.map(({ ruleId }) => ruleId)).toEqual(["hil/no-boot", "hil/no-boot"]);
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(["hil/no-boot"]);
  });

  test("knows a verdict again in another night's record, and not on another board", () => {
    const told = (run: ResultRun) =>
      sarifOf(run)[0]?.results.map(({ partialFingerprints, locations }) => [partialFingerprints, locations]);
    expect(told(runOf({ started: { seed: 99 } }))).toEqual(told(runOf()));
    expect(told(runOf({ started: { profile: "lab-07" } }))).not.toEqual(told(runOf()));
  });

  test("takes a bench that failed for a warning of its own rule, and for a program that did not do its work", () => {
    const [run] = sarifOf(BENCH);
    expect(run?.results).toMatchObject([{ ruleId: "hil/bench", level: "warning" }]);
    expect(run?.invocations).toEqual([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [{ level: "error", message: { text: "bench: the relay is gone" } }],
      },
    ]);
  });

  test("has a result for firmware that ended the run before a verdict", () => {
    const [run] = sarifOf(runOf({ events: [{ atUs: 5, event: "failure", kind: "protocol", text: "refused" }] }));
    expect(run?.results.map(({ ruleId, message }) => [ruleId, message.text])).toEqual([
      ["hil/campaign", "protocol: refused"],
    ]);
    expect(run?.invocations[0]?.executionSuccessful).toBe(true);
  });

  test("holds no link that a board has written", () => {
    const [run] = sarifOf(runOf({ events: [failing(1, "see [this](https://example.com)")] }));
    expect(run?.results[0]?.message.text).toContain("[this] (https");
  });
});

describe("GitLab's code quality report", () => {
  const issuesOf = (...runs: readonly ResultRun[]) =>
    JSON.parse(codeQuality(runs)) as { readonly fingerprint: string; readonly location: { readonly path: string } }[];

  test("has one fingerprint a verdict, the same every night", () => {
    const events = [failing(1), failing(2), failing(3, "another", { swapPhase: "finish" })];
    const prints = issuesOf(runOf({ events })).map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(3);
    expect(issuesOf(runOf({ events, started: { seed: 3 } })).map(({ fingerprint }) => fingerprint)).toEqual(prints);
  });

  test("has paths that are relative", () => {
    expect(issuesOf(runOf({ started: { scenario: "../../etc/passwd x" } }))[0]?.location.path).toBe(
      "scenarios/..-..-etc-passwd-x.yaml",
    );
  });
});

describe("the summary in Markdown", () => {
  test("says the verdict, each cause once with how often, and how to see it again", () => {
    const text = markdownSummary([runOf({ events: [failing(1), failing(2), failing(3, "another reason")] })]);
    expect(text).toMatch(/^## ❌ encrypted-upgrade on twin$/m);
    expect(text).toMatch(/^\| 2 \| no boot \| the old image is gone \|.*--cut 1 --trace<\/code> \|$/m);
    expect(text).toMatch(/^\| 1 \| no boot \| another reason \|/m);
    expect(text).toContain("commit: abc");
  });

  test("shows what a board says as text: no character of it can begin markup", () => {
    const hostile = "| x |\n# big <script>alert(1)</script> [a](javascript:b) `code` @everyone ![i](http://x/y.png)";
    const text = markdownSummary([runOf({ events: [failing(1, hostile)] })]);
    expect(text).not.toMatch(/<script|javascript:|@everyone|\]\(|^# big/m);
    const row = text.split("\n").find((line) => line.includes("alert"));
    expect(row?.split(" | ")).toHaveLength(5);
  });

  test("and a reader of numbers sees exactly the board's text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const read = asText(text).replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
        expect(read).toBe(text.replaceAll(/[\r\n\t]+/g, " "));
        expect(asText(text).replaceAll(/&#\d+;/g, "")).not.toMatch(/[<>&`*_[\]|#!\\@:]/);
      }),
    );
  });

  test.each([0, 200, 900, 2_000, 5_000])(
    "never is longer than the room that is left, %s bytes, and says that it was cut",
    (room) => {
      const runs = Array.from({ length: 20 }, () => runOf());
      const text = markdownSummary(runs, room);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(room);
      if (text !== "") expect(text).toContain("The rest does not fit here");
    },
  );
});

describe("annotations", () => {
  test("are one line a cause, and nothing a board says ends a line, a property or the command", () => {
    const lines = annotationLines([
      runOf({ started: { profile: "lab, 7: x" }, events: [failing(1, "50 %\n::warning::owned")] }),
    ]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^::error title=encrypted-upgrade on lab%2C 7%3A x%3A no boot::1 × no boot: 50 %25[^\n\r]*$/,
    );
    expect(lines[0]).not.toContain("\n");
  });

  test("are ten of a kind, as GitHub shows no more, and the tenth says how many are missing", () => {
    const events = Array.from({ length: 14 }, (_, at) => failing(at + 1, `reason ${at}`));
    const lines = annotationLines([runOf({ events })]);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toMatch(/^::error title=and 5 more::/);
    expect(annotationLines([runOf({ events: events.slice(0, 10) })]).at(-1)).toContain("reason 9");
  });

  test("are warnings of a bench that failed, and none of a run that passed", () => {
    expect(annotationLines([BENCH])).toEqual([
      "::warning title=encrypted-upgrade on twin%3A no verdict::bench: the relay is gone",
    ]);
    expect(annotationLines([runOf({ outcome: "pass", events: [cutVerdict(1, 1)] })])).toEqual([]);
  });
});

test("a badge says the worst of its runs, and its drawing the same", () => {
  const passed = runOf({ outcome: "pass", events: [cutVerdict(1, 1_000_000), cutVerdict(2, 2_000_000)] });
  expect(JSON.parse(badgeJson([passed]))).toEqual({
    schemaVersion: 1,
    label: "mcuboot-hil",
    message: "pass, 2/2 cuts",
    color: "brightgreen",
  });
  expect(JSON.parse(badgeJson([passed, runOf(), BENCH]))).toMatchObject({
    message: "fail, 3/4 cuts",
    color: "red",
    isError: true,
  });
  expect(JSON.parse(badgeJson([passed, BENCH]))).toMatchObject({ message: "bench failed", color: "orange" });
  expect(badgeSvg([passed])).toContain(">pass, 2/2 cuts</text>");
});

describe("Allure results", () => {
  const casesOf = (run: ResultRun) =>
    allureResults([run], "1.0.0")
      .filter(({ name }) => name.endsWith("-result.json"))
      .map(
        ({ text }) =>
          JSON.parse(text) as { historyId: string; uuid: string; status: string; name: string; start: number },
      );

  test("know a case again in another night's record, and write one record twice into the same files", () => {
    const run = runOf();
    expect(casesOf(runOf({ started: { seed: 5 } })).map(({ historyId }) => historyId)).toEqual(
      casesOf(run).map(({ historyId }) => historyId),
    );
    expect(casesOf(runOf({ started: { profile: "b" } }))[0]?.historyId).not.toBe(casesOf(run)[0]?.historyId);
    expect(allureResults([run], "1.0.0")).toEqual(allureResults([run], "1.0.0"));
    expect(new Set([...casesOf(run), ...casesOf(runOf())].map(({ uuid }) => uuid)).size).toBe(4);
  });

  test("are failed for firmware, broken for the bench; times are those of the host's clock", () => {
    expect(casesOf(runOf()).map(({ status }) => status)).toEqual(["failed", "passed"]);
    expect(casesOf(BENCH).map(({ status, name }) => [status, name])).toEqual([["broken", "bench"]]);
    expect(casesOf(runOf())[0]?.start).toBe(Date.parse("2026-11-30T01:00:00.000Z"));
  });

  test("name each run's images in a file whose names do not end at their first blank", () => {
    const file = allureResults([runOf()], "1.0.0").find(({ name }) => name === "environment.properties");
    expect(file?.text).toContain("\nencrypted-upgrade\\ on\\ twin = ");
  });

  test("attach the boot log of a verdict that failed", () => {
    const line = { atUs: 10, event: "boot-log", name: "line", text: "E: Unable to find bootable image" };
    const files = allureResults([runOf({ events: [line, failing(1)] })], "1.0.0");
    expect(files.find(({ name }) => name.endsWith("-attachment.txt"))?.text).toBe("E: Unable to find bootable image\n");
  });
});

/** Records that say less than was asked of them, and what they are called. */
const UNSETTLED = {
  unfinished: [STARTED, cutVerdict(1, 1_000_000)],
  bench: [STARTED, { atUs: 5, event: "failure", kind: "bench", text: "the relay is gone" }, finished("error")],
  interrupted: [STARTED, cutVerdict(1, 1_000_000), finished("interrupted")],
  incomplete: [STARTED, cutVerdict(1, 1_000_000), finished("incomplete")],
  unreadable: [
    STARTED,
    cutVerdict(1, 1_000_000),
    '{"atUs":5,"event":"verdict","verdict":{}}',
    "torn {",
    finished("pass"),
  ],
} as const;

const SAYS: Readonly<Record<string, RegExp>> = {
  junit: /errors="1".*[^]*<error type=/,
  html: /"outcome":"(?!pass)|could not be read/,
  github: /⚠️/,
  markdown: /⚠️/,
  gitlab: /"check_name": "hil\/NAME"[^]*"severity": "major"/,
  sarif: /"ruleId": "hil\/NAME"/,
  allure: /"status":"broken"/,
  badge: /"isError":true/,
  "badge-svg": /(?:unfinished|bench failed|interrupted|incomplete|damaged)[^<]*<\/text>/,
};

test.each(RESULT_FORMATS.flatMap((format) => Object.entries(UNSETTLED).map((row) => [format.name, ...row] as const)))(
  "%s never shows a run that is %s as one in which nothing failed",
  (form, name, events) => {
    const path = recordFolder(events);
    const format = RESULT_FORMATS.find((row) => row.name === form);
    const context = { hil: "1", pageCode: () => ({ script: "", style: "" }) };
    const files = format?.write([{ told: toldRun("runs/x", path), path }], context) ?? [];
    const texts = files.map(({ text }) => (form === "html" ? JSON.stringify(blockOf(text).data) : text));
    const pattern = new RegExp(SAYS[form]?.source.replace("NAME", name) ?? "nothing");
    expect(texts.join("\n")).toMatch(pattern);
  },
);

test.each(RESULT_FORMATS)("$name has something to write of every kind of run", (format) => {
  const unfinishedPath = recordFolder([STARTED]);
  const unfinished = { told: toldRun("runs/x", unfinishedPath), path: unfinishedPath };
  const pageCode = () => ({ script: "", style: "" });
  for (const run of [runOf(), runOf({ outcome: "pass", events: [] }), BENCH, unfinished]) {
    const files = format.write([run], { hil: "1.0.0", pageCode });
    expect(files.length).toBeGreaterThan(0);
    for (const { text } of files) expect(text).not.toBe("");
  }
});
