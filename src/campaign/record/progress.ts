import type { PlannedCut } from "./cut-moment.ts";
import type { RunEvent } from "./run-event.ts";

/** How far a run has come by what was written down: for a new try to go on from. */
export interface Progress {
  /** Numbers of the cuts that were judged: whatever the verdict, they are not made again. */
  readonly judged: ReadonlySet<number>;
  /** All cuts of the run; undefined when it did not come to a plan. */
  readonly cuts: readonly PlannedCut[] | undefined;
  /** When the cuts began, on the bench's clock. */
  readonly plannedUs: number | undefined;
}

export function progressOf(events: readonly RunEvent[]): Progress {
  const plan = events.find((event) => event.event === "plan");
  const judged = events.flatMap((event) =>
    event.event === "verdict" && event.verdict.subject.kind === "cut" ? [event.verdict.subject.index] : [],
  );
  return { judged: new Set(judged), cuts: plan?.cuts, plannedUs: plan?.atUs };
}
