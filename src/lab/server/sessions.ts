import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Clock, LruCache } from "../../core/index.ts";
import type { Caller } from "./access.ts";
import { Refusal } from "./parts.ts";

/** How long somebody stays signed in, in seconds. */
const SESSION_S = 12 * 3600;
const SESSIONS_MAX = 1_000;
/** The head that brings what only the lab's own page knows. */
const CSRF_HEAD = "x-hil-csrf";

export interface Session {
  readonly csrf: string;
  /** SHA-256 of the token: a token that is taken back ends its sessions. */
  readonly tokenHash: string;
  readonly untilUs: number;
}

/**
 * Browsers that have signed in. They have a cookie that no script reads and no page of another site sends; what changes
 * something must bring a second secret, which only the lab's own page has. They end with the server.
 */
export class Sessions {
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #cookie: string;
  readonly #open = new LruCache<Session | undefined>(SESSIONS_MAX);

  /** @param lab what tells this lab from another one of the same host: cookies know no ports. */
  constructor(clock: Pick<Clock, "nowUs">, lab: string) {
    this.#clock = clock;
    this.#cookie = `hil_lab_${createHash("sha256").update(lab).digest("hex").slice(0, 8)}`;
  }

  /** @returns the session, and its cookie: for the folder of the page, whatever a proxy calls that. */
  begin(tokenHash: string, request: IncomingMessage): { readonly session: Session; readonly cookie: string } {
    const [id, csrf] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
    const session: Session = { csrf, tokenHash, untilUs: this.#clock.nowUs() + SESSION_S * 1_000_000 };
    this.#open.set(keyOf(id), session);
    return { session, cookie: this.#cookieOf(id, SESSION_S, request) };
  }

  /** Ends a session. @returns the cookie that takes the other one away. */
  end(request: IncomingMessage): string {
    const id = this.#idOf(request);
    if (id !== undefined) this.#open.set(keyOf(id), undefined);
    return this.#cookieOf("", 0, request);
  }

  of(request: IncomingMessage): Session | undefined {
    const id = this.#idOf(request);
    const session = id === undefined ? undefined : this.#open.get(keyOf(id));
    return session !== undefined && session.untilUs > this.#clock.nowUs() ? session : undefined;
  }

  #idOf({ headers }: IncomingMessage): string | undefined {
    const pairs = (headers.cookie ?? "").split(/; */).map((pair) => pair.split("="));
    return pairs.find(([name]) => name === this.#cookie)?.[1];
  }

  #cookieOf(value: string, seconds: number, { headers }: IncomingMessage): string {
    // A proxy with TLS says so; whoever makes that up makes the own cookie stricter.
    const secure = headers["x-forwarded-proto"] === "https" ? "; Secure" : "";
    return `${this.#cookie}=${value}; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
  }
}

const keyOf = (id: string) => createHash("sha256").update(id).digest("hex");

/** @throws Refusal 403 for a change that a page of somebody else's may have asked for. */
export function requireOwnPage({ csrf }: Session, request: IncomingMessage): void {
  const { method = "GET", headers } = request;
  if (method === "GET" || method === "HEAD") return;
  requireSameSite(request);
  const given = headers[CSRF_HEAD];
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (typeof given === "string" && timingSafeEqual(digest(given), digest(csrf))) return;
  throw new Refusal(403, "this does not come from the lab's own page.", "Load the page again.");
}

/** Browsers say where a request comes from. @throws Refusal 403 for another site. */
export function requireSameSite({ headers }: IncomingMessage): void {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return;
  throw new Refusal(403, "this comes from a page of another site.");
}

/** What a role may do on the page; who it refuses, the API refuses. */
export function mayOf({ role }: Caller): Readonly<Record<"submit" | "reserve" | "admin", boolean>> {
  const isAdmin = role === "admin";
  return {
    submit: isAdmin || role === "submit" || role === "reserve",
    reserve: isAdmin || role === "reserve",
    admin: isAdmin,
  };
}
