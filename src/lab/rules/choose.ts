import { type TagTest, tagTest } from "./tags.ts";

/** A job that waits for a board. */
export interface WaitingJob {
  readonly id: string;
  readonly who: string;
  readonly on: string;
  /** This board and no other. */
  readonly onlyBoard: string | undefined;
  /** Higher goes first. */
  readonly priority: number;
  /** In which order jobs came. */
  readonly number: number;
  /** Boards whose bench failed it. */
  readonly notOn: readonly string[];
}

/** A board that waits for a job. */
export interface FreeBoard {
  readonly name: string;
  readonly tags: readonly string[];
  /** Boards of one lane never run at once: they share a relay card. */
  readonly lane: string | undefined;
  /** When a job last began on it, in milliseconds; undefined: never. */
  readonly lastRunMs: number | undefined;
}

interface Chosen {
  readonly job: string;
  readonly board: string;
}

/**
 * Which jobs begin now, and where. Of the jobs that a free board fits: the highest priority first; then whoever has the
 * fewest jobs running, so that a hundred jobs of one person do not keep the one of another waiting; then the oldest. Of
 * the boards that fit a job: the one that has not run for the longest time.
 * @param running jobs that run now, by submitter.
 */
export function choose(
  jobs: readonly WaitingJob[],
  boards: readonly FreeBoard[],
  running: ReadonlyMap<string, number>,
): readonly Chosen[] {
  const tests = new Map<string, TagTest>();
  const testOf = (on: string) => {
    const test = tests.get(on) ?? tagTest(on);
    tests.set(on, test);
    return test;
  };
  const counts = new Map(running);
  const countOf = (job: WaitingJob) => counts.get(job.who) ?? 0;
  const before = (a: WaitingJob, b: WaitingJob) =>
    b.priority - a.priority || countOf(a) - countOf(b) || a.number - b.number;
  let left: readonly WaitingJob[] = jobs;
  let free = boards
    .map((board) => ({ ...board, set: new Set(board.tags) }))
    .toSorted((a, b) => (a.lastRunMs ?? 0) - (b.lastRunMs ?? 0) || (a.name < b.name ? -1 : 1));
  const chosen: Chosen[] = [];
  for (;;) {
    let best: { readonly job: WaitingJob; readonly board: (typeof free)[number] } | undefined;
    for (const job of left) {
      if (best !== undefined && before(best.job, job) <= 0) continue;
      const fits = testOf(job.on);
      const board = free.find(
        ({ name, set }) => (job.onlyBoard ?? name) === name && !job.notOn.includes(name) && fits(set),
      );
      if (board !== undefined) best = { job, board };
    }
    if (best === undefined) return chosen;
    const { job, board } = best;
    chosen.push({ job: job.id, board: board.name });
    counts.set(job.who, countOf(job) + 1);
    left = left.filter(({ id }) => id !== job.id);
    free = free.filter(({ name, lane }) => name !== board.name && (lane === undefined || lane !== board.lane));
  }
}
