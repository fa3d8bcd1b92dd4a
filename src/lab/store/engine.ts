import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../board/index.ts";
import { BenchError, ConfigurationError, messageOf } from "../../core/index.ts";

/** Node's releases that pg-boss 12 is for. Source: its package.json, engines. */
const NODE_LEAST = [22, 12] as const;

/** pg-boss does not look again for jobs whose worker is silent before so many seconds; the lab asks it to look. */
const SUPERVISE_S = 2;
/** Nobody heard of a job's agent for so long: it is lost. The least that pg-boss takes; in seconds. */
export const HEARTBEAT_S = 10;
/** Longest job, in seconds; pg-boss wants less than a day. */
export const JOB_S_MAX = 23 * 3600;

type Row = Readonly<Record<string, unknown>>;
interface Sql {
  executeSql(text: string, values?: readonly unknown[]): Promise<{ rows: Row[] }>;
}

interface BossJob {
  readonly id: string;
  readonly data: unknown;
}

/** What of pg-boss is used; it is the user's to install, and loaded when a lab starts. */
export interface Boss {
  start(): Promise<unknown>;
  stop(options: { readonly graceful: boolean; readonly timeout: number }): Promise<void>;
  on(event: "error" | "warning", listener: (what: unknown) => void): unknown;
  createQueue(name: string, options: Readonly<Record<string, unknown>>): Promise<void>;
  updateQueue(name: string, options: Readonly<Record<string, unknown>>): Promise<void>;
  send(name: string, data: object, options: Readonly<Record<string, unknown>>): Promise<string | null>;
  fetch(name: string, options: Readonly<Record<string, unknown>>): Promise<readonly BossJob[]>;
  /** One look for attempts whose worker is silent, and for what is old. */
  supervise(): Promise<void>;
  touch(name: string, ids: readonly string[]): Promise<{ readonly affected: number }>;
  complete(name: string, id: string): Promise<{ readonly affected: number }>;
  cancel(name: string, id: string): Promise<unknown>;
  deleteQueuedJobs(name: string): Promise<unknown>;
  work(
    name: string,
    options: Readonly<Record<string, unknown>>,
    handler: (jobs: readonly BossJob[]) => Promise<void>,
  ): Promise<string>;
  schedule(name: string, cron: string, data: object, options: Readonly<Record<string, unknown>>): Promise<void>;
  unschedule(name: string, key: string): Promise<void>;
  getDb(): Sql;
}

interface Packages {
  readonly PgBoss: new (options: Readonly<Record<string, unknown>>) => Boss;
  readonly fromPglite: (db: Pglite) => unknown;
}
interface Pglite {
  close(): Promise<void>;
}

/** Names, not literals: the packages may be missing, and the compiler must not ask for them. */
const PG_BOSS: string = "pg-boss";
const PGLITE: string = "@electric-sql/pglite";

/** The database and the queue on it. */
export interface LabEngine extends AsyncDisposable {
  readonly boss: Boss;
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

interface EngineOptions {
  /** The lab's folder: PGlite's files are in it. */
  readonly folder: string;
  /** PostgreSQL instead of PGlite. */
  readonly databaseUrl: string | undefined;
  readonly locks: string;
  /** What the engine complains of. */
  readonly onTrouble: (text: string) => void;
}

/** @throws ConfigurationError where this Node is too old for a lab. Exit 2. */
export function requireLabNode(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor, wantedMinor] = NODE_LEAST;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new ConfigurationError(
    `a lab needs Node ${NODE_LEAST.join(".")} or later; this is ${version}.`,
    "Its queue, pg-boss 12, is for those. The rest of hil runs on this one.",
  );
}

/**
 * Opens the database and starts the queue on it: PGlite in this process, or PostgreSQL.
 * @throws ConfigurationError where a package is missing or Node is too old; BenchError where another process has the
 *   folder, or the database does not answer.
 */
export async function openEngine(options: EngineOptions): Promise<LabEngine> {
  requireLabNode();
  const { databaseUrl, onTrouble } = options;
  const { PgBoss, fromPglite } = await packageOf<Packages>(PG_BOSS, "12");
  const common = {
    supervise: false,
    monitorIntervalSeconds: SUPERVISE_S,
    maintenanceIntervalSeconds: 60,
    cronMonitorIntervalSeconds: 5,
    cronWorkerIntervalSeconds: 2,
    registerInstance: false,
  };
  const embedded = databaseUrl === undefined ? await openPglite(options) : undefined;
  const boss = new PgBoss(
    embedded === undefined
      ? { ...common, connectionString: databaseUrl, max: 10 }
      : { ...common, db: fromPglite(embedded.db), backend: "pglite" },
  );
  boss.on("error", (error) => onTrouble(`the queue: ${messageOf(error)}`));
  boss.on("warning", (warning) => onTrouble(`the queue: ${messageOf(warning)}`));
  try {
    await boss.start();
  } catch (error) {
    await embedded?.close();
    throw new BenchError(
      `the database cannot be used: ${withoutPassword(messageOf(error))}.`,
      "See docs/lab-server.md.",
    );
  }
  const sql = boss.getDb();
  return {
    boss,
    query: async (text, values) => (await sql.executeSql(text, values)).rows,
    async [Symbol.asyncDispose]() {
      await boss.stop({ graceful: false, timeout: 5_000 });
      await embedded?.close();
    },
  };
}

/** PGlite lets several processes open one folder, and each overwrites what others wrote: hence a lock of ours. */
async function openPglite({ folder, locks }: EngineOptions) {
  const { PGlite } = await packageOf<{ readonly PGlite: { create(folder: string): Promise<Pglite> } }>(PGLITE, "0.5");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = `lab ${realpathSync(folder)}`;
  const lock = takeLock({ kind: "lab", id, name: `the lab's folder ${folder}` }, "a lab", locks);
  try {
    const db = await PGlite.create(join(folder, "database"));
    const close = async () => {
      await db.close();
      lock.release();
    };
    return { db, close };
  } catch (error) {
    lock.release();
    throw new BenchError(
      `the lab's database in ${folder} cannot be opened: ${messageOf(error)}.`,
      "Restore a copy of it.",
    );
  }
}

async function packageOf<T>(name: string, release: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    const hint = `npm install pg-boss@12 @electric-sql/pglite@0.5 beside hil.`;
    throw new ConfigurationError(`a lab needs ${name} ${release}: ${messageOf(error)}.`, hint, { cause: error });
  }
}

function withoutPassword(text: string): string {
  return text.replaceAll(/(\w+:\/\/[^:@\s]*):[^@\s]*@/g, "$1:…@").replace(/\.$/, "");
}
