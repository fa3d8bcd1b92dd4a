import type { LabPage } from "./lab-data.ts";
import type { PlotPage } from "./plot-data.ts";
import type { JudgedColumns } from "./row-columns.ts";
import type { RunPage } from "./run-page.ts";

/** The page's data. A reader of another schema says so instead of guessing. */
export const PAGE_SCHEMA = 2;

/** What the document holds: deflated (RFC 1951) JSON in base64, to be inflated by the page's code. */
export interface PageBlock {
  readonly schema: typeof PAGE_SCHEMA;
  readonly hil: string;
  /** `PageMain`. */
  readonly main: string;
  /** For each run its pieces of details (`DetailPiece`), in the order of its rows. */
  readonly details: readonly (readonly string[])[];
}

/** What every view of a page needs. */
export interface PageMain {
  readonly runs: readonly PackedRun[];
  readonly lab?: LabPage;
  readonly plots?: PlotPage;
}

/** A run whose verdicts stand in columns, without their details. */
export interface PackedRun extends Omit<RunPage, "judged"> {
  readonly judged: JudgedColumns;
}
