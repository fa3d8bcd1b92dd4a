import { type Case, changesOf } from "../history/changes.ts";
import type { RunLine } from "../history/run-line.ts";

import { benchEndOf, type ResultRun, seeAgain, shortened, titleOf } from "./result-run.ts";

/** Cases that one notice names: what it is about shows in a few, and the page has them all. */
const CASES_MAX = 20;
const REASON_CHARS = 300;

/** What somebody who was not there should hear of one run. */
export interface Notice {
  readonly id: string;
  readonly folder: string;
  readonly title: string;
  readonly scenario: string;
  readonly board: string;
  readonly outcome: string;
  readonly sentence: string;
  /** Names and values that the run was given: commit, branch, build. */
  readonly labels: Readonly<Record<string, string>>;
  /** What failed now and had passed, or was not there, before; the first of them. */
  readonly newlyRed: readonly Case[];
  readonly newlyRedCount: number;
  readonly newlyGreenCount: number;
  readonly stillRedCount: number;
  /** Why there is no verdict; undefined where the run came to its end. */
  readonly bench: string | undefined;
  readonly again: string;
  /** Something is red that was not: a case, or the bench. What stays as it was is no news. */
  readonly isNews: boolean;
}

/**
 * What is new with a run against those before it in the same folder.
 * @param lines the history of that folder, oldest first; the run itself is in it, or nothing is known of earlier ones.
 */
export function noticeOf({ told }: ResultRun, lines: readonly RunLine[]): Notice {
  const board = told.profile ?? told.board;
  const runs = lines.filter((line) => line.scenario === told.scenario && line.board === board);
  const at = runs.findIndex(({ id }) => id === told.id);
  const upToIt = at === -1 ? [] : runs.slice(0, at + 1);
  const bench = benchEndOf(told);
  const judged = bench === undefined ? changesOf({ scenario: told.scenario, board, runs: upToIt }) : undefined;
  const wasBroken = upToIt.at(-2)?.outcome === "error";
  const labels = told.facts.flatMap(([name, value]) =>
    name.startsWith("label ") ? [[name.slice("label ".length), value] as const] : [],
  );
  const red = judged?.newlyRed ?? [];
  const failed = told.judged.find(({ pass, cut }) => !pass && cut !== undefined);
  return {
    id: told.id,
    folder: told.folder,
    title: titleOf(told),
    scenario: told.scenario,
    board,
    outcome: told.outcome,
    sentence: told.sentence,
    labels: Object.fromEntries(labels),
    newlyRed: red
      .slice(0, CASES_MAX)
      .map(({ name, ending, because }) => ({ name, ending, because: shortened(because, REASON_CHARS) })),
    newlyRedCount: red.length,
    newlyGreenCount: judged?.newlyGreen.length ?? 0,
    stillRedCount: judged?.stillRed.length ?? 0,
    bench,
    again: seeAgain(told, failed),
    isNews: red.length > 0 || (told.outcome === "error" && !wasBroken),
  };
}

/**
 * The body of a webhook: JSON with the notices.
 * @param timestamp ISO 8601.
 * Source: Standard Webhooks (standardwebhooks.com), payload structure: type, timestamp, data.
 */
export function noticeBody(notices: readonly Notice[], timestamp: string, hil: string): string {
  const type = notices.some(({ isNews }) => isNews) ? "hil.newly-red" : "hil.finished";
  return JSON.stringify({ type, timestamp, data: { schema: 1, hil, runs: notices } });
}

/** Subject and text of a mail, plain: nothing a board says is markup. */
export function mailText(notices: readonly Notice[]): { readonly subject: string; readonly text: string } {
  const news = notices.filter(({ isNews }) => isNews);
  const [first] = news.length > 0 ? news : notices;
  const others = Math.max(0, (news.length > 0 ? news : notices).length - 1);
  const what = news.length > 0 ? "newly red" : "finished";
  const subject = `hil, ${what}: ${first?.title ?? "no run"}${others === 0 ? "" : ` and ${others} more`}`;
  return { subject: shortened(subject, 150), text: notices.map(noticeText).join("\n") };
}

function noticeText(notice: Notice): string {
  const more = notice.newlyRedCount - notice.newlyRed.length;
  return [
    notice.title,
    `  ${notice.sentence}`,
    ...(notice.bench === undefined ? [] : [`  no verdict: ${notice.bench}`]),
    ...notice.newlyRed.map(({ name, ending, because }) => `  newly red: ${name}: ${ending}, because ${because}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...Object.entries(notice.labels).map(([name, value]) => `  ${name}: ${value}`),
    `  again:  ${notice.again}`,
    `  record: ${notice.folder}`,
    "",
  ].join("\n");
}
