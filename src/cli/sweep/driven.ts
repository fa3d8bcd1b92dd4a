import { RealClock, sleep, UsageError } from "../../core/index.ts";
import { durationOf } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";

/** How much a sweep may cost. */
export interface Budget {
  readonly states: number;
  readonly durationUs: number;
}

/** @throws UsageError for what is neither a number of states nor a time. */
export function budgetOf(text: string | undefined): Budget {
  const none = { states: Number.POSITIVE_INFINITY, durationUs: Number.POSITIVE_INFINITY };
  if (text === undefined) return none;
  if (/^\d+$/.test(text)) return { ...none, states: Number(text) };
  const duration = durationOf(text);
  if (duration !== undefined) return { ...none, durationUs: duration * 1000 };
  throw new UsageError(`--budget wants states or a time, not "${text}".`, "Write 20000, 90s or 10m.");
}

/** How a sweep tells its progress. */
interface Told<Progress> {
  readonly textOf: (progress: Progress) => string;
  /** Whether the budget is used up, besides the time. */
  readonly isSpent: (progress: Progress) => boolean;
}

/** A breath for Ctrl-C and the terminal, this often. */
const TURN_US = 200_000;

/** Walks a sweep to its end, or to that of its budget; a terminal is told how far it is. */
export async function driven<Progress, Result>(
  steps: Generator<Progress, Result, boolean | undefined>,
  { textOf, isSpent }: Told<Progress>,
  { durationUs }: Pick<Budget, "durationUs">,
  isShown: boolean,
  io: CliIo,
): Promise<Result> {
  const clock = new RealClock();
  let turnUs = 0;
  let next = steps.next();
  while (next.done !== true) {
    const nowUs = clock.nowUs();
    if (nowUs - turnUs > TURN_US) {
      turnUs = nowUs;
      if (isShown) io.out(`swept     ${textOf(next.value)}`.padEnd(Math.min(89, io.columns - 2)), "over");
      await sleep(clock, 0, io.signal);
    }
    next = steps.next(isSpent(next.value) || nowUs > durationUs);
  }
  if (isShown) io.out("", "redraw");
  return next.value;
}
