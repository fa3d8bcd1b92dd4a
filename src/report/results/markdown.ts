import { unreadIn } from "../page/lines-taken.ts";
import type { RunTold } from "../page/recorded-run.ts";
import {
  benchEndOf,
  causesIn,
  factOf,
  failedWithoutVerdict,
  type ResultRun,
  seeAgain,
  shortened,
  titleOf,
} from "./result-run.ts";

/** Causes of one run, and runs, that a summary shows; the record and the page have them all. */
const CAUSES_MAX = 20;
const RUNS_MAX = 200;
const CELL_CHARS = 300;

/**
 * The runs as a page of GitHub's Markdown: a verdict each, failures by cause with the command to see them again, and
 * what the runs do not show. Whatever a board or a record says stands there as text: no markup of it is obeyed.
 * @param bytesMax what the reader takes: from the first line on that does not fit, a sentence says so instead.
 * Source: GitHub docs, "Workflow commands", adding a job summary: GitHub Flavored Markdown, 1 MiB a step.
 */
export function markdownSummary(runs: readonly ResultRun[], bytesMax = Number.POSITIVE_INFINITY): string {
  const blocks = runs.slice(0, RUNS_MAX).flatMap(({ told }) => blocksOf(told));
  const more = runs.length > RUNS_MAX ? [`${runs.length - RUNS_MAX} more runs are in their records.\n`] : [];
  return fitted([...blocks, ...more], bytesMax);
}

const LEFT_OUT = "\nThe rest does not fit here: `hil report` shows it.\n";

/** Whole blocks, as far as they fit: half a table is no table. */
function fitted(blocks: readonly string[], bytesMax: number): string {
  let text = "";
  for (const block of blocks) {
    const next = `${text}${block}\n`;
    if (Buffer.byteLength(next) + Buffer.byteLength(LEFT_OUT) > bytesMax) {
      return Buffer.byteLength(text) + Buffer.byteLength(LEFT_OUT) > bytesMax ? "" : `${text}${LEFT_OUT}`;
    }
    text = next;
  }
  return text;
}

const MARKS: Readonly<Record<RunTold["outcome"], string>> = {
  pass: "✅",
  fail: "❌",
  error: "⚠️",
  interrupted: "⚠️",
  incomplete: "⚠️",
  unfinished: "⚠️",
};

function blocksOf(told: RunTold): readonly string[] {
  const causes = causesIn(told);
  const unread = unreadIn(told);
  const bench = benchEndOf(told) ?? failedWithoutVerdict(told);
  const notShown = told.notShown.map((text) => `- ${asText(text)}`).join("\n");
  const facts = [
    ["record", told.folder],
    ["seed", String(told.seed ?? "unknown")],
    ["images", told.images.map(({ role, version }) => `${role} ${version}`).join(", ")],
    ["commit", factOf(told, "label commit") ?? ""],
  ].filter(([, value]) => value !== "");
  return [
    `## ${MARKS[told.outcome]} ${asText(titleOf(told))}\n`,
    `${asText(told.sentence)}\n`,
    ...(bench === undefined ? [] : [`> ${asText(shortened(bench, CELL_CHARS))}\n`]),
    ...(unread === undefined ? [] : [`> ⚠️ ${asText(unread)}\n`]),
    ...(causes.length === 0 ? [] : [causeTable(told, causes)]),
    `${facts.map(([name, value]) => `${name}: ${asText(value ?? "")}`).join(" · ")}\n`,
    `<details><summary>What this run does not show</summary>\n\n${notShown}\n\n</details>\n`,
  ];
}

function causeTable(told: RunTold, causes: ReturnType<typeof causesIn>): string {
  const rows = causes.slice(0, CAUSES_MAX).map(({ ending, because, rows: failed }) => {
    const [first] = failed;
    const cells = [
      String(failed.length),
      asText(ending),
      asText(shortened(because, CELL_CHARS)),
      asText(shortened(first?.name ?? "", CELL_CHARS)),
      `<code>${asText(seeAgain(told, first))}</code>`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const more = causes.length > CAUSES_MAX ? [`\n${causes.length - CAUSES_MAX} more causes are in the record.`] : [];
  const head = ["| failed | ending | because | first of them | again |", "| --- | --- | --- | --- | --- |"];
  return `${[...head, ...rows, ...more].join("\n")}\n`;
}

/**
 * A text that Markdown shows as it is: every character that could begin markup, a link or a mention is written by its
 * number, which a reader of Markdown takes for the character and for nothing else. Line ends become blanks.
 * Source: CommonMark 0.31, 2.5: entity references cannot be used for markup.
 */
export function asText(text: string): string {
  return text
    .replaceAll(/[\r\n\t]+/g, " ")
    .replaceAll(/[!-,./:-@[-`{-~]/g, (char) => (/[.,/]/.test(char) ? char : `&#${char.charCodeAt(0)};`));
}
