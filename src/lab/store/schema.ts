import { ConfigurationError } from "../../core/index.ts";
import type { LabEngine } from "./engine.ts";

interface MigrationRow {
  readonly version: number;
  /** One statement each. A row that was released is never changed: the next one is added. */
  readonly statements: readonly string[];
}

/** The lab's own tables, beside those of pg-boss. All times are the lab's, none an agent's. */
const MIGRATIONS: readonly MigrationRow[] = [
  {
    version: 1,
    statements: [
      `create table lab.board (
        name text primary key, agent text not null, tags text[] not null, state text not null, why text not null,
        lane text, infra_fails int not null default 0, aside text, aside_since timestamptz, last_run timestamptz,
        seen timestamptz not null)`,
      `create table lab.reservation (
        board text primary key, who text not null, why text not null, since timestamptz not null,
        until timestamptz not null, warned boolean not null default false)`,
      `create table lab.job (
        id uuid primary key, number serial unique, who text not null, name text not null, scenario text not null,
        files jsonb not null, board_tags text not null, priority int not null, labels jsonb not null,
        options jsonb not null, state text not null, said text not null default '', board text, agent text,
        attempt int not null default 0, engine_id uuid, not_on text[] not null default '{}', only_board text,
        cancel_asked boolean not null default false, submitted timestamptz not null, started timestamptz,
        ended timestamptz, exit_code int, record text)`,
      "create index job_open on lab.job (state) where state in ('waiting', 'given', 'running')",
      `create table lab.attempt (
        job uuid not null, attempt int not null, board text not null, agent text not null, given timestamptz not null,
        started timestamptz, ended timestamptz, exit_code int, said text not null default '', record text,
        primary key (job, attempt))`,
      `create table lab.token (
        name text primary key, role text not null, hash text not null unique, made timestamptz not null)`,
      `create table lab.schedule (
        name text primary key, cron text not null, time_zone text not null, who text not null, scenario text not null,
        all_boards boolean not null, job jsonb not null, made timestamptz not null, last timestamptz)`,
      `create table lab.audit (
        number serial primary key, at timestamptz not null, who text not null, what text not null)`,
    ],
  },
  // Since when a board is what it is.
  { version: 2, statements: ["alter table lab.board add column state_since timestamptz"] },
  {
    version: 3,
    statements: [
      // Which process of an agent has it, and how worn its flash is.
      "alter table lab.board add column instance text, add column wear int not null default 0",
      // Jobs that are to run on boards of their own, and which of how many one is.
      "alter table lab.job add column batch uuid, add column batch_number int, add column batch_of int",
      "create index job_batch on lab.job (batch) where batch is not null",
      "create index job_kept on lab.job (ended) where record is not null",
      "create index attempt_board on lab.attempt (board, given)",
      // At most so many boards with a tag run at once.
      "create table lab.pool (tag text primary key, most int not null, who text not null, made timestamptz not null)",
      // Why a record is not there any more.
      "alter table lab.attempt add column forgotten text",
    ],
  },
];

/**
 * Makes the lab's tables, or brings those of an earlier version up to date.
 * @throws ConfigurationError for tables of a later version.
 */
export async function migrate({ query }: Pick<LabEngine, "query">): Promise<void> {
  await query("create schema if not exists lab");
  await query("create table if not exists lab.version (version int not null)");
  const [row] = await query("select coalesce(max(version), 0)::int as version from lab.version");
  const found = Number(row?.["version"] ?? 0);
  const latest = MIGRATIONS.at(-1)?.version ?? 0;
  if (found > latest) {
    const text = `the lab's database is of version ${found}; this hil knows ${latest}.`;
    throw new ConfigurationError(text, "Start it with the hil that wrote it, or a later one.");
  }
  for (const { version, statements } of MIGRATIONS.filter((migration) => migration.version > found)) {
    // One text is one transaction of PostgreSQL's: all of a version, or nothing.
    await query([...statements, `insert into lab.version values (${version})`].join(";\n"));
  }
}
