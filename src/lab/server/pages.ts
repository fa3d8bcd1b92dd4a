import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { z } from "zod";
import { entryAt, isHilError, LruCache, messageOf } from "../../core/index.ts";
import {
  deskDocument,
  type LabPage,
  labPage,
  livePageDocument,
  type PageCode,
  pageDocument,
  recordedRun,
  runsIn,
} from "../../report/index.ts";
import { isOpen } from "../rules/ends.ts";
import type { DeskSession } from "../wire/desk-page.ts";
import { type Access, type Caller, tokenHashOf } from "./access.ts";
import type { Desk } from "./desk.ts";
import type { DeskStream } from "./desk-stream.ts";
import { type LabParts, Refusal } from "./parts.ts";
import { mayOf, requireOwnPage, requireSameSite, type Session, Sessions } from "./sessions.ts";

/** Nights on the page of the lab. */
const NIGHTS = 30;
/** The index of the records is looked through again after so long, in microseconds. */
const HISTORY_US = 10_000_000;
/** Pages of records that are kept: each may have some megabytes. */
const DOCUMENTS_MAX = 4;

/** The code of the pages, as `npm run build` leaves it. */
export interface LabPagesCode {
  /** Boards, queue, schedules, history. */
  readonly desk: PageCode;
  /** A run that goes on. */
  readonly live: PageCode;
  /** A run that has ended. */
  readonly report: PageCode;
}

interface Options {
  readonly code: LabPagesCode;
  readonly hil: string;
  readonly parts: LabParts;
  readonly access: Access;
  readonly desk: Desk;
  readonly stream: DeskStream;
}

const SIGN_IN = z.strictObject({ token: z.string().min(1).max(200) });

/** The lab in a browser. All its addresses are relative: it does not know what a proxy calls its place. */
export class LabPages {
  readonly #options: Options;
  readonly #sessions: Sessions;
  readonly #documents = new LruCache<string>(DOCUMENTS_MAX);
  #history: { readonly atUs: number; readonly page: LabPage } | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#sessions = new Sessions(options.parts.clock, options.parts.records);
  }

  /**
   * Who asks, where the request brings a session instead of a token; undefined where it brings none.
   * @throws Refusal 403 for a change that does not come from the lab's own page; 401 for a token that was taken back.
   */
  async caller(request: IncomingMessage): Promise<Caller | undefined> {
    const session = this.#sessions.of(request);
    if (session === undefined) return undefined;
    requireOwnPage(session, request);
    return this.#callerOf(session, request);
  }

  /** Answers where an address is a page's. @returns false where it is not. @throws Refusal. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string, body: Body): Promise<boolean> {
    if (path === "/session") {
      await this.#session(request, response, body);
      return true;
    }
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    const { code, hil } = this.#options;
    if (path === "/") {
      // Whoever has not signed in sees where to do so, and nothing else.
      page(response, deskDocument(code.desk, hil));
      return true;
    }
    const [, job, events] = /^\/jobs\/(\d{1,9})\/(events)?$/.exec(path) ?? [];
    const [, record] = /^\/records\/([A-Za-z0-9][\w.-]{0,120})\/$/.exec(path) ?? [];
    if (path !== "/events" && path !== "/history.json" && job === undefined && record === undefined) return false;
    const session = this.#sessions.of(request);
    const caller = session && (await this.#callerOf(session, request).catch(() => undefined));
    if (session === undefined || caller === undefined) {
      toSignIn(request, response, path);
      return true;
    }
    this.#options.access.require(caller, ["view"]);
    if (path === "/events" || events !== undefined) await this.#events(request, response, session, job);
    else if (path === "/history.json") json(response, this.#labPage());
    else if (job !== undefined) await this.#job(response, job);
    else page(response, this.#record(record ?? ""));
    return true;
  }

  #callerOf({ tokenHash }: Session, request: IncomingMessage): Promise<Caller> {
    return this.#options.access.callerOf(tokenHash, addressOf(request));
  }

  async #session(request: IncomingMessage, response: ServerResponse, body: Body): Promise<void> {
    const { access } = this.#options;
    switch (request.method) {
      case "GET": {
        const session = this.#sessions.of(request);
        if (session === undefined) throw new Refusal(401, "nobody has signed in.");
        return json(response, sessionOf(await this.#callerOf(session, request), session));
      }
      case "POST": {
        requireSameSite(request);
        const asked = SIGN_IN.safeParse(await body());
        if (!asked.success) throw new Refusal(400, "the request has no token.");
        const { token } = asked.data;
        const caller = await access.caller(`Bearer ${token}`, addressOf(request));
        access.require(caller, ["view"]);
        const { session, cookie } = this.#sessions.begin(tokenHashOf(`Bearer ${token}`) ?? "", request);
        return json(response, sessionOf(caller, session), cookie);
      }
      case "DELETE": {
        const session = this.#sessions.of(request);
        if (session !== undefined) requireOwnPage(session, request);
        return json(response, {}, this.#sessions.end(request));
      }
      default:
        throw new Refusal(405, "GET, POST or DELETE.");
    }
  }

  async #events(
    request: IncomingMessage,
    response: ServerResponse,
    session: Session,
    number: string | undefined,
  ): Promise<void> {
    const { stream, desk } = this.#options;
    const only = number === undefined ? undefined : (await desk.job(number)).id;
    // A proxy that gathers answers before it passes them on is told not to.
    response.writeHead(200, {
      ...PAGE_HEADERS,
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
    });
    stream.watch(response, () => this.#callerOf(session, request), only);
  }

  /** A job's run while it goes on, its record afterwards. */
  async #job(response: ServerResponse, number: string): Promise<void> {
    const { code, hil, desk } = this.#options;
    const { state, record } = await desk.job(number);
    page(response, record !== null && !isOpen(state) ? this.#record(record) : livePageDocument(code.live, hil));
  }

  #record(name: string): string {
    const { parts, code, hil } = this.#options;
    const path = join(parts.records, name);
    if (entryAt(path)?.isDirectory() !== true) throw new Refusal(404, "the lab has no record of that name.");
    try {
      return this.#documents.of(name, () => pageDocument([recordedRun(name, path)], code.report, hil));
    } catch (error) {
      if (!isHilError(error)) throw error;
      throw new Refusal(404, `the record cannot be shown: ${messageOf(error)}`);
    }
  }

  #labPage(): LabPage {
    const { parts } = this.#options;
    const atUs = parts.clock.nowUs();
    if (this.#history !== undefined && atUs - this.#history.atUs < HISTORY_US) return this.#history.page;
    const { lines, unfinished, unread } = runsIn(parts.records);
    const page = labPage(lines, {
      ...{ folder: "runs", nights: NIGHTS, unfinished, unread: unread.map(({ id }) => id) },
      pageOf: (run) => `records/${encodeURIComponent(run)}/`,
    });
    this.#history = { atUs, page };
    return page;
  }
}

/** Reads what a request brings, as JSON. */
type Body = () => Promise<unknown>;

function sessionOf(caller: Caller, { csrf }: Session): DeskSession {
  return { name: caller.name, role: caller.role, may: mayOf(caller), csrf };
}

const addressOf = (request: IncomingMessage) => request.socket.remoteAddress ?? "";

const PAGE_HEADERS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** A document brings its own policy; a frame can be forbidden in the head of the answer alone. */
function page(response: ServerResponse, html: string): void {
  response.writeHead(200, {
    ...PAGE_HEADERS,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "frame-ancestors 'none'",
  });
  response.end(html);
}

function json(response: ServerResponse, value: unknown, cookie?: string): void {
  response.writeHead(200, {
    ...PAGE_HEADERS,
    "content-type": "application/json; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    ...(cookie !== undefined && { "set-cookie": cookie }),
  });
  response.end(JSON.stringify(value));
}

/** Pages lead to where one signs in; what a page asks for itself is refused. @throws Refusal 401. */
function toSignIn({ headers }: IncomingMessage, response: ServerResponse, path: string): void {
  if (!(headers.accept ?? "").includes("text/html")) throw new Refusal(401, "nobody has signed in.");
  const up = "../".repeat(path.split("/").length - 2);
  response.writeHead(303, { ...PAGE_HEADERS, location: up === "" ? "./" : up }).end();
}
