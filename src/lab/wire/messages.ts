import { z } from "zod";
import { JOB_STATES } from "../rules/ends.ts";

/** Of names, reasons and the like: one line, without control characters. */
export const lineOf = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[^\p{Cc}\u2028\u2029]+$/u, "expected one line without control characters");
export const nameText = lineOf(80);
const name = nameText;

export const ROLES = ["view", "submit", "reserve", "admin", "agent"] as const;
export type LabRole = (typeof ROLES)[number];
const optionalText = z.string().max(2_000);
const when = z.string().max(40).nullable();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected SHA-256 as 64 digits of hex");

/** The path of a file in a bundle: relative, no way out of it. */
export const bundlePath = z
  .string()
  .min(1)
  .max(400)
  .regex(/^(?!\/)[^\p{Cc}\\:]+$/u, "expected a relative path with /")
  .refine((path) => path.split("/").every((part) => part !== "" && part !== "." && part !== ".."), {
    message: "leads out of its folder",
  });

/** Of one file, and of all files of a job or a record. */
export const FILE_BYTES_MAX = 1024 * 1024 * 1024;
const INPUT_FILES_MAX = 200;
const RECORD_FILES_MAX = 20_000;
/** Boards that one submission may ask for. */
export const BATCH_MAX = 200;

const file = z.strictObject({ path: bundlePath, bytes: z.int().min(0).max(FILE_BYTES_MAX), sha256 });
export type BundleFile = z.output<typeof file>;
export const BUNDLE_FILES = z.array(file);

/** What of `hil run`'s options a submitter may choose: nothing that names a program, file or address of the host. */
export const RUN_OPTIONS = z.strictObject({
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  cuts: z.int().min(0).max(100_000).optional(),
  maxDuration: z
    .string()
    .regex(/^\d{1,6}(ms|s|m|h)$/, "expected a duration like 90s, 10m or 2h")
    .optional(),
  failFast: z.boolean().optional(),
});

/** Which of how many jobs one is that are submitted as one. */
const batch = z.strictObject({
  id: z.uuid(),
  number: z.int().min(1).max(BATCH_MAX),
  of: z.int().min(1).max(BATCH_MAX),
});

export const SUBMISSION = z.strictObject({
  /** Path of the scenario among the files. */
  scenario: bundlePath,
  /** Its name, for people. */
  name,
  files: z.array(file).min(1).max(INPUT_FILES_MAX),
  on: z.string().max(500).default(""),
  /** This board and no other; it must fit `on`, too. */
  board: name.optional(),
  /** Jobs of one batch run on different boards. */
  batch: batch.optional(),
  priority: z.int().min(-100).max(100).default(0),
  labels: z.record(z.string().regex(/^[A-Za-z0-9][\w.-]{0,39}$/), lineOf(200)).default({}),
  options: RUN_OPTIONS.default({}),
});
export type Submission = z.input<typeof SUBMISSION>;

/** cron has five fields; a sixth, of seconds, would be more than a lab's queue looks at. */
const cron = z
  .string()
  .max(100)
  .regex(/^\S+(\s+\S+){4}$/, "expected five fields: minute hour day month weekday");
export const SCHEDULE = z.object({
  name,
  cron,
  timeZone: z.string().regex(/^[\w+/-]{1,60}$/, "expected a time zone like Europe/Berlin"),
  who: name,
  scenario: name,
  /** A job for each board that fits, not one for any of them. */
  allBoards: z.boolean(),
  last: when,
});
export type Schedule = z.output<typeof SCHEDULE>;
export const NEW_SCHEDULE = SCHEDULE.pick({ name: true, cron: true, timeZone: true, allBoards: true })
  .extend({ job: SUBMISSION })
  .strict();

export const JOB = z.object({
  id: z.uuid(),
  number: z.int(),
  who: name,
  name,
  on: z.string(),
  priority: z.int(),
  labels: z.record(z.string(), z.string()),
  state: z.enum(JOB_STATES),
  /** What to know of its state: why it waits, how it ended. */
  text: optionalText,
  board: name.nullable(),
  /** Which of how many, where it was submitted for several boards. */
  batch: batch.nullable(),
  attempt: z.int().min(0),
  submitted: when,
  started: when,
  ended: when,
  exit: z.int().nullable(),
  /** The folder of its last record in the lab's `records`, once it is there whole. */
  record: z.string().nullable(),
});
export type Job = z.output<typeof JOB>;

export const tagText = z.string().regex(/^[\w.:+-]{1,60}$/, "expected a tag: letters, digits, and . : + - _");
const BOARD_STATES = ["free", "busy", "bad", "gone"] as const;

/** A board as its agent sees it. */
export const DECLARED_BOARD = z.strictObject({
  name,
  tags: z.array(tagText).max(40),
  state: z.enum(BOARD_STATES),
  /** Why it is not free. */
  why: optionalText.default(""),
  /** Boards of one lane never run at once. */
  lane: lineOf(200).optional(),
  /** Erase cycles that the most worn page of its flash has spent. */
  wear: z.int().min(0).default(0),
});
export type DeclaredBoard = z.input<typeof DECLARED_BOARD>;

export const LAB_BOARD = z.object({
  name,
  agent: name,
  tags: z.array(z.string()),
  /** In the words that page and command line show. */
  state: z.string(),
  why: z.string(),
  /** Since when it is so, where that is known. */
  since: when,
  job: JOB.nullable(),
  /** Of the jobs that wait, the one that would begin here next. */
  next: z.object({ number: z.int(), name, who: name }).nullable(),
  reserved: z
    .object({
      who: name,
      why: z.string(),
      until: z.string(),
      /** It ends within minutes: whoever holds it is told. */
      endsSoon: z.boolean(),
    })
    .nullable(),
  lastRun: when,
  seen: when,
});
export type LabBoard = z.output<typeof LAB_BOARD>;

/** A try of a job on a board: what an agent is given. */
export const GIVEN = z.object({
  job: z.uuid(),
  attempt: z.int().min(1),
  board: name,
  scenario: bundlePath,
  files: z.array(file),
  labels: z.record(z.string(), z.string()),
  options: RUN_OPTIONS,
});
export type Given = z.output<typeof GIVEN>;

/** Who asks. */
export const CALLER = z.object({ name, role: z.enum(ROLES) });

export const ATTEMPT_REF = z.strictObject({ job: z.uuid(), attempt: z.int().min(1) });
export type AttemptRef = z.output<typeof ATTEMPT_REF>;

export const END = z.strictObject({
  /** Exit code of `hil run`; null when nobody saw it. */
  exit: z.int().min(0).max(255).nullable(),
  text: optionalText.default(""),
});

export const RECORD = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,80}$/),
  files: z.array(file).min(1).max(RECORD_FILES_MAX),
});
