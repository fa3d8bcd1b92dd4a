/**
 * What a page that watches a run is told, piece by piece: the seam between src/report/live and the page's code (web/).
 * Rows and texts only ever grow, so a page that has so many of them asks for those behind: no queue is kept for it.
 */
import type { JudgedRow, RunPage } from "../page/run-page.ts";
import type { RunStatus } from "../run-status.ts";

/** A run's page without what grows, and without what only its end shows. */
export type LiveHead = Omit<RunPage, "texts" | "judged" | "inputs" | "current" | "flashWear" | "model">;

export interface LiveStep {
  /** Which run of the page, from 0: the order in which they began. */
  readonly run: number;
  /** A page begins anew with this run: what it had of it is of another connection. */
  readonly reset?: true;
  readonly texts: readonly string[];
  readonly judged: readonly JudgedRow[];
  /** Where it changed since the last step. */
  readonly head?: LiveHead | undefined;
  readonly status: RunStatus;
  /** New lines of the UART, the newest last; lines that came faster than a page takes them are left out. */
  readonly tail: readonly string[];
}

/** A run has ended: its page, as `hil report` has it. */
export interface LiveEnd {
  readonly run: number;
  readonly page: RunPage;
}
