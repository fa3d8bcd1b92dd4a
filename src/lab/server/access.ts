import { createHash, randomBytes } from "node:crypto";
import { type Clock, LruCache } from "../../core/index.ts";
import type { LabRole } from "../wire/messages.ts";
import type { AnswerOf, Received } from "../wire/routes.ts";
import { type LabParts, Refusal } from "./parts.ts";

/** Who asks: the name of the token. */
export interface Caller {
  readonly name: string;
  readonly role: LabRole;
}

/** What a role may ask for, by the role that a route names. */
const MAY: Readonly<Record<LabRole, readonly LabRole[]>> = {
  view: ["view"],
  submit: ["view", "submit"],
  reserve: ["view", "submit", "reserve"],
  admin: ["view", "submit", "reserve", "admin"],
  agent: ["agent"],
};

/** Requests at once, and a second, of one token; and of one address without a token that is known. */
const KNOWN = { burst: 400, perSecond: 100 };
const UNKNOWN = { burst: 20, perSecond: 1 };
const ADDRESSES_MAX = 10_000;
/** Tokens that are remembered, and for how long: a database that was restored may not know one any more. */
const TOKENS_MAX = 1_000;
const REMEMBER_US = 10_000_000;

/** How a token begins: whoever finds one in a log knows what it is. */
const PREFIX = "hil_";
const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

/** Tokens and their roles. The database has their hashes only. */
export class Access {
  readonly #parts: Pick<LabParts, "db" | "now" | "clock">;
  #remembered = new LruCache<{ readonly row: Readonly<Record<string, unknown>>; readonly atUs: number }>(TOKENS_MAX);
  readonly #known: Buckets;
  readonly #unknown: Buckets;

  constructor(parts: Pick<LabParts, "db" | "now" | "clock">) {
    this.#parts = parts;
    this.#known = new Buckets(KNOWN, parts.clock);
    this.#unknown = new Buckets(UNKNOWN, parts.clock);
  }

  /**
   * @param address where the request comes from.
   * @throws Refusal: 401 for no token that is known, 429 for too many requests.
   */
  async caller(authorization: string | undefined, address: string): Promise<Caller> {
    return this.callerOf(tokenHashOf(authorization), address);
  }

  /** The same by the token's hash. @param hash undefined where no token came. */
  async callerOf(hash: string | undefined, address: string): Promise<Caller> {
    const [row] = hash === undefined ? [] : await this.#tokens(hash);
    if (row === undefined) {
      if (!this.#unknown.take(address)) throw new Refusal(429, "too many requests without a token.");
      throw new Refusal(
        401,
        "this token is not known here.",
        "Set HIL_LAB_TOKEN to one that `hil lab token add` made.",
      );
    }
    const caller = { name: String(row["name"]), role: String(row["role"]) as LabRole };
    if (!this.#known.take(caller.name)) throw new Refusal(429, `too many requests of ${caller.name}.`);
    return caller;
  }

  /** Every request asks for its token; the database is asked for the same one again after a while only. */
  async #tokens(hash: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { db, clock } = this.#parts;
    const before = this.#remembered.get(hash);
    if (before !== undefined && clock.nowUs() - before.atUs < REMEMBER_US) return [before.row];
    const rows = await db.query("select name, role from lab.token where hash = $1", [hash]);
    const [row] = rows;
    if (row !== undefined) this.#remembered.set(hash, { row, atUs: clock.nowUs() });
    return rows;
  }

  /** @throws Refusal 403. */
  require(caller: Caller, roles: readonly LabRole[]): void {
    if (roles.some((role) => MAY[caller.role].includes(role))) return;
    throw new Refusal(403, `${caller.name} has the role ${caller.role}; this is for ${roles.join(" and ")}.`);
  }

  /** Makes a token; a name that has one gets no second. @throws Refusal 409. */
  async add({ name, role }: Received<"addToken">): Promise<AnswerOf<"addToken">> {
    const token = `${PREFIX}${randomBytes(32).toString("base64url")}`;
    const [row] = await this.#parts.db.query(
      "insert into lab.token (name, role, hash, made) values ($1, $2, $3, $4) on conflict do nothing returning name",
      [name, role, hashOf(token), this.#parts.now()],
    );
    if (row === undefined)
      throw new Refusal(409, `${name} has a token already.`, "Remove it first: hil lab token remove.");
    return { token };
  }

  async remove(name: string): Promise<void> {
    this.#remembered = new LruCache(TOKENS_MAX);
    const [row] = await this.#parts.db.query("delete from lab.token where name = $1 returning name", [name]);
    if (row === undefined) throw new Refusal(404, `nobody here is called "${name.slice(0, 80)}".`);
  }

  async list(): Promise<AnswerOf<"tokens">> {
    const rows = await this.#parts.db.query("select name, role from lab.token order by name");
    return rows.map(({ name, role }) => ({ name: String(name), role: String(role) as LabRole }));
  }
}

/** SHA-256 of the token of a request's `authorization`; undefined where there is none. */
export function tokenHashOf(authorization: string | undefined): string | undefined {
  const token = /^Bearer (\S{1,200})$/.exec(authorization ?? "")?.[1];
  return token === undefined ? undefined : hashOf(token);
}

/** Tokens in the other sense: so many requests, refilled as time goes. */
export class Buckets {
  readonly #rate: { readonly burst: number; readonly perSecond: number };
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #left = new LruCache<{ readonly left: number; readonly atUs: number }>(ADDRESSES_MAX);

  constructor(rate: { readonly burst: number; readonly perSecond: number }, clock: Pick<Clock, "nowUs">) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** False when there is none left. */
  take(key: string): boolean {
    const { burst, perSecond } = this.#rate;
    const atUs = this.#clock.nowUs();
    const before = this.#left.get(key) ?? { left: burst, atUs };
    const left = Math.min(burst, before.left + ((atUs - before.atUs) / 1_000_000) * perSecond);
    this.#left.set(key, { left: left < 1 ? left : left - 1, atUs });
    return left >= 1;
  }
}
