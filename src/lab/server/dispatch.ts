import { randomUUID } from "node:crypto";
import { messageOf, sleep } from "../../core/index.ts";
import { choose } from "../rules/choose.ts";
import { ATTEMPTS_MAX, ENDS_SOON_MIN, endOf, INFRA_FAILS_MAX } from "../rules/ends.ts";
import { HEARTBEAT_S, JOB_S_MAX } from "../store/engine.ts";
import type { AttemptRef, Given } from "../wire/messages.ts";
import type { Received } from "../wire/routes.ts";
import { type LabParts, Refusal } from "./parts.ts";
import { fitsBoard, givenOf, type JobRow } from "./rows.ts";

/** The one queue of attempts: a board is a key of it, and of one key one job is active. */
const RUNS = "hil.runs";
/** Where pg-boss puts attempts whose agent was not heard of. */
const LOST = "hil.lost";
/** Attempts that are fetched at one time. */
const BATCH = 500;
/** How often polls look again although nobody told them to, in milliseconds. */
const LOOK_MS = 2_000;

/** Of a job that waits for a board again, in SQL. */
const WAITS_AGAIN = "state = 'waiting', board = null, agent = null, engine_id = null";

interface Poll {
  readonly agent: string;
  readonly free: readonly string[];
  readonly answer: (given: readonly Given[]) => void;
}

/**
 * Gives jobs to agents, and hears how they end. pg-boss keeps one active attempt a board and finds those whose agent is
 * not heard of; an attempt that began is never given again.
 */
export class Dispatch {
  readonly #parts: LabParts;
  readonly #polls = new Set<Poll>();
  /** One matching at a time: two would give one job away twice. */
  #last: Promise<void> = Promise.resolve();

  constructor(parts: LabParts) {
    this.#parts = parts;
  }

  /** Makes the queues, and takes back what a server that died had not yet given away. */
  async open(): Promise<void> {
    const { boss, db, changed } = this.#parts;
    await boss.createQueue(LOST, { retryLimit: 0 });
    const queue = { retryLimit: 0, deadLetter: LOST, heartbeatSeconds: HEARTBEAT_S, expireInSeconds: JOB_S_MAX };
    await boss.createQueue(RUNS, { ...queue, policy: "singleton" });
    await boss.updateQueue(RUNS, queue);
    await boss.deleteQueuedJobs(RUNS);
    // What was given and had not begun waits again; an agent that has it is told so when it asks to begin.
    await db.query(`update lab.job set ${WAITS_AGAIN} where state = 'given'`);
    await boss.work(LOST, { pollingIntervalSeconds: 0.5, batchSize: 50 }, async (jobs) => {
      for (const { data } of jobs) await this.#lost(data as AttemptRef);
    });
    changed.add(() => void this.#match());
    await db.query("delete from lab.reservation where until <= $1", [this.#parts.now()]);
  }

  /**
   * Looks for what is due, until the signal: reservations that end, and attempts whose agent is silent. It begins late,
   * so that agents which waited for this server are heard first.
   */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock, boss, note } = this.#parts;
    await sleep(clock, HEARTBEAT_S * 1000, signal).catch(() => undefined);
    while (!signal.aborted) {
      try {
        await boss.supervise();
        await this.#endReservations();
        await this.#match();
      } catch (error) {
        note(`the queue could not be looked after: ${messageOf(error)}`);
      }
      await sleep(clock, LOOK_MS, signal).catch(() => undefined);
    }
  }

  /** Work for free boards of an agent: at once where there is some, else when it comes, or none after some seconds. */
  async next(agent: string, { free, running, wait }: Received<"next">, signal: AbortSignal): Promise<readonly Given[]> {
    const { db, clock } = this.#parts;
    const known = new Set(running.map(keyOf));
    const told = await db.jobs("agent = $1 and state = 'given'", [agent]);
    const again = told.filter((row) => !known.has(keyOf({ job: row.id, attempt: row.attempt })));
    // An answer that was lost on its way.
    if (again.length > 0) return again.map(givenOf);
    return new Promise((resolve) => {
      const end = (given: readonly Given[]) => {
        cancel();
        this.#polls.delete(poll);
        signal.removeEventListener("abort", none);
        resolve(given);
      };
      const none = () => end([]);
      const poll: Poll = { agent, free, answer: end };
      const cancel = clock.at(clock.nowUs() + wait * 1_000_000, none);
      signal.addEventListener("abort", none, { once: true });
      this.#polls.add(poll);
      void this.#match();
    });
  }

  /** @throws Refusal where the attempt is not this agent's to begin. */
  async start(agent: string, { job, attempt }: AttemptRef): Promise<void> {
    const { db, now } = this.#parts;
    const row = await db.changeJob(
      "state = 'running', started = coalesce(started, $4)",
      "id = $1 and attempt = $2 and agent = $3 and state in ('given', 'running') and not cancel_asked",
      [job, attempt, agent, now()],
    );
    if (row === undefined) throw new Refusal(409, "this attempt is not to begin: it was cancelled, or given back.");
    await db.query("update lab.attempt set started = coalesce(started, $3) where job = $1 and attempt = $2", [
      job,
      attempt,
      now(),
    ]);
    await db.query("update lab.board set last_run = $2 where name = $1", [row.board, now()]);
    this.#parts.changed.emit(job);
  }

  /** What an agent says is running: which of it to stop. */
  async beat(agent: string, refs: readonly AttemptRef[]): Promise<readonly AttemptRef[]> {
    const { db, boss } = this.#parts;
    const stop: AttemptRef[] = [];
    for (const ref of refs) {
      const row = await db.job(ref.job);
      if (row === undefined || !mayEnd(row, agent, ref) || row.cancel_asked) stop.push(ref);
      else if (row.engine_id !== null) await boss.touch(RUNS, row.engine_id);
    }
    return stop;
  }

  /** How an attempt ended. An end that is known already changes nothing; one that comes late still counts. */
  async end(agent: string, ref: AttemptRef, { exit, text }: Received<"end">): Promise<void> {
    const { db, boss, now, changed } = this.#parts;
    const row = await db.job(ref.job);
    if (row === undefined || row.attempt < ref.attempt) throw new Refusal(404, "the lab knows of no such attempt.");
    await db.query(
      `update lab.attempt set ended = coalesce(ended, $3), exit_code = $4, said = $5
        where job = $1 and attempt = $2 and agent = $6`,
      [ref.job, ref.attempt, now(), exit, text, agent],
    );
    if (!mayEnd(row, agent, ref) || row.board === null) return;
    if (row.engine_id !== null) await boss.complete(RUNS, row.engine_id);
    const end = endOf(exit);
    await this.#count(row.board, end.isInfra, text);
    if (end.isInfra && exit !== null && (await this.#mayGoElsewhere(row))) {
      await db.changeJob(
        `${WAITS_AGAIN}, not_on = array_append(not_on, board), started = null, said = $3`,
        "id = $1 and attempt = $2",
        [ref.job, ref.attempt, `the bench of ${row.board} failed: ${text}`.slice(0, 2_000)],
      );
    } else {
      const state = exit === 4 && row.cancel_asked ? "cancelled" : end.state;
      await db.changeJob("state = $3, ended = $4, exit_code = $5, said = $6", "id = $1 and attempt = $2", [
        ref.job,
        ref.attempt,
        state,
        now(),
        exit,
        text,
      ]);
    }
    changed.emit(ref.job);
  }

  /** A board whose bench failed is counted; one that fails again and again is set aside, with its reason. */
  async #count(board: string, isInfra: boolean, text: string): Promise<void> {
    const { db, now, note } = this.#parts;
    if (!isInfra) {
      await db.query("update lab.board set infra_fails = 0, state_since = $2 where name = $1", [board, now()]);
      return;
    }
    const why = `its bench failed ${INFRA_FAILS_MAX} times in a row, the last time: ${text}`.slice(0, 2_000);
    const set = await db.query(
      `update lab.board set infra_fails = infra_fails + 1, state_since = $4,
        aside = case when infra_fails + 1 >= $2 then coalesce(aside, $3) else aside end,
        aside_since = case when infra_fails + 1 >= $2 then coalesce(aside_since, $4) else aside_since end
        where name = $1 returning aside`,
      [board, INFRA_FAILS_MAX, why, now()],
    );
    if (set[0]?.["aside"] === why) note(`${board} is set aside: ${why}. When it is good again: hil lab ok ${board}`);
  }

  async #mayGoElsewhere(row: JobRow): Promise<boolean> {
    if (row.attempt >= ATTEMPTS_MAX || row.cancel_asked) return false;
    const fits = fitsBoard(row);
    const others = await this.#parts.db.boards("b.aside is null");
    return others.some((board) => board.name !== row.board && !row.not_on.includes(board.name) && fits(board));
  }

  /** Nobody heard of an attempt for too long. One that had not begun waits again; one that had is not run again. */
  async #lost({ job, attempt }: AttemptRef): Promise<void> {
    const { db, now, changed } = this.#parts;
    const back = await db.changeJob(WAITS_AGAIN, "id = $1 and attempt = $2 and state = 'given'", [job, attempt]);
    const said = `its agent was not heard of for ${HEARTBEAT_S} s; it is not run again`;
    const lost =
      back ??
      (await db.changeJob("state = 'lost', ended = $3, said = $4", "id = $1 and attempt = $2 and state = 'running'", [
        job,
        attempt,
        now(),
        said,
      ]));
    if (lost === undefined) return;
    if (lost.state === "lost" && lost.board !== null) await this.#count(lost.board, true, said);
    changed.emit(job);
  }

  async #endReservations(): Promise<void> {
    const { db, now, note } = this.#parts;
    const soon = new Date(now());
    soon.setMinutes(soon.getMinutes() + ENDS_SOON_MIN);
    const warned = await db.query(
      "update lab.reservation set warned = true where until <= $1 and not warned returning board, who",
      [soon],
    );
    for (const { board, who } of warned) note(`the reservation of ${String(board)} by ${String(who)} ends soon`);
    const ended = await db.query("delete from lab.reservation where until <= $1 returning board, who", [now()]);
    for (const { board, who } of ended) note(`the reservation of ${String(board)} by ${String(who)} has ended`);
  }

  #match(): Promise<void> {
    this.#last = this.#last
      .then(() => this.#matchOnce())
      .catch((error: unknown) => this.#parts.note(`no jobs could be given: ${messageOf(error)}`));
    return this.#last;
  }

  async #matchOnce(): Promise<void> {
    const offers = new Map([...this.#polls].flatMap((poll) => poll.free.map((board) => [board, poll] as const)));
    if (offers.size === 0) return;
    const { db } = this.#parts;
    const open = await db.openJobs();
    const waiting = open.filter(({ state, cancel_asked }) => state === "waiting" && !cancel_asked);
    if (waiting.length === 0) return;
    const given = open.filter(({ state }) => state !== "waiting");
    const busy = new Set(given.map(({ board }) => board));
    const boards = (
      await db.boards("b.name = any($1) and b.aside is null and r.board is null", [[...offers.keys()]])
    ).filter(({ name, agent, state }) => state === "free" && !busy.has(name) && offers.get(name)?.agent === agent);
    const running = new Map<string, number>();
    for (const { who } of given) running.set(who, (running.get(who) ?? 0) + 1);
    const chosen = choose(
      waiting.map((row) => ({
        ...row,
        on: row.board_tags,
        onlyBoard: row.only_board ?? undefined,
        notOn: row.not_on,
      })),
      boards.map(({ name, tags, lane, last_run }) => ({
        name,
        tags,
        lane: lane ?? undefined,
        lastRunMs: last_run?.getTime(),
      })),
      running,
    );
    const answers = new Map<Poll, Given[]>();
    for (const { job, board } of chosen) {
      const poll = offers.get(board);
      const row = poll && (await this.#give(job, board, poll.agent));
      if (row) answers.set(poll, [...(answers.get(poll) ?? []), givenOf(row)]);
    }
    for (const [poll, all] of answers) poll.answer(all);
  }

  /** Gives one job to one board; undefined where the queue still has an attempt of that board. */
  async #give(job: string, board: string, agent: string): Promise<JobRow | undefined> {
    const { db, boss, now, changed } = this.#parts;
    const engineId = randomUUID();
    const row = await db.changeJob(
      "state = 'given', board = $2, agent = $3, engine_id = $4, attempt = attempt + 1",
      "id = $1 and state = 'waiting' and not cancel_asked",
      [job, board, agent, engineId],
    );
    if (row === undefined) return undefined;
    const ref: AttemptRef = { job, attempt: row.attempt };
    await boss.send(RUNS, ref, { id: engineId, singletonKey: board });
    const fetched = await boss.fetch(RUNS, { batchSize: BATCH });
    if (!fetched.some(({ id }) => id === engineId)) {
      await boss.cancel(RUNS, engineId);
      await db.changeJob(`${WAITS_AGAIN}, attempt = attempt - 1`, "id = $1 and attempt = $2 and state = 'given'", [
        job,
        row.attempt,
      ]);
      return undefined;
    }
    await db.query(
      "insert into lab.attempt (job, attempt, board, agent, given) values ($1, $2, $3, $4, $5) on conflict do nothing",
      [job, row.attempt, board, agent, now()],
    );
    changed.emit(job);
    return row;
  }
}

/** Whether this attempt is the job's last, this agent's, and how it ends is not known: a lost one may come back. */
function mayEnd(row: JobRow, agent: string, { attempt }: AttemptRef): boolean {
  return row.attempt === attempt && row.agent === agent && ["given", "running", "lost"].includes(row.state);
}

const keyOf = ({ job, attempt }: AttemptRef) => `${job} ${attempt}`;
