import { randomUUID } from "node:crypto";
import { z } from "zod";
import { isHilError, sleepUntil } from "../../core/index.ts";
import { isOpen, OPEN_STATES } from "../rules/ends.ts";
import { tagTest } from "../rules/tags.ts";
import type { Job, LabBoard } from "../wire/messages.ts";
import type { AnswerOf, QueryOf, Received } from "../wire/routes.ts";
import type { Caller } from "./access.ts";
import { boardOf, boardsOf, stateOf } from "./board-view.ts";
import type { JobCounts } from "./metrics.ts";
import { type LabParts, Refusal } from "./parts.ts";
import { type BoardRow, fitsBoard, type JobRow, jobOf } from "./rows.ts";

/** Jobs that may be open at one time. */
const OPEN_JOBS_MAX = 5_000;
/** How long the reasons why jobs wait are good, in microseconds. */
const REASONS_US = 1_000_000;
/** Of one submitter: a script that runs wild leaves room for others. */
const OPEN_JOBS_OF_ONE_MAX = 3_000;

/** What people and scripts ask of a lab: jobs, boards, reservations. */
export class Desk {
  readonly #parts: LabParts;

  /** What `#waitings` found out last; boards that changed make it void. */
  #reasons: { readonly atUs: number; readonly of: (row: JobRow) => string } | undefined;

  constructor(parts: LabParts) {
    this.#parts = parts;
    parts.changed.add((job) => {
      if (job === "") this.#reasons = undefined;
    });
  }

  /** @throws Refusal for a job that could never run. */
  async check(asked: Received<"submit">): Promise<void> {
    const { blobs } = this.#parts;
    try {
      tagTest(asked.on);
    } catch (error) {
      throw isHilError(error) ? new Refusal(400, error.message, error.hint) : error;
    }
    if (!asked.files.some(({ path }) => path === asked.scenario)) {
      throw new Refusal(400, `the scenario ${asked.scenario} is not among the files.`);
    }
    const lacking = asked.files.filter(({ sha256 }) => blobs.have(sha256) !== "whole");
    if (lacking.length > 0) {
      throw new Refusal(409, `the lab does not have ${lacking[0]?.path}.`, "Send the files before the job.");
    }
  }

  async submit({ name: who }: Caller, asked: Received<"submit">): Promise<Job> {
    const { db, now, changed } = this.#parts;
    await this.check(asked);
    const [open] = await db.query(
      `select count(*)::int as n, (count(*) filter (where who = $2))::int as own from lab.job where state = any($1)`,
      [[...OPEN_STATES], who],
    );
    const full = [
      { n: Number(open?.["n"]), most: OPEN_JOBS_MAX, whose: "" },
      { n: Number(open?.["own"]), most: OPEN_JOBS_OF_ONE_MAX, whose: ` of ${who}` },
    ].find(({ n, most }) => n >= most);
    if (full !== undefined) {
      throw new Refusal(429, `${full.most} jobs${full.whose} are open already.`, "Wait for some to end.");
    }
    const id = randomUUID();
    await db.query(
      `insert into lab.job (id, who, name, scenario, files, board_tags, priority, labels, options, state,
        submitted, only_board, batch, batch_number, batch_of)
        values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8::jsonb, $9::jsonb, 'waiting', $10, $11, $12, $13, $14)`,
      [
        ...[id, who, asked.name, asked.scenario, JSON.stringify(asked.files), asked.on, asked.priority],
        ...[JSON.stringify(asked.labels), JSON.stringify(asked.options), now(), asked.board ?? null],
        ...[asked.batch?.id ?? null, asked.batch?.number ?? null, asked.batch?.of ?? null],
      ],
    );
    await db.audit(now(), who, `submit ${asked.name} (${id})`);
    changed.emit(id);
    return this.job(id);
  }

  async job(id: string): Promise<Job> {
    const row = await this.#row(id);
    return row.state === "waiting" ? { ...jobOf(row), text: (await this.#waitings())(row) } : jobOf(row);
  }

  /** The same, once it has ended, or after so many seconds. */
  async jobWhenOver(named: string, { wait }: QueryOf<"job">, signal: AbortSignal): Promise<Job> {
    const { clock, changed } = this.#parts;
    const untilUs = clock.nowUs() + wait * 1_000_000;
    const { id } = await this.#row(named);
    for (;;) {
      const again = new AbortController();
      const forget = changed.add((which) => which === id && again.abort());
      try {
        const job = await this.job(id);
        if (!isOpen(job.state) || signal.aborted || clock.nowUs() >= untilUs) return job;
        await sleepUntil(clock, untilUs, AbortSignal.any([signal, again.signal])).catch(() => undefined);
      } finally {
        forget();
      }
    }
  }

  /** A job as it was submitted. */
  async submission(named: string): Promise<AnswerOf<"submission">> {
    const { scenario, name, files, board_tags: on, only_board, priority, labels, options } = await this.#row(named);
    return {
      ...{ scenario, name, files, on, priority, labels, options },
      ...(only_board !== null && { board: only_board }),
    };
  }

  async jobs({ open, limit }: QueryOf<"jobs">): Promise<readonly Job[]> {
    const states = open === "true" ? "state in ('waiting', 'given', 'running')" : "true";
    const rows = await this.#parts.db.jobs(`${states} order by number desc limit $1`, [limit]);
    const why = await this.#waitings();
    return rows.map((row) => (row.state === "waiting" ? { ...jobOf(row), text: why(row) } : jobOf(row)));
  }

  async cancel({ name, role }: Caller, named: string): Promise<Job> {
    const { db, now, changed } = this.#parts;
    const row = await this.#row(named);
    const { id } = row;
    if (row.who !== name && role !== "admin") throw new Refusal(403, `job ${row.number} is ${row.who}'s.`);
    const waiting = await db.changeJob(
      "state = 'cancelled', ended = $2, said = $3, cancel_asked = true",
      "id = $1 and state = 'waiting'",
      [id, now(), `cancelled by ${name} before it began`],
    );
    if (!waiting && !isOpen(row.state)) throw new Refusal(409, `job ${row.number} has ended: ${row.state}.`);
    if (!waiting) await db.changeJob("cancel_asked = true", "id = $1", [id]);
    await db.audit(now(), name, `cancel job ${row.number}`);
    changed.emit(id);
    return this.job(id);
  }

  async boards(): Promise<readonly LabBoard[]> {
    const { db, now } = this.#parts;
    return boardsOf(await db.boards(), await db.openJobs(), now());
  }

  /** Jobs by state. */
  async counts(): Promise<JobCounts> {
    const { db, now } = this.#parts;
    const rows = await db.query(
      "select state, count(*)::int as n, min(submitted) as first from lab.job group by state",
    );
    const waiting = rows.find(({ state }) => state === "waiting")?.["first"];
    const oldestWaitingS = waiting instanceof Date ? (now().getTime() - waiting.getTime()) / 1000 : 0;
    return { byState: new Map(rows.map(({ state, n }) => [String(state), Number(n)])), oldestWaitingS };
  }

  async reserve({ name: who }: Caller, board: string, { seconds, why }: Received<"reserve">): Promise<LabBoard> {
    const { db, now } = this.#parts;
    await this.#boardRow(board);
    const since = now();
    const until = new Date(since);
    until.setSeconds(until.getSeconds() + seconds);
    const [taken] = await db.query(
      `insert into lab.reservation as r (board, who, why, since, until) values ($1, $2, $3, $4, $5)
        on conflict (board) do update set who = $2, why = $3, since = $4, until = $5, warned = false
        where r.who = $2 or r.until <= $4 returning board`,
      [board, who, why, since, until],
    );
    const row = await this.#boardRow(board);
    if (taken === undefined) {
      const text = `${board} is reserved by ${row.reserved_by} until ${row.reserved_until?.toISOString()}: ${row.reserved_why}`;
      throw new Refusal(409, `${text}.`, "Ask them, or an admin, to give it back: hil lab unreserve.");
    }
    this.#reasons = undefined;
    await db.audit(since, who, `reserve ${board} until ${until.toISOString()}: ${why}`);
    return this.#board(row);
  }

  async unreserve({ name, role }: Caller, board: string): Promise<LabBoard> {
    const { db, now, changed } = this.#parts;
    const row = await this.#boardRow(board);
    if (row.reserved_by !== null && row.reserved_by !== name && role !== "admin") {
      throw new Refusal(403, `${board} is reserved by ${row.reserved_by}.`, "They, or an admin, can give it back.");
    }
    await db.query("delete from lab.reservation where board = $1", [board]);
    await db.query("update lab.board set state_since = $2 where name = $1", [board, now()]);
    await db.audit(now(), name, `unreserve ${board}`);
    changed.emit("");
    return this.#board(await this.#boardRow(board));
  }

  /** A person says that a board which was set aside is good again. */
  async ok({ name }: Caller, board: string): Promise<LabBoard> {
    const { db, now, changed } = this.#parts;
    await this.#boardRow(board);
    await db.query(
      "update lab.board set aside = null, aside_since = null, infra_fails = 0, state_since = $2 where name = $1",
      [...[board, now()]],
    );
    // Nobody waits for the end of a run any more that an agent took with it.
    await db.query(
      `update lab.attempt a set ended = $2, said = $3 where board = $1 and ended is null and not exists (
        select 1 from lab.job j where j.id = a.job and j.attempt = a.attempt and j.state in ('given', 'running'))`,
      [board, now(), `given up: ${name} said ok`],
    );
    await db.audit(now(), name, `ok ${board}`);
    changed.emit("");
    return this.#board(await this.#boardRow(board));
  }

  async audit({ limit }: QueryOf<"audit">): Promise<AnswerOf<"audit">> {
    const rows = await this.#parts.db.query("select at, who, what from lab.audit order by number desc limit $1", [
      limit,
    ]);
    return rows.map(({ at, who, what }) => ({ at: (at as Date).toISOString(), who: String(who), what: String(what) }));
  }

  async #row(id: string): Promise<JobRow> {
    const { db } = this.#parts;
    // People say the number.
    const [row] = /^\d{1,9}$/.test(id)
      ? await db.jobs("number = $1", [Number(id)])
      : z.uuid().safeParse(id).success
        ? await db.jobs("id = $1", [id])
        : [];
    if (row === undefined) throw new Refusal(404, `the lab knows no job "${id.slice(0, 40)}".`, "See hil queue.");
    return row;
  }

  async #boardRow(name: string): Promise<BoardRow> {
    const [row] = await this.#parts.db.boards("b.name = $1", [name]);
    if (row === undefined)
      throw new Refusal(404, `the lab has no board "${name.slice(0, 80)}".`, "See hil lab boards.");
    return row;
  }

  async #board(row: BoardRow): Promise<LabBoard> {
    const { db, now } = this.#parts;
    return boardOf(row, await db.openJobs(), now());
  }

  /** Why a job waits, for people. Jobs that want the same have one reason, and a thousand submissions look once a second. */
  async #waitings(): Promise<(row: JobRow) => string> {
    const { db, now, clock } = this.#parts;
    const before = this.#reasons;
    if (before !== undefined && clock.nowUs() - before.atUs < REASONS_US) return before.of;
    const boards = await db.boards();
    const at = now();
    const known = new Map<string, string>();
    const of = (row: JobRow) => {
      const key = JSON.stringify([row.said, row.board_tags, row.only_board, row.not_on, row.batch !== null]);
      const text = known.get(key) ?? whyWaiting(row, boards, at);
      known.set(key, text);
      return text;
    };
    this.#reasons = { atUs: clock.nowUs(), of };
    return of;
  }
}

function whyWaiting(row: JobRow, boards: readonly BoardRow[], at: Date): string {
  const before = row.said === "" ? "" : `${row.said}; `;
  const all = boards.filter(fitsBoard(row));
  if (all.length === 0) return `${before}no board fits${jobOf(row).on === "" ? "" : ` "${jobOf(row).on}"`}`;
  const open = all.filter(
    (board) => !row.not_on.includes(board.name) && ["free", "busy"].includes(stateOf(board, undefined, at).state),
  );
  const apart = row.batch === null ? "" : ", one that no other job of its batch has";
  if (open.length > 0) {
    return `${before}waits for ${open.length === 1 ? open[0]?.name : `one of ${open.length} boards`}${apart}`;
  }
  const states = all.map((board) => `${board.name} ${stateOf(board, undefined, at).state}`).join(", ");
  return `${before}no board that fits is in service: ${states}`.slice(0, 500);
}
