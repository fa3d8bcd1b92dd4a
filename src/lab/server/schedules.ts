import { messageOf } from "../../core/index.ts";
import { tagTest } from "../rules/tags.ts";
import { type Schedule, SUBMISSION } from "../wire/messages.ts";
import type { Received } from "../wire/routes.ts";
import type { Caller } from "./access.ts";
import type { Desk } from "./desk.ts";
import { type LabParts, Refusal } from "./parts.ts";

/** pg-boss sends a job to this queue when a schedule is due. */
const DUE = "hil.due";
/** A night that nobody took within this time is not made up for: the next one comes; in seconds. */
const KEEP_S = 6 * 3600;

interface Due {
  readonly name: string;
}

/** Jobs that come by themselves: cron in a time zone, kept by pg-boss. */
export class Schedules {
  readonly #parts: LabParts;
  readonly #desk: Desk;

  constructor(parts: LabParts, desk: Desk) {
    this.#parts = parts;
    this.#desk = desk;
  }

  async open(): Promise<void> {
    const { boss, note } = this.#parts;
    await boss.createQueue(DUE, { retryLimit: 0, retentionSeconds: KEEP_S });
    await boss.work(DUE, { pollingIntervalSeconds: 1 }, async (jobs) => {
      for (const { data } of jobs) {
        const { name } = data as Due;
        await this.#due(name).catch((error: unknown) => note(`the schedule ${name} made no jobs: ${messageOf(error)}`));
      }
    });
  }

  async list(): Promise<readonly Schedule[]> {
    const rows = await this.#parts.db.query("select * from lab.schedule order by name");
    return rows.map((row) => ({
      ...{ name: String(row["name"]), cron: String(row["cron"]), timeZone: String(row["time_zone"]) },
      ...{ who: String(row["who"]), scenario: String(row["scenario"]), allBoards: row["all_boards"] === true },
      last: row["last"] instanceof Date ? row["last"].toISOString() : null,
    }));
  }

  /** Adds a schedule, or replaces one's own. @throws Refusal for a cron expression or a time zone that is none. */
  async add(caller: Caller, asked: Received<"addSchedule">): Promise<void> {
    const { db, boss, now } = this.#parts;
    const { name, cron, timeZone, allBoards, job } = asked;
    await this.#desk.check(job);
    const [row] = await db.query("select who from lab.schedule where name = $1", [name]);
    if (row !== undefined) requireOwn(name, String(row["who"]), caller);
    try {
      await boss.schedule(DUE, cron, { name } satisfies Due, { tz: timeZone, key: keyOf(name), missed: "once" });
    } catch (error) {
      throw new Refusal(
        400,
        `"${cron}" in ${timeZone} is no time: ${messageOf(error)}.`,
        "Like '0 2 * * *' (02:00 every night).",
      );
    }
    await db.query(
      `insert into lab.schedule as s (name, cron, time_zone, who, scenario, all_boards, job, made)
        values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)
        on conflict (name) do update set cron = $2, time_zone = $3, who = $4, scenario = $5, all_boards = $6,
          job = $7::jsonb, made = $8`,
      [name, cron, timeZone, caller.name, job.name, allBoards, JSON.stringify(job), now()],
    );
    await db.audit(now(), caller.name, `schedule ${name}: ${cron} ${timeZone}`);
  }

  async remove(caller: Caller, name: string): Promise<void> {
    const { db, boss, now } = this.#parts;
    const [row] = await db.query("select who from lab.schedule where name = $1", [name]);
    if (row === undefined) throw new Refusal(404, `there is no schedule "${name.slice(0, 80)}".`);
    requireOwn(name, String(row["who"]), caller);
    await boss.unschedule(DUE, keyOf(name));
    await db.query("delete from lab.schedule where name = $1", [name]);
    await db.audit(now(), caller.name, `schedule ${name} removed`);
  }

  /** One job, or one for each board that fits: a board that is away in that minute keeps its job waiting. */
  async #due(name: string): Promise<void> {
    const { db, now } = this.#parts;
    const [row] = await db.query("select * from lab.schedule where name = $1", [name]);
    if (row === undefined) return;
    const job = SUBMISSION.parse(row["job"]);
    const caller: Caller = { name: String(row["who"]), role: "submit" };
    const labels = { ...job.labels, schedule: name };
    await db.query("update lab.schedule set last = $2 where name = $1", [name, now()]);
    if (row["all_boards"] !== true) {
      await this.#desk.submit(caller, { ...job, labels });
      return;
    }
    const fits = tagTest(job.on);
    for (const board of await db.boards("b.state <> 'gone'")) {
      if (fits(new Set(board.tags))) await this.#desk.submit(caller, { ...job, labels, board: board.name });
    }
  }
}

/** @throws Refusal 403 for a schedule of somebody else's, where it is no admin who asks. */
function requireOwn(schedule: string, who: string, { name, role }: Caller): void {
  if (who !== name && role !== "admin") throw new Refusal(403, `the schedule ${schedule} is ${who}'s.`);
}

/** pg-boss takes letters, digits and a few signs. */
const keyOf = (name: string): string => Buffer.from(name).toString("hex");
