import { z } from "zod";
import {
  ATTEMPT_REF,
  CALLER,
  DECLARED_BOARD,
  END,
  FILE_BYTES_MAX,
  GIVEN,
  JOB,
  LAB_BOARD,
  type LabRole,
  lineOf,
  NEW_SCHEDULE,
  nameText,
  RECORD,
  ROLES,
  SCHEDULE,
  SUBMISSION,
  sha256,
  tagText,
} from "./messages.ts";

/** Longest reservation, in seconds: 30 days. */
const RESERVE_S_MAX = 30 * 86_400;
const BOARDS_MAX = 200;
const HASHES_MAX = 20_000;
/** Of one piece of a run's events, in base64. */
const LIVE_CHARS_MAX = 400_000;

interface RouteRow {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `:name` for what stands there. */
  readonly path: `/api/${string}`;
  /** Who may ask; an admin may everything but be an agent. */
  readonly roles: readonly LabRole[];
  readonly about: string;
  readonly query?: z.ZodObject;
  readonly request?: z.ZodType;
  readonly answer: z.ZodType;
}

const nothing = z.strictObject({});
const POOL = z.strictObject({ tag: tagText, most: z.int().min(1).max(BOARDS_MAX) });
/** Which process of an agent asks: two with one token are two hosts, or a mistake. */
const instance = z.string().max(64).default("");
const running = z.array(ATTEMPT_REF).max(BOARDS_MAX).default([]);
/** Who may bring contents: submitters their inputs, agents their records. */
export const SENDERS = ["submit", "agent"] as const satisfies readonly LabRole[];
const attemptPath = "/api/jobs/:job/attempts/:attempt" as const;

/** The lab's API. The server serves these rows, the client calls them, and OpenAPI is made from them. */
export const ROUTES = {
  boards: {
    method: "GET",
    path: "/api/boards",
    roles: ["view"],
    about: "All boards: state, why, job, reservation.",
    answer: z.array(LAB_BOARD),
  },
  jobs: {
    method: "GET",
    path: "/api/jobs",
    roles: ["view"],
    about: "Jobs, newest first; open ones only, or all.",
    query: z.strictObject({
      open: z.enum(["true", "false"]).default("false"),
      limit: z.coerce.number().int().min(1).max(5_000).default(200),
    }),
    answer: z.array(JOB),
  },
  job: {
    method: "GET",
    path: "/api/jobs/:job",
    roles: ["view"],
    about: "One job.",
    query: z.strictObject({
      /** Answers when the job has ended, or after so many seconds. */
      wait: z.coerce.number().int().min(0).max(25).default(0),
    }),
    answer: JOB,
  },
  me: { method: "GET", path: "/api/me", roles: ["view"], about: "Whose token this is.", answer: CALLER },
  submission: {
    method: "GET",
    path: "/api/jobs/:job/submission",
    roles: ["submit"],
    about: "A job as it was submitted: to submit it again, or to schedule it.",
    answer: SUBMISSION,
  },
  submit: {
    method: "POST",
    path: "/api/jobs",
    roles: ["submit"],
    about: "A job: its files must have been sent before.",
    request: SUBMISSION,
    answer: JOB,
  },
  cancel: {
    method: "POST",
    path: "/api/jobs/:job/cancel",
    roles: ["submit"],
    about: "Cancels a job: of one's own, or, as an admin, of anybody.",
    request: nothing,
    answer: JOB,
  },
  missing: {
    method: "POST",
    path: "/api/blobs/missing",
    roles: SENDERS,
    about: "Which of these contents the lab does not have, and how many bytes of them it has.",
    request: z.strictObject({ sha256: z.array(sha256).max(HASHES_MAX) }),
    answer: z.array(z.object({ sha256, have: z.int().min(0).max(FILE_BYTES_MAX) })),
  },
  reserve: {
    method: "POST",
    path: "/api/boards/:board/reserve",
    roles: ["reserve"],
    about: "Takes a board off the queue for a time; a job that runs on it goes on.",
    request: z.strictObject({ seconds: z.int().min(1).max(RESERVE_S_MAX), why: lineOf(200) }),
    answer: LAB_BOARD,
  },
  unreserve: {
    method: "POST",
    path: "/api/boards/:board/unreserve",
    roles: ["reserve"],
    about: "Gives a board back.",
    request: nothing,
    answer: LAB_BOARD,
  },
  ok: {
    method: "POST",
    path: "/api/boards/:board/ok",
    roles: ["reserve"],
    about: "Says that a board that was set aside is good again.",
    request: nothing,
    answer: LAB_BOARD,
  },
  schedules: {
    method: "GET",
    path: "/api/schedules",
    roles: ["view"],
    about: "Jobs that come by themselves.",
    answer: z.array(SCHEDULE),
  },
  addSchedule: {
    method: "POST",
    path: "/api/schedules",
    roles: ["submit"],
    about: "Adds a schedule, or replaces one's own: cron in a time zone, one job or one for each board that fits.",
    request: NEW_SCHEDULE,
    answer: nothing,
  },
  removeSchedule: {
    method: "DELETE",
    path: "/api/schedules/:name",
    roles: ["submit"],
    about: "Takes a schedule away: one's own, or, as an admin, anybody's.",
    answer: nothing,
  },
  pools: {
    method: "GET",
    path: "/api/pools",
    roles: ["view"],
    about: "How many boards with a tag may run at once.",
    answer: z.array(POOL),
  },
  setPool: {
    method: "PUT",
    path: "/api/pools",
    roles: ["admin"],
    about: "Sets how many boards with a tag may run at once; what runs goes on.",
    request: POOL,
    answer: nothing,
  },
  removePool: {
    method: "DELETE",
    path: "/api/pools/:tag",
    roles: ["admin"],
    about: "Lets boards with a tag run all at once again.",
    answer: nothing,
  },
  tokens: {
    method: "GET",
    path: "/api/tokens",
    roles: ["admin"],
    about: "Who has a token: names and roles.",
    answer: z.array(z.object({ name: nameText, role: z.enum(ROLES) })),
  },
  addToken: {
    method: "POST",
    path: "/api/tokens",
    roles: ["admin"],
    about: "Makes a token. It is told this once: the lab keeps its hash only.",
    request: z.strictObject({ name: nameText, role: z.enum(ROLES) }),
    answer: z.object({ token: z.string() }),
  },
  removeToken: {
    method: "DELETE",
    path: "/api/tokens/:name",
    roles: ["admin"],
    about: "Takes a token back.",
    answer: nothing,
  },
  audit: {
    method: "GET",
    path: "/api/audit",
    roles: ["admin"],
    about: "Who did what, newest first.",
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(5_000).default(200) }),
    answer: z.array(z.object({ at: z.string(), who: z.string(), what: z.string() })),
  },
  declare: {
    method: "PUT",
    path: "/api/agent/boards",
    roles: ["agent"],
    about: "The boards of this agent's host, all of them. One that another agent has is refused.",
    request: z.strictObject({ boards: z.array(DECLARED_BOARD).max(BOARDS_MAX), instance }),
    answer: z.object({ refused: z.array(z.object({ name: nameText, why: z.string() })) }),
  },
  next: {
    method: "POST",
    path: "/api/agent/next",
    roles: ["agent"],
    about: "Work for boards that are free: answers when there is some, or after `wait` seconds with none.",
    request: z.strictObject({
      free: z.array(nameText).max(BOARDS_MAX),
      instance,
      /** What this agent knows of already. */
      running,
      wait: z.int().min(0).max(25).default(20),
    }),
    answer: z.array(GIVEN),
  },
  beat: {
    method: "POST",
    path: "/api/agent/beat",
    roles: ["agent"],
    about: "These run still. Says which of them to stop or nobody waits for any more, and which somebody looks at.",
    request: z.strictObject({ running }),
    answer: z.object({
      stop: z.array(ATTEMPT_REF),
      /** With the bytes of its events that the lab has. */
      watched: z.array(ATTEMPT_REF.extend({ have: z.int().min(0) })).default([]),
    }),
  },
  live: {
    method: "POST",
    path: `${attemptPath}/live`,
    roles: ["agent"],
    about: "What was written to its events, for those who look while it goes on. Answers how much the lab has.",
    request: z.strictObject({ at: z.int().min(0).max(FILE_BYTES_MAX), data: z.base64().max(LIVE_CHARS_MAX) }),
    answer: z.object({ have: z.int() }),
  },
  start: {
    method: "POST",
    path: `${attemptPath}/start`,
    roles: ["agent"],
    about: "It begins now: asked before a board is touched, and refused when it is another's by now.",
    request: nothing,
    answer: nothing,
  },
  end: {
    method: "POST",
    path: `${attemptPath}/end`,
    roles: ["agent"],
    about: "How it ended. Said again, it changes nothing.",
    request: END,
    answer: nothing,
  },
  record: {
    method: "POST",
    path: `${attemptPath}/record`,
    roles: ["agent"],
    about: "Its record is whole: all its files have been sent. Answers when the lab has laid it down.",
    request: RECORD,
    answer: nothing,
  },
} as const satisfies Readonly<Record<string, RouteRow>>;

export type RouteName = keyof typeof ROUTES;
type RowOf<N extends RouteName> = (typeof ROUTES)[N];
/** What a caller sends, and what a handler gets. */
export type Asked<N extends RouteName> =
  RowOf<N> extends { request: infer S extends z.ZodType } ? z.input<S> : undefined;
export type Received<N extends RouteName> =
  RowOf<N> extends { request: infer S extends z.ZodType } ? z.output<S> : undefined;
export type QueryOf<N extends RouteName> =
  RowOf<N> extends { query: infer S extends z.ZodType } ? z.output<S> : undefined;
export type AnswerOf<N extends RouteName> = z.output<RowOf<N>["answer"]>;

const isRouteName = (name: string): name is RouteName => Object.hasOwn(ROUTES, name);

/** The rows as the server and OpenAPI walk them. */
export const ROUTE_ROWS = Object.keys(ROUTES)
  .filter(isRouteName)
  .map((name): readonly [RouteName, RouteRow] => [name, ROUTES[name]]);
