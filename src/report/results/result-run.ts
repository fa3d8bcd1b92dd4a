import { createHash } from "node:crypto";
import type { RunTold } from "../page/recorded-run.ts";
import type { JudgedRow } from "../page/run-page.ts";

/** A recorded run that results are made of: what its events say, and its folder. */
export interface ResultRun {
  readonly told: RunTold;
  /** The record's folder. */
  readonly path: string;
}

/** A file of a result, below its target; an empty name is the target itself. */
export interface ResultFile {
  readonly name: string;
  readonly text: string;
}

/** One reason for which verdicts of a run failed. */
interface FailedCause {
  readonly ending: string;
  readonly because: string;
  readonly rows: readonly JudgedRow[];
}

/** "encrypted-upgrade on lab-07": the same every night, as the suite of the JUnit file. */
export function titleOf({ scenario, profile, board }: RunTold): string {
  return `${scenario} on ${profile ?? board}`;
}

/** Failed verdicts by their reason, the most frequent first. */
export function causesIn({ judged, texts }: RunTold): readonly FailedCause[] {
  const causes = new Map<string, { ending: string; because: string; rows: JudgedRow[] }>();
  for (const row of judged) {
    if (row.pass) continue;
    const key = `${row.ending} ${row.because}`;
    const cause = causes.get(key) ?? { ending: texts[row.ending] ?? "", because: texts[row.because] ?? "", rows: [] };
    cause.rows.push(row);
    causes.set(key, cause);
  }
  return [...causes.values()].toSorted((a, b) => b.rows.length - a.rows.length);
}

/**
 * What ended a run that judged no firmware with it: a bench that failed, a run that was interrupted or killed.
 * Undefined of one that came to its end, whatever its verdicts. A firmware that ended a run is no bench: that one has
 * failed.
 */
export function benchEndOf({ outcome, sentence, notes }: RunTold): string | undefined {
  if (outcome === "pass" || outcome === "fail" || outcome === "incomplete") return undefined;
  return notes.findLast(({ kind }) => kind === "failure")?.text ?? sentence;
}

/**
 * A run that failed without a verdict that failed: the board refused what it must do, or broke a rule of the flash.
 * Undefined of any other.
 */
export function failedWithoutVerdict({ outcome, sentence, notes, judged }: RunTold): string | undefined {
  if (outcome !== "fail" || judged.some(({ pass }) => !pass)) return undefined;
  return notes.findLast(({ kind }) => kind === "failure" || kind === "warning")?.text ?? sentence;
}

/** The command that shows a verdict again; without one, the run. */
export function seeAgain({ folder }: RunTold, row?: JudgedRow): string {
  const which = row?.cut === undefined ? "" : ` --cut ${row.cut.index}`;
  return `npx hil replay ${folder}${which} --trace`;
}

/** A digest of some texts in hex, the same wherever it is made. */
export function digestOf(...texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
}

/** A text of at most so many characters; a longer one ends in "…". */
export function shortened(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}

/** Facts of the record by name: "label commit", "began". */
export function factOf({ facts }: RunTold, name: string): string | undefined {
  return facts.find(([key]) => key === name)?.[1];
}
