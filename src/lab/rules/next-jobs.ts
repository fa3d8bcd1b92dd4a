import type { WaitingJob } from "./choose.ts";

/** What a board has: its name and tags. */
interface Named {
  readonly name: string;
}

/**
 * The job that would begin next on each board, if all of them came free one after the other: jobs in the order in
 * which they are chosen, each told of one board.
 * @param fitsOf whether a job fits a board, whatever the board does at the moment.
 */
export function nextJobs<J extends Pick<WaitingJob, "who" | "priority" | "number" | "notOn">, B extends Named>(
  jobs: readonly J[],
  boards: readonly B[],
  running: ReadonlyMap<string, number>,
  fitsOf: (job: J) => (board: B) => boolean,
): ReadonlyMap<string, J> {
  const countOf = ({ who }: J) => running.get(who) ?? 0;
  const inOrder = jobs.toSorted((a, b) => b.priority - a.priority || countOf(a) - countOf(b) || a.number - b.number);
  const next = new Map<string, J>();
  let open = boards;
  for (const job of inOrder) {
    if (open.length === 0) break;
    const fits = fitsOf(job);
    const board = open.find((candidate) => !job.notOn.includes(candidate.name) && fits(candidate));
    if (board === undefined) continue;
    next.set(board.name, job);
    open = open.filter(({ name }) => name !== board.name);
  }
  return next;
}
