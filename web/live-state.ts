import type { LiveEnd, LiveStep } from "../src/report/live/live-step.ts";
import type { RunPage } from "../src/report/page/run-page.ts";
import type { RunStatus } from "../src/report/run-status.ts";

/** Lines of the UART that the page keeps. */
const TAIL_LINES = 200;

/** A run as it is known so far. */
export interface LiveState {
  readonly page: RunPage;
  readonly status: RunStatus;
  readonly tail: readonly string[];
  /** When the last step came, in milliseconds of the browser's clock: the bench's goes on with it. */
  readonly heardMs: number;
  readonly isOver: boolean;
}

/** The runs with one more step; a step for a run that is not known, and is not its first, is dropped. */
export function withStep(runs: readonly LiveState[], step: LiveStep, nowMs: number): readonly LiveState[] {
  const known = step.reset === true ? undefined : runs[step.run];
  const head = step.head ?? known?.page;
  if (head === undefined) return runs;
  const page: RunPage = {
    ...head,
    texts: known === undefined ? step.texts : joined(known.page.texts, step.texts),
    judged: known === undefined ? step.judged : joined(known.page.judged, step.judged),
    inputs: [],
    current: [],
    flashWear: undefined,
    model: undefined,
  };
  const tail = joined(known?.tail ?? [], step.tail).slice(-TAIL_LINES);
  return placed(runs, step.run, { page, status: step.status, tail, heardMs: nowMs, isOver: false });
}

/** The runs with one that has ended. */
export function withEnd(runs: readonly LiveState[], { run, page }: LiveEnd, nowMs: number): readonly LiveState[] {
  const known = runs[run];
  if (known === undefined) return runs;
  return placed(runs, run, { ...known, page, heardMs: nowMs, isOver: true });
}

function placed(runs: readonly LiveState[], at: number, state: LiveState): readonly LiveState[] {
  return at > runs.length ? runs : [...runs.slice(0, at), state, ...runs.slice(at + 1)];
}

/** Nothing new: the same list, so that nothing is drawn again for it. */
function joined<T>(before: readonly T[], more: readonly T[]): readonly T[] {
  return more.length === 0 ? before : [...before, ...more];
}
