import { ENDS_SOON_MIN } from "../rules/ends.ts";
import { nextJobs } from "../rules/next-jobs.ts";
import type { Job, LabBoard } from "../wire/messages.ts";
import { type BoardRow, fitsBoard, iso, type JobRow, jobOf } from "./rows.ts";

/** An agent that is silent for so long: its boards are gone, and another agent may have them; in milliseconds. */
export const AGENT_GONE_MS = 30_000;
/** Jobs that wait, of which the next of each board is told. */
const NEXT_OF = 500;
const MINUTE_MS = 60_000;

/** Boards as they are told, each with the job that runs and the one that comes next. */
export function boardsOf(rows: readonly BoardRow[], open: readonly JobRow[], now: Date): readonly LabBoard[] {
  const running = new Map<string, number>();
  for (const { who, state } of open) if (state !== "waiting") running.set(who, (running.get(who) ?? 0) + 1);
  const waiting = open.filter(({ state, cancel_asked: isGoing }) => state === "waiting" && !isGoing).slice(0, NEXT_OF);
  const inService = rows.filter((row) =>
    ["free", "busy", "running"].includes(stateOf(row, jobOn(row, open), now).state),
  );
  const next = nextJobs(
    waiting.map((row) => ({ who: row.who, priority: row.priority, number: row.number, notOn: row.not_on, row })),
    inService,
    running,
    ({ row }) => fitsBoard(row),
  );
  return rows.map((row) => ({ ...boardOf(row, open, now), next: namedJob(next.get(row.name)?.row) }));
}

/** A board as it is told by itself: what comes next is not known of one board. */
export function boardOf(row: BoardRow, open: readonly JobRow[], now: Date): LabBoard {
  const job = jobOn(row, open);
  const { reserved_by: who, reserved_why: why, reserved_until: until } = row;
  const reserved =
    who === null || until === null
      ? null
      : {
          ...{ who, why: why ?? "", until: until.toISOString() },
          endsSoon: until.getTime() - now.getTime() <= ENDS_SOON_MIN * MINUTE_MS,
        };
  return {
    ...{ name: row.name, agent: row.agent, tags: row.tags },
    ...stateOf(row, job, now),
    job: job ?? null,
    next: null,
    reserved,
    lastRun: iso(row.last_run),
    seen: row.seen.toISOString(),
  };
}

/** The state of a board in one word, why, and since when. @param job that runs on it. */
export function stateOf(row: BoardRow, job: Job | undefined, now: Date): Pick<LabBoard, "state" | "why" | "since"> {
  const isSilent = row.seen.getTime() < now.getTime() - AGENT_GONE_MS;
  if (row.state === "gone" || isSilent) {
    const why = isSilent ? `its agent ${row.agent} is not heard of` : row.why;
    return { state: "gone", why, since: iso(isSilent ? row.seen : row.state_since) };
  }
  if (row.aside !== null) return { state: "set aside", why: row.aside, since: iso(row.aside_since) };
  if (job !== undefined) return { state: "running", why: "", since: job.started };
  if (row.reserved_by !== null) {
    const why = `${row.reserved_why} (${row.reserved_by}, ${left(row.reserved_until, now)})`;
    return { state: "reserved", why, since: iso(row.reserved_since) };
  }
  return { state: row.state, why: row.why, since: iso(row.state_since) };
}

function jobOn({ name }: BoardRow, open: readonly JobRow[]): Job | undefined {
  const row = open.find(({ board, state }) => board === name && state !== "waiting");
  return row === undefined ? undefined : jobOf(row);
}

const namedJob = (row: JobRow | undefined): LabBoard["next"] =>
  row === undefined ? null : { number: row.number, name: row.name, who: row.who };

function left(until: Date | null, now: Date): string {
  const minutes = Math.max(0, Math.ceil(((until?.getTime() ?? 0) - now.getTime()) / MINUTE_MS));
  return minutes < 90 ? `ends in ${minutes} min` : `ends in ${Math.round(minutes / 60)} h`;
}
