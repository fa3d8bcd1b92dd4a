import { columns } from "../../core/index.ts";
import type { Job, LabBoard, Schedule } from "../../lab/index.ts";

const shortTime = (iso: string | null) => (iso === null ? "" : iso.slice(0, 16).replace("T", " "));

/** The queue as a table, the oldest job first. */
export function jobsText(jobs: readonly Job[]): string {
  if (jobs.length === 0) return "no jobs\n";
  const rows = jobs
    .toSorted((a, b) => a.number - b.number)
    .map((job) => [
      ...[String(job.number), job.state, job.name, job.board ?? "", job.who],
      ...[job.priority === 0 ? "" : `priority ${job.priority}`, job.text],
    ]);
  return `${columns([["job", "state", "scenario", "board", "by", "", ""], ...rows]).join("\n")}\n`;
}

/** Boards as a table: state, who, what, since. */
export function boardsText(boards: readonly LabBoard[]): string {
  if (boards.length === 0) return "no boards: `hil agent` brings those of its host\n";
  const rows = boards.map((board) => [
    ...[
      board.name,
      board.state,
      board.job === null ? "" : `job ${board.job.number} ${board.job.name} (${board.job.who})`,
    ],
    ...[board.why, shortTime(board.lastRun), board.tags.join(" ")],
  ]);
  return `${columns([["board", "state", "job", "why", "last run", "tags"], ...rows]).join("\n")}\n`;
}

/** Schedules as a table. */
export function schedulesText(schedules: readonly Schedule[]): string {
  if (schedules.length === 0) return "no schedules\n";
  const rows = schedules.map(({ name, cron, timeZone, scenario, allBoards, who, last }) => [
    ...[name, `${cron} ${timeZone}`, scenario, allBoards ? "each board" : "one board", who, shortTime(last)],
  ]);
  return `${columns([["schedule", "when", "scenario", "on", "by", "last"], ...rows]).join("\n")}\n`;
}

/** A job in one line, as it is now. */
export function jobText({ number, state, name, board, text, record }: Job): string {
  const on = board === null ? "" : ` on ${board}`;
  const lies = record === null ? "" : `; record ${record}`;
  return `job ${number}  ${name}${on}: ${state}${text === "" ? "" : `, ${text}`}${lies}\n`;
}
