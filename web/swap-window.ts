import type { JudgedRow, RunPage } from "../src/report/page/run-page.ts";

/** The window of the swap that a run cut in, in microseconds from the swap's first flash operation. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Undefined where no swap was measured: a run that cut nothing, or ended before. */
export function windowOf(run: RunPage): Window | undefined {
  const first = run.phases[0];
  const last = run.phases.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return { fromUs: Math.min(0, first.fromUs), toUs: Math.max(last.toUs, run.reference?.swapUs ?? 0, 1) };
}

/** A verdict on a cut whose place in the swap is known, and its number among the verdicts. */
export interface PlacedCut {
  readonly at: number;
  readonly row: JudgedRow;
  readonly intoUs: number;
}

export function placedCuts(run: RunPage): readonly PlacedCut[] {
  return run.judged.flatMap((row, at) => {
    const intoUs = row.check.startsWith("boot ") ? undefined : row.cut?.intoSwapUs;
    return intoUs === undefined ? [] : [{ at, row, intoUs }];
  });
}

/** The phases, and which of them begin while an earlier one goes on: both are drawn, one above the other. */
export function layeredPhases(phases: RunPage["phases"]) {
  let endUs = Number.NEGATIVE_INFINITY;
  return phases.map((phase) => {
    const isWithin = phase.fromUs < endUs;
    endUs = Math.max(endUs, phase.toUs);
    return { ...phase, isWithin };
  });
}
