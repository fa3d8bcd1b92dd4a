import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Cleanup, type Clock, Listeners } from "../../core/index.ts";
import { BlobStore } from "../files/blobs.ts";
import { openEngine } from "../store/engine.ts";
import { migrate } from "../store/schema.ts";
import { ATTEMPT_REF, type AttemptRef } from "../wire/messages.ts";
import { Access } from "./access.ts";
import { LabDatabase } from "./database.ts";
import { declareBoards } from "./declare.ts";
import { Desk } from "./desk.ts";
import { DeskStream } from "./desk-stream.ts";
import { Dispatch } from "./dispatch.ts";
import { type Handlers, LabHttp } from "./http.ts";
import { LiveRuns } from "./live-runs.ts";
import { metricsText } from "./metrics.ts";
import { LabPages, type LabPagesCode } from "./pages.ts";
import { type LabParts, Refusal } from "./parts.ts";
import { listPools, removePool, setPool } from "./pools.ts";
import { keepRecord } from "./records.ts";
import { Schedules } from "./schedules.ts";

interface LabOptions {
  /** Everything that the lab keeps: database, contents, records. */
  readonly folder: string;
  /** PostgreSQL instead of PGlite in the folder. */
  readonly databaseUrl?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly locks: string;
  readonly clock: Clock;
  readonly now: () => Date;
  readonly hil: string;
  /** Code of the pages; without it the lab has its API alone. */
  readonly code?: LabPagesCode | undefined;
  readonly note: (text: string) => void;
}

/** A lab's server that runs. */
export interface Lab extends AsyncDisposable {
  readonly url: string;
  /** Folder of the records: `hil report FOLDER --lab`. */
  readonly records: string;
  readonly access: Access;
}

/**
 * Starts a lab: database, queue, API.
 * @throws ConfigurationError (Node, packages, port), BenchError (database, folder): nothing stays open then.
 */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { folder, clock, now, note } = options;
  const records = join(folder, "runs");
  mkdirSync(records, { recursive: true, mode: 0o700 });
  const closing = new Cleanup((step, error) => note(`${step} did not close: ${String(error)}`));
  try {
    const engine = closing.use(
      "database",
      await openEngine({ ...options, databaseUrl: options.databaseUrl, onTrouble: note }),
    );
    await migrate(engine);
    const db = new LabDatabase(engine);
    const blobs = new BlobStore(join(folder, "blobs"));
    const live = new LiveRuns(join(folder, "live"));
    const parts: LabParts = { db, boss: engine.boss, blobs, live, records, clock, now, note, changed: new Listeners() };
    const access = new Access(parts);
    const dispatch = new Dispatch(parts);
    await dispatch.open();
    const desk = new Desk(parts);
    const schedules = new Schedules(parts, desk);
    await schedules.open();
    const stop = new AbortController();
    const watching = dispatch.watch(stop.signal);
    closing.add("watch", () => {
      stop.abort();
      return watching;
    });
    const metrics = async () => metricsText(await desk.counts(), await desk.boards());
    const handlers = handlersOf({ parts, access, dispatch, desk, schedules });
    const stream = closing.use("pages", new DeskStream(parts, desk, schedules));
    const { code, hil } = options;
    const pages = code && new LabPages({ code, hil, parts, access, desk, stream });
    const http = closing.use("http", await LabHttp.open({ ...options, parts, access, handlers, metrics, pages }));
    return { url: http.url, records, access, [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose]() };
  } catch (error) {
    await closing[Symbol.asyncDispose]();
    throw error;
  }
}

function refOf(path: Readonly<Record<string, string>>): AttemptRef {
  const ref = ATTEMPT_REF.safeParse({ job: path["job"], attempt: Number(path["attempt"]) });
  if (!ref.success) throw new Refusal(404, "the lab knows of no such attempt.");
  return ref.data;
}

interface Served {
  readonly parts: LabParts;
  readonly access: Access;
  readonly dispatch: Dispatch;
  readonly desk: Desk;
  readonly schedules: Schedules;
}

function handlersOf({ parts, access, dispatch, desk, schedules }: Served): Handlers {
  const done = {};
  const audited = async (who: string, what: string) => parts.db.audit(parts.now(), who, what);
  return {
    boards: async () => [...(await desk.boards())],
    jobs: async ({ query }) => [...(await desk.jobs(query))],
    job: async ({ path, query, signal }) => desk.jobWhenOver(path["job"] ?? "", query, signal),
    me: async ({ caller: { name, role } }) => ({ name, role }),
    submission: async ({ path }) => desk.submission(path["job"] ?? ""),
    submit: async ({ caller, body }) => desk.submit(caller, body),
    cancel: async ({ caller, path }) => desk.cancel(caller, path["job"] ?? ""),
    missing: async ({ body }) =>
      body.sha256.flatMap((sha256) => {
        const have = parts.blobs.have(sha256);
        return have === "whole" ? [] : [{ sha256, have }];
      }),
    reserve: async ({ caller, path, body }) => desk.reserve(caller, path["board"] ?? "", body),
    unreserve: async ({ caller, path }) => desk.unreserve(caller, path["board"] ?? ""),
    ok: async ({ caller, path }) => desk.ok(caller, path["board"] ?? ""),
    schedules: async () => [...(await schedules.list())],
    addSchedule: async ({ caller, body }) => {
      await schedules.add(caller, body);
      return done;
    },
    removeSchedule: async ({ caller, path }) => {
      await schedules.remove(caller, path["name"] ?? "");
      return done;
    },
    pools: async () => listPools(parts),
    setPool: async ({ caller, body }) => {
      await setPool(parts, caller.name, body);
      return done;
    },
    removePool: async ({ caller, path }) => {
      await removePool(parts, caller.name, path["tag"] ?? "");
      return done;
    },
    tokens: async () => access.list(),
    addToken: async ({ caller, body }) => {
      const made = await access.add(body);
      await audited(caller.name, `token for ${body.name} (${body.role})`);
      return made;
    },
    removeToken: async ({ caller, path }) => {
      await access.remove(path["name"] ?? "");
      await audited(caller.name, `token of ${path["name"]} removed`);
      return done;
    },
    audit: async ({ query }) => desk.audit(query),
    declare: async ({ caller, body }) => declareBoards(parts, caller.name, body),
    next: async ({ caller, body, signal }) => [...(await dispatch.next(caller.name, body, signal))],
    beat: async ({ caller, body }) => dispatch.beat(caller.name, body.running),
    live: async ({ caller, path, body }) => dispatch.live(caller.name, refOf(path), body),
    start: async ({ caller, path }) => {
      await dispatch.start(caller.name, refOf(path));
      return done;
    },
    end: async ({ caller, path, body }) => {
      await dispatch.end(caller.name, refOf(path), body);
      return done;
    },
    record: async ({ caller, path, body }) => {
      await keepRecord(parts, caller.name, refOf(path), body);
      return done;
    },
  };
}
