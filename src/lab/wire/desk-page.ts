/**
 * What the page of a lab shows, as data: the seam between the server and the page's code (web/). Cells are the words of
 * `words.ts`, harmless already; keys are names as they are, to be sent back and never shown.
 */
interface DeskRow {
  readonly key: string;
  readonly cells: readonly string[];
}

interface DeskBoard extends DeskRow {
  readonly state: string;
  /** Number of the job that runs. */
  readonly job: number | null;
  readonly isReserved: boolean;
  readonly isAside: boolean;
}

interface DeskJob extends DeskRow {
  readonly number: number;
  readonly state: string;
  readonly isOpen: boolean;
  readonly hasRecord: boolean;
}

export interface DeskPage {
  readonly boards: readonly DeskBoard[];
  readonly jobs: readonly DeskJob[];
  readonly schedules: readonly DeskRow[];
  readonly heads: Readonly<Record<"boards" | "jobs" | "schedules", readonly string[]>>;
  /** What whoever looks should know before it is too late. */
  readonly warnings: readonly string[];
}

/** Which job a run of the live cells is. */
export interface DeskRun {
  readonly run: number;
  readonly job: number;
}

/** Who has signed in. */
export interface DeskSession {
  readonly name: string;
  readonly role: string;
  readonly may: Readonly<Record<"submit" | "reserve" | "admin", boolean>>;
  /** Goes with each request that changes something: a page of another site does not know it. */
  readonly csrf: string;
}
