import type { RunTold } from "../page/recorded-run.ts";
import type { JudgedRow, TextNumber } from "../page/run-page.ts";
import {
  digestOf,
  endsOf,
  factOf,
  type ResultFile,
  type ResultRun,
  type RunEnd,
  seeAgain,
  textIn,
  titleOf,
} from "./result-run.ts";

/** Failed verdicts of a run that get their boot log attached. */
const LOGS_MAX = 100;

/**
 * Runs as the results folder that Allure 2 and 3 read: a file a verdict. A verdict that failed is `failed`; a bench
 * that failed is one `broken` case, so that firmware and infrastructure never mix. What a case is known by over the
 * nights is its full name, which holds scenario, board and the name that JUnit has; cut, moment and versions are told,
 * and are no part of it. Files are named after the record: a run that is written twice is there once.
 * Source: allure-js-commons 3.12, model.ts: TestResult (uuid, historyId, fullName, status, statusDetails, stage, start,
 *   stop, labels, parameters, attachments); times are milliseconds since 1970.
 */
export function allureResults(runs: readonly ResultRun[], hil: string): readonly ResultFile[] {
  const files = runs.flatMap(({ told }) => runFiles(told, hil));
  const seen = runs.map(({ told }) => [
    titleOf(told),
    told.images.map(({ role, version }) => `${role} ${version}`).join(", "),
  ]);
  const environment = [["hil", hil] as const, ...seen.map(([name = "", value = ""]) => [name, value] as const)];
  const line = ([name, value]: readonly [string, string]) => `${escaped(name)} = ${escaped(value)}`;
  return [...files, { name: "environment.properties", text: `${environment.map(line).join("\n")}\n` }];
}

/** A name or value of a properties file: its own marks, blanks (they end a name) and line ends are escaped. */
function escaped(text: string): string {
  return text.replaceAll(/[\\=:#! ]/g, (char) => `\\${char}`).replaceAll(/[\r\n]+/g, " ");
}

function runFiles(told: RunTold, hil: string): readonly ResultFile[] {
  const beganMs = Date.parse(factOf(told, "began") ?? "");
  const zeroMs = Number.isFinite(beganMs) ? beganMs : 0;
  let logs = 0;
  const files = told.judged.flatMap((row, at) => {
    const uuid = uuidOf(told.id, String(at));
    const lines = row.pass ? [] : (row.lane?.uart ?? []);
    const hasLog = lines.length > 0 && logs < LOGS_MAX;
    if (hasLog) logs += 1;
    const source = `${uuid}-attachment.txt`;
    const result = {
      ...caseOf(told, hil, row.name, uuid),
      status: row.pass ? "passed" : "failed",
      ...(!row.pass && { statusDetails: detailsOf(told, row) }),
      start: zeroMs + Math.round(row.fromUs / 1000),
      stop: zeroMs + Math.round(row.toUs / 1000),
      parameters: parametersOf(told, row),
      attachments: hasLog ? [{ name: "boot log", source, type: "text/plain" }] : [],
    };
    const log = lines.map(([, text]) => textIn(told, text)).join("\n");
    return [fileOf(uuid, result), ...(hasLog ? [{ name: source, text: `${log}\n` }] : [])];
  });
  const lastMs = zeroMs + Math.round((told.judged.at(-1)?.toUs ?? 0) / 1000);
  return [...files, ...endsOf(told).map((end) => endFile(told, hil, end, lastMs))];
}

function endFile(told: RunTold, hil: string, { rule, name, text, isFirmware }: RunEnd, atMs: number): ResultFile {
  const uuid = uuidOf(told.id, "end", rule);
  return fileOf(uuid, {
    ...caseOf(told, hil, name, uuid),
    status: isFirmware ? "failed" : "broken",
    statusDetails: { message: text, trace: seeAgain(told) },
    start: atMs,
    stop: atMs,
    parameters: [],
    attachments: [],
  });
}

function fileOf(uuid: string, result: unknown): ResultFile {
  return { name: `${uuid}-result.json`, text: `${JSON.stringify(result)}\n` };
}

function caseOf(told: RunTold, hil: string, name: string, uuid: string) {
  const fullName = `${titleOf(told)}: ${name}`;
  return {
    uuid,
    historyId: digestOf(fullName).slice(0, 32),
    testCaseId: digestOf(fullName).slice(0, 32),
    fullName,
    name,
    stage: "finished",
    titlePath: [told.scenario, told.profile ?? told.board],
    labels: [
      { name: "parentSuite", value: told.scenario },
      { name: "suite", value: told.profile ?? told.board },
      { name: "framework", value: "mcuboot-hil" },
      { name: "host", value: factOf(told, "host") ?? "unknown" },
      { name: "hil", value: hil },
    ],
    links: [],
    steps: [],
  };
}

function detailsOf(told: RunTold, row: JudgedRow) {
  const text = (number: TextNumber) => textIn(told, number);
  const lines = [
    `expected ${text(row.expected)}`,
    `found    ${text(row.found)}`,
    `because  ${text(row.because)}`,
    `again    ${seeAgain(told, row)}`,
  ];
  return { message: `${text(row.ending)}: ${text(row.because)}`, trace: lines.join("\n") };
}

/** Excluded: they are another each night, and a case is not another one for that. */
function parametersOf(told: RunTold, { check, cut, where, from, to }: JudgedRow) {
  const text = (number: TextNumber | undefined) => textIn(told, number);
  const rows: readonly (readonly [string, string])[] = [
    ["check", check],
    ["moment", text(cut?.planned)],
    ["where", text(where)],
    ["versions", `${text(from)} to ${text(to)}`],
  ];
  return rows.filter(([, value]) => value !== "").map(([name, value]) => ({ name, value, excluded: true }));
}

/** Always the same of one verdict of one record, in the shape that names of results have. */
function uuidOf(...texts: readonly string[]): string {
  const hex = digestOf(...texts);
  const [a, b, c, d, e] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16), hex.slice(17, 20), hex.slice(20, 32)];
  return `${a}-${b}-4${c}-8${d}-${e}`;
}
