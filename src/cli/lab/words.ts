import { columns } from "../../core/index.ts";
import {
  BOARD_HEADS,
  boardWords,
  JOB_HEADS,
  type Job,
  jobTitle,
  jobWords,
  type LabBoard,
  SCHEDULE_HEADS,
  type Schedule,
  scheduleWords,
} from "../../lab/index.ts";

const table = (heads: readonly string[], rows: readonly (readonly string[])[]) =>
  `${columns([heads, ...rows]).join("\n")}\n`;

/** The queue as a table, the oldest job first. */
export function jobsText(jobs: readonly Job[]): string {
  if (jobs.length === 0) return "no jobs\n";
  return table(JOB_HEADS, jobs.toSorted((a, b) => a.number - b.number).map(jobWords));
}

/** Boards as a table: state, who, what, since, next. */
export function boardsText(boards: readonly LabBoard[]): string {
  if (boards.length === 0) return "no boards: `hil agent` brings those of its host\n";
  return table(BOARD_HEADS, boards.map(boardWords));
}

/** Schedules as a table. */
export function schedulesText(schedules: readonly Schedule[]): string {
  if (schedules.length === 0) return "no schedules\n";
  return table(SCHEDULE_HEADS, schedules.map(scheduleWords));
}

/** A job in one line, as it is now. */
export function jobText(job: Job): string {
  const { number, state, board, text, record } = job;
  const on = board === null ? "" : ` on ${board}`;
  const lies = record === null ? "" : `; record ${record}`;
  return `job ${number}  ${jobTitle(job)}${on}: ${state}${text === "" ? "" : `, ${text}`}${lies}\n`;
}
