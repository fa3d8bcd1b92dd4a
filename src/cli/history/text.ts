import { columns } from "../../core/index.ts";
import {
  type Case,
  type Comparison,
  count,
  type NightChanges,
  type Question,
  quantile,
  type RunLine,
  type SharedCause,
  seconds,
} from "../../report/index.ts";

/** Marks of outcomes, for strips of nights. */
const MARKS = { pass: "✓", fail: "✗", error: "!", incomplete: "~", interrupted: "-" } as const;
/** Cases of one kind that are listed. */
const LISTED = 12;

const redOf = ({ cases }: RunLine): number => cases.filter(([, , because]) => because !== "").length;

/** One line a run, newest last. */
export function listText(lines: readonly RunLine[]): string {
  if (lines.length === 0) return "no run has ended here that fits\n";
  const rows = lines.map((line) => [
    MARKS[line.outcome],
    line.id,
    `${line.scenario} on ${line.board}`,
    `${line.cases.length - redOf(line)} of ${line.cases.length}`,
    versions(line),
    labelsText(line),
  ]);
  return table(rows);
}

export function showText(line: RunLine): string {
  const red = line.cases.flatMap(([name, ending, because]) => (because === "" ? [] : [{ name, ending, because }]));
  const rows = [
    ["run", line.id],
    ["question", `${line.scenario} on ${line.board}`],
    ["outcome", `${line.outcome}: ${line.cases.length - red.length} of ${line.cases.length} verdicts passed`],
    ["images", versions(line)],
    ["labels", labelsText(line)],
    ["began", line.began],
    ["swap", time(line.swapUs)],
    ["upload", rateText(line)],
    ["latency", time(line.latencyUs)],
    ["wear", line.wear === null ? "" : `${line.wear} erase cycles of the most worn page`],
  ];
  return `${table(rows.filter(([, value]) => value !== ""))}${casesText("failed", red)}`;
}

export function comparisonText(before: RunLine, after: RunLine, comparison: Comparison): string {
  const times = [
    ["swap", time(before.swapUs), time(after.swapUs)],
    ["upload", rateText(before), rateText(after)],
    ["latency", time(before.latencyUs), time(after.latencyUs)],
    ["images", versions(before), versions(after)],
  ];
  return [
    table([["", before.id, after.id], ...times]),
    casesText("red only in the second", comparison.red),
    namesText("green only in the second", comparison.green),
    namesText("only in the first", comparison.onlyBefore),
    namesText("only in the second", comparison.onlyAfter),
    comparison.red.length + comparison.green.length === 0 ? "no case of both ends otherwise\n" : "",
  ].join("");
}

/** A strip of nights and the drift of times, a question each. */
export function trendText(questions: readonly Question[]): string {
  return questions
    .map(({ scenario, board, runs }) => {
      const strip = runs.map(({ outcome }) => MARKS[outcome]).join("");
      const rates = runs.flatMap(({ uploadBytesPerS }) => uploadBytesPerS ?? []);
      const rows = [
        [
          "swap",
          drift(
            runs.flatMap(({ swapUs }) => swapUs ?? []),
            seconds,
          ),
        ],
        ["upload", drift(rates, (value) => `${(value / 1024).toFixed(1)} KiB/s`)],
        [
          "latency",
          drift(
            runs.flatMap(({ latencyUs }) => latencyUs ?? []),
            seconds,
          ),
        ],
        [
          "wear",
          drift(
            runs.flatMap(({ wear }) => wear ?? []),
            String,
          ),
        ],
      ].filter(([, value]) => value !== "");
      return `${scenario} on ${board}  ${strip}\n${table(rows, "  ")}`;
    })
    .join("");
}

/** Over all boards: one line a cause. */
export function morningText(causes: readonly SharedCause[]): string {
  return causes
    .slice(0, LISTED)
    .map(({ because, boards, since, firstWith }) => {
      const with_ = firstWith === "" ? "" : `, first with ${firstWith}`;
      const who = boards.length === 1 ? boards[0] : `${boards.length} boards (${boards.slice(0, 5).join(", ")})`;
      return `${who} since ${since}${with_}: ${because}\n`;
    })
    .join("");
}

type OfQuestion = { readonly scenario: string; readonly board: string } & NightChanges;

export function changesText(all: readonly OfQuestion[]): string {
  const parts = all.map((one) => {
    const inner = [
      casesText("newly red", one.newlyRed),
      namesText("newly green", one.newlyGreen),
      namesText("newly flaky", one.newlyFlaky),
      casesText("still red", one.stillRed),
    ].join("");
    return inner === "" ? "" : `${one.scenario} on ${one.board}\n${inner}`;
  });
  const text = parts.join("");
  return text === "" ? `nothing new in ${count(all.length, "question")}\n` : text;
}

function casesText(title: string, cases: readonly Case[]): string {
  const more = cases.length > LISTED ? `    and ${cases.length - LISTED} more\n` : "";
  const shown = cases.slice(0, LISTED).map(({ name, ending, because }) => `    ${name}: ${ending}; ${because}\n`);
  return cases.length === 0 ? "" : `  ${title}: ${cases.length}\n${shown.join("")}${more}`;
}

function namesText(title: string, names: readonly string[]): string {
  const more = names.length > LISTED ? `    and ${names.length - LISTED} more\n` : "";
  const shown = names.slice(0, LISTED).map((name) => `    ${name}\n`);
  return names.length === 0 ? "" : `  ${title}: ${names.length}\n${shown.join("")}${more}`;
}

function versions({ images }: RunLine): string {
  return images.map(({ version }) => version).join(" -> ");
}

function labelsText({ labels }: RunLine): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

const time = (us: number | null): string => (us === null ? "" : seconds(us));

function rateText({ uploadBytesPerS, uploadShare }: RunLine): string {
  if (uploadBytesPerS === null) return "";
  const share = uploadShare === null ? "" : `, ${Math.round(uploadShare * 100)} % of what line and flash allow`;
  return `${(uploadBytesPerS / 1024).toFixed(1)} KiB/s${share}`;
}

/** Half of the values lie below the first figure, 95 of 100 below the second; then the last. */
function drift(values: readonly number[], text: (value: number) => string): string {
  if (values.length === 0) return "";
  const at = (share: number) => quantile(values, share) ?? 0;
  return `median ${text(at(0.5))}, 95 % ${text(at(0.95))}, last ${text(values.at(-1) ?? 0)}`;
}

function table(rows: readonly (readonly string[])[], indent = ""): string {
  return columns(rows)
    .map((line) => `${indent}${line}\n`)
    .join("");
}
