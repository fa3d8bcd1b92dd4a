import { z } from "zod";
import { JOB_STATES } from "../rules/ends.ts";
import { tagTest } from "../rules/tags.ts";
import { BUNDLE_FILES, type Given, type Job, RUN_OPTIONS } from "../wire/messages.ts";

const time = z.date().nullable();

/** A row of lab.job. */
const JOB_ROW = z.object({
  id: z.string(),
  number: z.number(),
  who: z.string(),
  name: z.string(),
  scenario: z.string(),
  files: BUNDLE_FILES,
  board_tags: z.string(),
  priority: z.number(),
  labels: z.record(z.string(), z.string()),
  options: RUN_OPTIONS,
  state: z.enum(JOB_STATES),
  said: z.string(),
  board: z.string().nullable(),
  agent: z.string().nullable(),
  attempt: z.number(),
  engine_id: z.string().nullable(),
  not_on: z.array(z.string()),
  only_board: z.string().nullable(),
  cancel_asked: z.boolean(),
  submitted: time,
  started: time,
  ended: time,
  exit_code: z.number().nullable(),
  record: z.string().nullable(),
  batch: z.string().nullable(),
  batch_number: z.number().nullable(),
  batch_of: z.number().nullable(),
});
export type JobRow = z.output<typeof JOB_ROW>;

const BOARD_ROW = z.object({
  name: z.string(),
  agent: z.string(),
  tags: z.array(z.string()),
  state: z.string(),
  why: z.string(),
  lane: z.string().nullable(),
  instance: z.string().nullable(),
  wear: z.number(),
  infra_fails: z.number(),
  aside: z.string().nullable(),
  aside_since: time,
  state_since: time,
  last_run: time,
  seen: z.date(),
  reserved_by: z.string().nullable(),
  reserved_why: z.string().nullable(),
  reserved_since: time,
  reserved_until: time,
});
export type BoardRow = z.output<typeof BOARD_ROW>;

export const jobRow = (row: unknown): JobRow => JOB_ROW.parse(row);
export const boardRow = (row: unknown): BoardRow => BOARD_ROW.parse(row);

export const iso = (date: Date | null) => date?.toISOString() ?? null;

/** What a job wants of its board, in the words of `--on`. */
function onlyOn({ board_tags: tags, only_board: only }: JobRow): string {
  if (only === null) return tags;
  return tags === "" ? only : `${only}, as ${tags}`;
}

/** Whether a job may run on a board, whatever its state. */
export function fitsBoard(
  row: JobRow,
): (board: { readonly name: string; readonly tags: readonly string[] }) => boolean {
  const fits = tagTest(row.board_tags);
  return ({ name, tags }) => (row.only_board ?? name) === name && fits(new Set(tags));
}

/** Which of how many jobs for different boards it is. */
function batchOf({ batch: id, batch_number: number, batch_of: of }: JobRow): Job["batch"] | undefined {
  return id === null || number === null || of === null ? undefined : { id, number, of };
}

/** A job as it is told. */
export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    number: row.number,
    who: row.who,
    name: row.name,
    on: onlyOn(row),
    priority: row.priority,
    labels: row.labels,
    state: row.state,
    text: row.cancel_asked && row.state === "running" ? "it is told to stop" : row.said,
    board: row.board,
    batch: batchOf(row) ?? null,
    attempt: row.attempt,
    submitted: iso(row.submitted),
    started: iso(row.started),
    ended: iso(row.ended),
    exit: row.exit_code,
    record: row.record,
  };
}

/** A job as its agent gets it. */
export function givenOf(row: JobRow): Given {
  const { id: job, attempt, scenario, files, labels, options } = row;
  return { job, attempt, board: row.board ?? "", scenario, files, labels, options };
}
