import type { RunRequest } from "../run.ts";
import type { PlannedCut, RunEvent, RunResult } from "./run-event.ts";

/** How a verdict on a cut in an upload or a request is called. */
export const APPLICATION_CUT = /^(?:upload|request) cut (\d+)/;

/** What the earlier tries of a run have done, for the next one to go on from. */
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
  const judged = verdictsOf(events).flatMap(({ cut, check }) => {
    const number = cut?.planned.index ?? Number(APPLICATION_CUT.exec(check)?.[1]);
    return Number.isNaN(number) ? [] : [number];
  });
  return { judged: new Set(judged), cuts: plan?.cuts, plannedUs: plan?.atUs };
}

/** A result counted from what was written down: of a run that ended early, or took several tries. */
export function counted(outcome: RunResult["outcome"], events: readonly RunEvent[]): RunResult {
  const verdicts = verdictsOf(events);
  const cuts = verdicts.filter(({ cut, check }) => cut !== undefined || APPLICATION_CUT.test(check));
  const endings: Record<string, number> = {};
  for (const { ending } of cuts) endings[ending] = (endings[ending] ?? 0) + 1;
  const failed = verdicts.filter((verdict) => !verdict.pass).length;
  const infraRetries = events.filter((event) => event.event === "infra-retry").length;
  return {
    // A bench that was tried again takes nothing back of what was judged before.
    outcome: outcome === "pass" && failed > 0 ? "fail" : outcome,
    cutsPlanned: events.findLast((event) => event.event === "plan")?.cuts.length ?? 0,
    cutsJudged: cuts.length,
    passed: verdicts.length - failed,
    failed,
    endings,
    ...voided(events),
    ...(infraRetries === 0 ? {} : { infraRetries }),
  };
}

/**
 * A result with what was left undone: a run that was to make forty cuts and made one has not passed, unless the request
 * says that this is enough.
 */
export function completed(
  result: RunResult,
  { scenario, allowIncomplete }: Pick<RunRequest, "scenario" | "allowIncomplete">,
): RunResult {
  if (result.outcome !== "pass" || result.cutsJudged >= result.cutsPlanned) return result;
  if (allowIncomplete ?? scenario.value.allow_incomplete) return { ...result, incompleteAllowed: true };
  return { ...result, outcome: "incomplete" };
}

/** Cuts that were void, for a result. */
export function voided(events: readonly RunEvent[]): Pick<RunResult, "cutsVoid"> {
  const cutsVoid = events.filter((event) => event.event === "cut-void").length;
  return cutsVoid === 0 ? {} : { cutsVoid };
}

function verdictsOf(events: readonly RunEvent[]) {
  return events.filter((event) => event.event === "verdict").map((event) => event.verdict);
}
