import { EXIT } from "../../core/index.ts";

export const JOB_STATES = [
  "waiting",
  "given",
  "running",
  "passed",
  "failed",
  "refused",
  "bench failed",
  "interrupted",
  "cancelled",
  "lost",
] as const;
type JobState = (typeof JOB_STATES)[number];

/** States of a job that has no board yet, or has one. */
export const OPEN_STATES = ["waiting", "given", "running"] as const satisfies readonly JobState[];

/** Whether a job has not ended. */
export const isOpen = (state: JobState): boolean => OPEN_STATES.some((open) => open === state);

interface EndRow {
  /** Exit code of `hil run`; null: nobody saw it. */
  readonly exit: number | null;
  readonly state: JobState;
  /** The bench's fault: the job may be run on another board, and the board is counted. */
  readonly isInfra: boolean;
}

/** What the exit code of `hil run` makes of a job. Source: docs/architecture.md, exit codes. */
const ENDS: readonly EndRow[] = [
  { exit: EXIT.pass, state: "passed", isInfra: false },
  { exit: EXIT.failed, state: "failed", isInfra: false },
  { exit: EXIT.request, state: "refused", isInfra: false },
  { exit: EXIT.bench, state: "bench failed", isInfra: true },
  { exit: EXIT.interrupted, state: "interrupted", isInfra: false },
  { exit: null, state: "lost", isInfra: true },
];

/** @param exit any exit code; one that `hil` does not have (a process that was killed) is the bench's. */
export function endOf(exit: number | null): EndRow {
  return ENDS.find((row) => row.exit === exit) ?? { exit, state: "bench failed", isInfra: true };
}

/** Failures of the bench in a row after which a board gets no more jobs until a person has looked at it. */
export const INFRA_FAILS_MAX = 3;
/** How long before a reservation ends its holder is told, in minutes. */
export const ENDS_SOON_MIN = 10;
/** Boards that one job is tried on, as long as benches fail. */
export const ATTEMPTS_MAX = 3;
