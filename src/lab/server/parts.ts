import type { Clock, Listeners } from "../../core/index.ts";
import type { BlobStore } from "../files/blobs.ts";
import type { Boss } from "../store/engine.ts";
import type { LabDatabase } from "./database.ts";
import type { LiveRuns } from "./live-runs.ts";

/** What the parts of a lab's server share. */
export interface LabParts {
  readonly db: LabDatabase;
  readonly boss: Boss;
  readonly blobs: BlobStore;
  /** What is known of runs that somebody looks at. */
  readonly live: LiveRuns;
  /** Folder of the records. */
  readonly records: string;
  readonly clock: Clock;
  /** The lab's wall clock: the only one whose times are kept. */
  readonly now: () => Date;
  /** Ids of jobs that changed. */
  readonly changed: Listeners<string>;
  /** What whoever looks after the lab should read. */
  readonly note: (text: string) => void;
}

/** A request that the lab refuses: the status of HTTP, why, and what to do. */
export class Refusal extends RangeError {
  readonly status: number;
  readonly hint: string;

  constructor(status: number, message: string, hint = "") {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}
