import { createHash } from "node:crypto";
import { unreadIn } from "../page/lines-taken.ts";
import type { RunTold } from "../page/recorded-run.ts";
import type { JudgedRow, TextNumber } from "../page/run-page.ts";

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

/** A text of a row, by its number; empty where there is none. */
export function textIn({ texts }: RunTold, number: TextNumber | undefined): string {
  return number === undefined ? "" : (texts[number] ?? "");
}

/** Failed verdicts by their reason, the most frequent first. */
export function causesIn(told: RunTold): readonly FailedCause[] {
  const causes = new Map<string, { ending: string; because: string; rows: JudgedRow[] }>();
  for (const row of told.judged) {
    if (row.pass) continue;
    const key = `${row.ending} ${row.because}`;
    const cause = causes.get(key) ?? { ending: textIn(told, row.ending), because: textIn(told, row.because), rows: [] };
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

/** Why a run's results are not all that it was to find out. */
interface Unsettled {
  /** What readers group by, beside the endings of firmware: "hil/unfinished". */
  readonly rule: "bench" | "interrupted" | "unfinished" | "incomplete" | "unreadable";
  /** Its case, as JUnit has it. */
  readonly name: string;
  readonly text: string;
}

/**
 * Each reason for which a run says less than was asked of it: a finding of its own in every form, as an empty list of
 * failures is read as "nothing failed". None of a run that came to its end, and whose record is whole.
 */
export function unsettledOf(told: RunTold): readonly Unsettled[] {
  const { outcome, sentence } = told;
  const unread = unreadIn(told);
  const lost = unread === undefined ? [] : [{ rule: "unreadable", name: "record", text: unread } as const];
  if (outcome === "pass" || outcome === "fail") return lost;
  if (outcome === "incomplete") return [{ rule: outcome, name: "all cuts are made", text: sentence }, ...lost];
  const rule = outcome === "error" ? "bench" : outcome;
  return [{ rule, name: "bench", text: benchEndOf(told) ?? sentence }, ...lost];
}

/**
 * A run that failed without a verdict that failed: the board refused what it must do, or broke a rule of the flash.
 * Undefined of any other.
 */
export function failedWithoutVerdict({ outcome, sentence, notes, judged }: RunTold): string | undefined {
  if (outcome !== "fail" || judged.some(({ pass }) => !pass)) return undefined;
  return notes.findLast(({ kind }) => kind === "failure" || kind === "warning")?.text ?? sentence;
}

/** The rule, and the case, of a run that failed without a verdict that failed. */
export const CAMPAIGN = "campaign";

/** What ended a run otherwise than by a verdict: `isFirmware` of a failure, else nothing is known of the firmware by it. */
export interface RunEnd {
  readonly rule: Unsettled["rule"] | typeof CAMPAIGN;
  readonly name: string;
  readonly text: string;
  readonly isFirmware: boolean;
}

/** `failedWithoutVerdict` and `unsettledOf`, as findings beside the failed verdicts. */
export function endsOf(told: RunTold): readonly RunEnd[] {
  const text = failedWithoutVerdict(told);
  return [
    ...(text === undefined ? [] : [{ rule: CAMPAIGN, name: CAMPAIGN, text, isFirmware: true } as const]),
    ...unsettledOf(told).map((end) => ({ ...end, isFirmware: false })),
  ];
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
