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

/** The same while events come: they themselves are not kept. */
export class ProgressSoFar implements Progress {
  readonly #judged = new Set<number>();
  #plan: (RunEvent & { readonly event: "plan" }) | undefined;

  add(event: RunEvent): void {
    if (event.event === "plan") this.#plan ??= event;
    if (event.event === "verdict" && event.verdict.subject.kind === "cut")
      this.#judged.add(event.verdict.subject.index);
  }

  get judged(): ReadonlySet<number> {
    return new Set(this.#judged);
  }

  get cuts(): readonly PlannedCut[] | undefined {
    return this.#plan?.cuts;
  }

  get plannedUs(): number | undefined {
    return this.#plan?.atUs;
  }
}
