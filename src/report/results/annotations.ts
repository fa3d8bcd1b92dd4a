import {
  causesIn,
  failedWithoutVerdict,
  type ResultRun,
  seeAgain,
  shortened,
  titleOf,
  unsettledOf,
} from "./result-run.ts";

/**
 * GitHub shows ten errors and ten warnings of a step, and drops the others without a word.
 * Source: GitHub docs, "Workflow commands"; actions/runner, ExecutionContext: at most 10 issues of a type in a step.
 */
const OF_A_KIND_MAX = 10;
const MESSAGE_CHARS = 2_000;
const TITLE_CHARS = 200;

interface Annotation {
  readonly kind: "error" | "warning";
  readonly title: string;
  readonly text: string;
}

/**
 * Lines for the log of a GitHub step that become annotations: an error a cause of failure, a warning what ended a run
 * without all its verdicts. What is more than GitHub shows is told in the last of them.
 * Source: GitHub docs, "Workflow commands": ::error title=…::message; actions/toolkit, command.ts: what is escaped.
 */
export function annotationLines(runs: readonly ResultRun[]): readonly string[] {
  const all = runs.flatMap(({ told }): readonly Annotation[] => {
    const title = titleOf(told);
    const otherwise = failedWithoutVerdict(told);
    return [
      ...causesIn(told).map(({ ending, because, rows }): Annotation => {
        const [first] = rows;
        const lines = [
          `${rows.length} × ${ending}: ${because}`,
          `first: ${first?.name ?? ""}`,
          `again: ${seeAgain(told, first)}`,
        ];
        return { kind: "error", title: `${title}: ${ending}`, text: lines.join("\n") };
      }),
      ...(otherwise === undefined ? [] : [{ kind: "error", title, text: otherwise } as const]),
      ...unsettledOf(told).map(({ rule, text }): Annotation => {
        const what = rule === "incomplete" || rule === "unreadable" ? rule : "no verdict";
        return { kind: "warning", title: `${title}: ${what}`, text };
      }),
    ];
  });
  return (["error", "warning"] as const).flatMap((kind) => {
    const some = all.filter((entry) => entry.kind === kind);
    if (some.length <= OF_A_KIND_MAX) return some.map(lineOf);
    const shown = some.slice(0, OF_A_KIND_MAX - 1);
    const rest = some.slice(OF_A_KIND_MAX - 1).map(({ title }) => title);
    return [...shown, { kind, title: `and ${rest.length} more`, text: rest.join("\n") }].map(lineOf);
  });
}

function lineOf({ kind, title, text }: Annotation): string {
  return `::${kind} title=${property(shortened(title, TITLE_CHARS))}::${data(shortened(text, MESSAGE_CHARS))}`;
}

/** The message: it ends with its line. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** A property ends with a comma or a colon besides. */
function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
