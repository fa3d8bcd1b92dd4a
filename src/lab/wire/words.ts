import type { Job, LabBoard, Schedule } from "./messages.ts";

/**
 * The words of a lab: the command line and the pages show these and no others. Texts are as they came: whoever shows
 * them makes them harmless.
 */

/** "2026-11-30 14:02", UTC; nothing for a time that is not known. */
const timeWords = (iso: string | null): string => (iso === null ? "" : iso.slice(0, 16).replace("T", " "));

/** Names of the columns of boards, in the order of `boardWords`. */
export const BOARD_HEADS = ["board", "state", "job", "why", "since", "next", "last run", "tags"] as const;

/** A board: its state, who has it, what runs, since when, what comes next. */
export function boardWords(board: LabBoard): readonly string[] {
  const { name, state, job, why, since, next, lastRun, tags } = board;
  return [
    ...[name, state, job === null ? "" : `job ${job.number} ${job.name} (${job.who})`, why],
    ...[timeWords(since), next === null ? "" : `job ${next.number} ${next.name} (${next.who})`],
    ...[timeWords(lastRun), tags.join(" ")],
  ];
}

export const JOB_HEADS = ["job", "state", "scenario", "board", "by", "priority", "submitted", "why"] as const;

/** What a job runs; of several for different boards, which one it is. */
export const jobTitle = ({ name, batch }: Pick<Job, "name" | "batch">): string =>
  batch === null ? name : `${name} (${batch.number} of ${batch.of})`;

/** A job of the queue, or one that has ended. */
export function jobWords(job: Job): readonly string[] {
  const { number, state, board, who, priority, submitted, text } = job;
  return [
    ...[String(number), state, jobTitle(job), board ?? "", who, priority === 0 ? "" : String(priority)],
    ...[timeWords(submitted), text],
  ];
}

export const SCHEDULE_HEADS = ["schedule", "when", "scenario", "on", "by", "last"] as const;

export function scheduleWords({ name, cron, timeZone, scenario, allBoards, who, last }: Schedule): readonly string[] {
  return [name, `${cron} ${timeZone}`, scenario, allBoards ? "each board" : "one board", who, timeWords(last)];
}

/** What whoever holds boards is told before their time is over; one sentence a board. */
export function reservationWords(boards: readonly LabBoard[], me: string): readonly string[] {
  return boards.flatMap(({ name, reserved }) =>
    reserved?.who === me && reserved.endsSoon
      ? [
          `your reservation of ${name} ends at ${timeWords(reserved.until)} UTC. ` +
            `To keep it: hil lab reserve ${name} 1h --why "${reserved.why}"`,
        ]
      : [],
  );
}
