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
  /** Jobs of one batch are for different boards; undefined: it is in none. */
  readonly batch: string | undefined;
}

/** A board that waits for a job. */
export interface FreeBoard {
  readonly name: string;
  readonly tags: readonly string[];
  /** Boards of one lane never run at once: they share a relay card. */
  readonly lane: string | undefined;
  /** When a job last began on it, in milliseconds; undefined: never. */
  readonly lastRunMs: number | undefined;
  /** Erase cycles that the most worn page of its flash has spent. */
  readonly wear: number;
}

/** Boards with this tag, of which so many more may run now. */
interface PoolRoom {
  readonly tag: string;
  readonly left: number;
}

/** Boards whose wear differs by less than this are worn alike: who idles longest goes first. nRF5340: 10,000 cycles. */
const WEAR_STEP = 500;

interface Chosen {
  readonly job: string;
  readonly board: string;
}

/**
 * Which jobs begin now, and where. Of the jobs that a free board fits: the highest priority first; then whoever has the
 * fewest jobs running, so that a hundred jobs of one person do not keep the one of another waiting; then the oldest. Of
 * the boards that fit a job: the least worn (in steps of 500 erase cycles), then the one that has idled longest.
 * No board of a pool that is full, and none that another job of the same batch has or had.
 * @param running jobs that run now, by submitter.
 * @param limits pools, and the boards that jobs of a batch have or had.
 */
export function choose(
  jobs: readonly WaitingJob[],
  boards: readonly FreeBoard[],
  running: ReadonlyMap<string, number>,
  limits: { readonly pools?: readonly PoolRoom[]; readonly batches?: ReadonlyMap<string, readonly string[]> } = {},
): readonly Chosen[] {
  const room = new Map(limits.pools?.map(({ tag, left }) => [tag, left]));
  const isFull = (tags: ReadonlySet<string>) => [...room].some(([tag, left]) => left <= 0 && tags.has(tag));
  const taken = new Map([...(limits.batches ?? [])].map(([batch, boards]) => [batch, new Set(boards)]));
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
    .filter(({ set }) => !isFull(set))
    .toSorted((a, b) => wornOf(a) - wornOf(b) || (a.lastRunMs ?? 0) - (b.lastRunMs ?? 0) || (a.name < b.name ? -1 : 1));
  const chosen: Chosen[] = [];
  for (;;) {
    let best: { readonly job: WaitingJob; readonly board: (typeof free)[number] } | undefined;
    for (const job of left) {
      if (best !== undefined && before(best.job, job) <= 0) continue;
      const fits = testOf(job.on);
      const board = free.find(
        ({ name, set }) =>
          (job.onlyBoard ?? name) === name &&
          !job.notOn.includes(name) &&
          !taken.get(job.batch ?? "")?.has(name) &&
          fits(set),
      );
      if (board !== undefined) best = { job, board };
    }
    if (best === undefined) return chosen;
    const { job, board } = best;
    chosen.push({ job: job.id, board: board.name });
    counts.set(job.who, countOf(job) + 1);
    left = left.filter(({ id }) => id !== job.id);
    if (job.batch !== undefined) taken.set(job.batch, (taken.get(job.batch) ?? new Set()).add(board.name));
    for (const [tag, more] of room) if (board.set.has(tag)) room.set(tag, more - 1);
    free = free.filter(
      ({ name, lane, set }) => name !== board.name && (lane === undefined || lane !== board.lane) && !isFull(set),
    );
  }
}

const wornOf = ({ wear }: FreeBoard) => Math.floor(wear / WEAR_STEP);
