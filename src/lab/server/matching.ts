import { randomUUID } from "node:crypto";
import { messageOf } from "../../core/index.ts";
import { choose, type FreeBoard, type WaitingJob } from "../rules/choose.ts";
import type { AttemptRef, Given } from "../wire/messages.ts";
import type { Received } from "../wire/routes.ts";
import type { LabParts } from "./parts.ts";
import { listPools } from "./pools.ts";
import { givenOf, type JobRow, jobRow } from "./rows.ts";

/** The one queue of attempts: a board is a key of it, and of one key one job is active. */
export const RUNS = "hil.runs";
/** Attempts that are fetched at one time. */
const BATCH = 500;

/** Of a job that waits for a board again, in SQL. */
export const WAITS_AGAIN = "state = 'waiting', board = null, agent = null, engine_id = null";

/** An agent that asks for work, until it is answered. */
interface Poll {
  readonly agent: string;
  readonly instance: string;
  readonly free: readonly string[];
  readonly answer: (given: readonly Given[]) => void;
}

/** What is known of a job that has a board. */
interface Busy {
  readonly who: string;
  readonly board: string;
  readonly tags: readonly string[];
}

/** Brings jobs that wait and boards that are free together. Agents hear of their jobs as answers to their questions. */
export class Matching {
  readonly #parts: LabParts;
  /** The last question of each process of an agent: an earlier one is not listened to any more. */
  readonly #polls = new Map<string, Poll>();
  /** One matching at a time: two would give one job away twice. */
  #running: Promise<void> | undefined;
  #isAsked = false;

  constructor(parts: LabParts) {
    this.#parts = parts;
  }

  /** Work for free boards of an agent: at once where there is some, else when it comes, or none after some seconds. */
  async next(
    agent: string,
    { free, instance, running, wait }: Received<"next">,
    signal: AbortSignal,
  ): Promise<readonly Given[]> {
    const { db, clock } = this.#parts;
    const known = new Set(running.map(keyOf));
    const own = JSON.stringify([agent, instance]);
    this.#polls.get(own)?.answer([]);
    return new Promise((resolve, reject) => {
      const end = (given: readonly Given[]) => {
        cancel();
        if (this.#polls.get(own) === poll) this.#polls.delete(own);
        signal.removeEventListener("abort", none);
        resolve(given);
      };
      const none = () => end([]);
      const poll: Poll = { agent, instance, free, answer: end };
      const cancel = clock.at(clock.nowUs() + wait * 1_000_000, none);
      signal.addEventListener("abort", none, { once: true });
      this.#polls.set(own, poll);
      // An answer that was lost on its way. Looked for once this question is heard: a matching that goes on answers it.
      void db
        .jobs("agent = $1 and state = 'given' and board in (select name from lab.board b where b.instance = $2)", [
          agent,
          instance,
        ])
        .then((told) => {
          const again = told.filter((row) => !known.has(keyOf({ job: row.id, attempt: row.attempt })));
          if (again.length > 0) end(again.map(givenOf));
          else void this.match();
        })
        .catch((error: unknown) => {
          none();
          reject(error);
        });
    });
  }

  /** Matches now, or once more after the matching that is under way. */
  match(): Promise<void> {
    this.#isAsked = true;
    this.#running ??= this.#whileAsked();
    return this.#running;
  }

  async #whileAsked(): Promise<void> {
    try {
      while (this.#isAsked) {
        this.#isAsked = false;
        await this.#matchOnce();
      }
    } catch (error) {
      this.#parts.note(`no jobs could be given: ${messageOf(error)}`);
    } finally {
      this.#running = undefined;
    }
  }

  async #matchOnce(): Promise<void> {
    const offers = new Set([...this.#polls.values()].flatMap(({ free }) => free));
    if (offers.size === 0) return;
    const [jobs, busy, free, most] = await Promise.all([
      ...([this.#waiting(offers.size), this.#busy(), this.#free([...offers]), listPools(this.#parts)] as const),
    ]);
    const isBusy = new Set(busy.map(({ board }) => board));
    const running = new Map<string, number>();
    for (const { who } of busy) running.set(who, (running.get(who) ?? 0) + 1);
    const boards = free.filter(({ name }) => !isBusy.has(name));
    if (jobs.length === 0 || boards.length === 0) return;
    const pools = most.map(({ tag, most: all }) => ({
      tag,
      left: all - busy.filter((row) => row.tags.includes(tag)).length,
    }));
    const batches = await this.#batches(jobs);
    const owners = new Map(boards.map(({ name, agent, poll }) => [name, { agent, poll }]));
    for (const { job, board } of choose(jobs, boards, running, { pools, batches })) {
      const owner = owners.get(board);
      const row = owner && (await this.#give(job, board, owner.agent));
      // Not the question that was there when this began: it may have been asked anew.
      if (row !== undefined) this.#polls.get(owner?.poll ?? "")?.answer([givenOf(row)]);
    }
  }

  /** Boards that jobs of these batches have or had. One whose bench failed its job is another's to try. */
  async #batches(jobs: readonly WaitingJob[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const wanted = [...new Set(jobs.flatMap(({ batch }) => batch ?? []))];
    if (wanted.length === 0) return new Map();
    const rows = await this.#parts.db.query(
      `select batch, array_agg(board) as boards from lab.job
        where batch = any($1) and board is not null and state <> 'bench failed' group by batch`,
      [wanted],
    );
    return new Map(rows.map(({ batch, boards }) => [String(batch), boards as readonly string[]]));
  }

  /** The oldest jobs of each kind: no more of them than boards can begin now. */
  async #waiting(count: number): Promise<readonly WaitingJob[]> {
    const rows = await this.#parts.db.query(
      `select id, who, board_tags, only_board, priority, number, not_on, batch from (
        select *, row_number() over (
          partition by who, priority, board_tags, only_board, not_on, batch order by number) as place
        from lab.job where state = 'waiting' and not cancel_asked) as job where place <= $1`,
      [count],
    );
    return rows.map((row) => ({
      ...{ id: String(row["id"]), who: String(row["who"]), on: String(row["board_tags"]) },
      ...{ onlyBoard: textOr(row["only_board"]), priority: Number(row["priority"]), number: Number(row["number"]) },
      ...{ notOn: row["not_on"] as readonly string[], batch: textOr(row["batch"]) },
    }));
  }

  async #busy(): Promise<readonly Busy[]> {
    const rows = await this.#parts.db.query(
      `select j.who, j.board, b.tags from lab.job j left join lab.board b on b.name = j.board
        where j.state in ('given', 'running')`,
    );
    return rows.map(({ who, board, tags }) => ({
      ...{ who: String(who), board: String(board), tags: (tags ?? []) as readonly string[] },
    }));
  }

  /** Boards that are offered, in service, and theirs who offer them. */
  async #free(
    offers: readonly string[],
  ): Promise<readonly (FreeBoard & { readonly agent: string; readonly poll: string })[]> {
    const boards = await this.#parts.db.boards(
      "b.name = any($1) and b.state = 'free' and b.aside is null and r.board is null",
      [offers],
    );
    return boards
      .map((row) => ({ ...row, poll: JSON.stringify([row.agent, row.instance ?? ""]) }))
      .filter(({ name, poll }) => this.#polls.get(poll)?.free.includes(name))
      .map(({ name, agent, poll, tags, lane, last_run, wear }) => ({
        ...{ name, agent, poll, tags, wear, lastRunMs: last_run?.getTime() },
        // A relay card is one host's: another host's may have the same path.
        lane: lane === null ? undefined : JSON.stringify([agent, lane]),
      }));
  }

  /** Gives one job to one board; undefined where the queue still has an attempt of that board. */
  async #give(job: string, board: string, agent: string): Promise<JobRow | undefined> {
    const { db, boss, now, changed } = this.#parts;
    const engineId = randomUUID();
    const [found] = await db.query(
      `with given as (
          update lab.job set state = 'given', board = $2, agent = $3, engine_id = $4, attempt = attempt + 1
          where id = $1 and state = 'waiting' and not cancel_asked returning *),
        noted as (
          insert into lab.attempt (job, attempt, board, agent, given)
          select id, attempt, board, agent, $5 from given on conflict do nothing)
        select * from given`,
      [job, board, agent, engineId, now()],
    );
    if (found === undefined) return undefined;
    const row = jobRow(found);
    const ref: AttemptRef = { job, attempt: row.attempt };
    await boss.send(RUNS, ref, { id: engineId, singletonKey: board });
    const fetched = await boss.fetch(RUNS, { batchSize: BATCH });
    if (!fetched.some(({ id }) => id === engineId)) {
      await boss.cancel(RUNS, engineId);
      await db.query(
        `with back as (
            update lab.job set ${WAITS_AGAIN}, attempt = attempt - 1
            where id = $1 and attempt = $2 and state = 'given' returning id)
          delete from lab.attempt where attempt = $2 and job in (select id from back)`,
        [job, row.attempt],
      );
      return undefined;
    }
    changed.emit(job);
    return row;
  }
}

const textOr = (value: unknown) => (typeof value === "string" ? value : undefined);

const keyOf = ({ job, attempt }: AttemptRef) => `${job} ${attempt}`;
