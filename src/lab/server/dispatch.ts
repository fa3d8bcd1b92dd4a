import { messageOf, sleep } from "../../core/index.ts";
import { ATTEMPTS_MAX, ENDS_SOON_MIN, endOf, INFRA_FAILS_MAX } from "../rules/ends.ts";
import { HEARTBEAT_S, JOB_S_MAX } from "../store/engine.ts";
import type { AttemptRef, Given } from "../wire/messages.ts";
import type { AnswerOf, Received } from "../wire/routes.ts";
import { Matching, RUNS, WAITS_AGAIN } from "./matching.ts";
import { type LabParts, Refusal } from "./parts.ts";
import { fitsBoard, type JobRow, jobRow } from "./rows.ts";

/** Where pg-boss puts attempts whose agent was not heard of. */
const LOST = "hil.lost";
/** How often polls look again although nobody told them to, in milliseconds. */
const LOOK_MS = 2_000;

/**
 * Gives jobs to agents, and hears how they end. pg-boss keeps one active attempt a board and finds those whose agent is
 * not heard of; an attempt that began is never given again.
 */
export class Dispatch {
  readonly #parts: LabParts;
  readonly #matching: Matching;

  constructor(parts: LabParts) {
    this.#parts = parts;
    this.#matching = new Matching(parts);
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
    changed.add(() => void this.#matching.match());
    await db.query("delete from lab.reservation where until <= $1", [this.#parts.now()]);
    // A clock that was set back: nobody was seen in the time to come.
    await db.query("update lab.board set seen = least(seen, $1), last_run = least(last_run, $1)", [this.#parts.now()]);
  }

  /**
   * Looks for what is due, until the signal: reservations that end, and attempts whose agent is silent. It begins late,
   * so that agents which waited for this server are heard first; so it does when the database was away.
   */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock, boss, db, note } = this.#parts;
    let wasAway = true;
    while (!signal.aborted) {
      try {
        await db.query("select 1 as ok");
        if (wasAway) await sleep(clock, HEARTBEAT_S * 1000, signal);
        wasAway = false;
        await boss.supervise();
        await this.#endReservations();
        await this.#matching.match();
      } catch (error) {
        if (signal.aborted) return;
        wasAway = true;
        note(`the queue could not be looked after: ${messageOf(error)}`);
      }
      await sleep(clock, LOOK_MS, signal).catch(() => undefined);
    }
  }

  /** Work for free boards of an agent. */
  next(agent: string, asked: Received<"next">, signal: AbortSignal): Promise<readonly Given[]> {
    return this.#matching.next(agent, asked, signal);
  }

  /** @throws Refusal where the attempt is not this agent's to begin. */
  async start(agent: string, { job, attempt }: AttemptRef): Promise<void> {
    const { db, now } = this.#parts;
    const [row] = await db.query(
      `with begun as (
          update lab.job set state = 'running', started = coalesce(started, $4)
          where id = $1 and attempt = $2 and agent = $3 and state in ('given', 'running') and not cancel_asked
          returning id, attempt, board),
        noted as (
          update lab.attempt a set started = coalesce(a.started, $4) from begun
          where a.job = begun.id and a.attempt = begun.attempt),
        run as (update lab.board b set last_run = $4 from begun where b.name = begun.board)
        select id from begun`,
      [job, attempt, agent, now()],
    );
    if (row === undefined) throw new Refusal(409, "this attempt is not to begin: it was cancelled, or given back.");
    this.#parts.changed.emit(job);
  }

  /** What an agent says is running: which of it to stop, and which somebody looks at. */
  async beat(agent: string, refs: readonly AttemptRef[]): Promise<AnswerOf<"beat">> {
    const { db, boss, live } = this.#parts;
    const rows = await db.jobs("id = any($1)", [refs.map(({ job }) => job)]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const goesOn = (ref: AttemptRef) => {
      const row = byId.get(ref.job);
      return row !== undefined && mayEnd(row, agent, ref) && !row.cancel_asked;
    };
    const stop = refs.filter((ref) => !goesOn(ref));
    const alive = refs.filter(goesOn).flatMap(({ job }) => byId.get(job)?.engine_id ?? []);
    if (alive.length > 0) await boss.touch(RUNS, alive);
    const watched = refs.flatMap((ref) => {
      const have = live.wanted(ref);
      return have === undefined ? [] : [{ ...ref, have }];
    });
    return { stop, watched };
  }

  /** What a run has written since, for those who look. @throws Refusal 404 for one that is not this agent's. */
  async live(agent: string, ref: AttemptRef, piece: Received<"live">): Promise<AnswerOf<"live">> {
    const row = await this.#parts.db.job(ref.job);
    if (row === undefined || row.agent !== agent || row.attempt !== ref.attempt) {
      throw new Refusal(404, "the lab knows of no such attempt.");
    }
    return { have: this.#parts.live.take(ref, piece) };
  }

  /** How an attempt ended. An end that is known already changes nothing; one that comes late still counts. */
  async end(agent: string, ref: AttemptRef, { exit, text }: Received<"end">): Promise<void> {
    const { db, boss, now, changed } = this.#parts;
    const [found] = await db.query(
      `with noted as (
          update lab.attempt set ended = coalesce(ended, $3), exit_code = $4, said = $5
          where job = $1 and attempt = $2 and agent = $6)
        select * from lab.job where id = $1`,
      [ref.job, ref.attempt, now(), exit, text, agent],
    );
    const row = found === undefined ? undefined : jobRow(found);
    if (row === undefined || row.attempt < ref.attempt) throw new Refusal(404, "the lab knows of no such attempt.");
    if (!mayEnd(row, agent, ref) || row.board === null) return;
    if (row.engine_id !== null) await boss.complete(RUNS, row.engine_id);
    const end = endOf(exit);
    const goesElsewhere = end.isInfra && exit !== null && (await this.#mayGoElsewhere(row));
    if (end.isInfra) await this.#countFailure(row.board, text);
    if (goesElsewhere) {
      await db.changeJob(
        `${WAITS_AGAIN}, not_on = array_append(not_on, board), started = null, said = $3`,
        "id = $1 and attempt = $2",
        [ref.job, ref.attempt, `the bench of ${row.board} failed: ${text}`.slice(0, 2_000)],
      );
    } else {
      const state = exit === 4 && row.cancel_asked ? "cancelled" : end.state;
      await db.query(
        `with over as (
            update lab.job set state = $3, ended = $4, exit_code = $5, said = $6 where id = $1 and attempt = $2)
          update lab.board set infra_fails = 0, state_since = $4 where name = $7 and not $8`,
        [ref.job, ref.attempt, state, now(), exit, text, row.board, end.isInfra],
      );
    }
    changed.emit(ref.job);
  }

  /** A board whose bench failed is counted; one that fails again and again is set aside, with its reason. */
  async #countFailure(board: string, text: string): Promise<void> {
    const { db, now, note } = this.#parts;
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
    if (lost.state === "lost" && lost.board !== null) await this.#countFailure(lost.board, said);
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
}

/** Whether this attempt is the job's last, this agent's, and how it ends is not known: a lost one may come back. */
function mayEnd(row: JobRow, agent: string, { attempt }: AttemptRef): boolean {
  return row.attempt === attempt && row.agent === agent && ["given", "running", "lost"].includes(row.state);
}
