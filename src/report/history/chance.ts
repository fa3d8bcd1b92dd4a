import { quantile } from "../format.ts";

/** Runs of one case that are looked back at, to tell what is flaky. */
export const LOOK_BACK = 14;
/**
 * Changes between passed and failed within those that make a case flaky: one is a regression or a cure, two are a
 * regression and its cure.
 */
export const FLAKY_CHANGES = 3;

/** @param seen whether the case passed, in the runs that had it, oldest first. */
export function isFlaky(seen: readonly boolean[]): boolean {
  const window = seen.slice(-LOOK_BACK);
  return window.filter((pass, at) => at > 0 && pass !== window[at - 1]).length >= FLAKY_CHANGES;
}

/** Flaky with its last run, and not with the one before. */
export function isNewlyFlaky(seen: readonly boolean[]): boolean {
  return isFlaky(seen) && !isFlaky(seen.slice(0, -1));
}

/**
 * The chance that a case is called newly flaky in a night although it fails by chance alone, each run by itself with
 * this probability: exactly, over all outcomes of the runs that are looked at.
 */
export function newlyFlakyByChance(failing: number): number {
  const runs = LOOK_BACK + 1;
  let chance = 0;
  for (let outcomes = 0; outcomes < 2 ** runs; outcomes += 1) {
    const seen = Array.from({ length: runs }, (_, at) => (outcomes & (1 << at)) === 0);
    if (!isNewlyFlaky(seen)) continue;
    const failed = seen.filter((pass) => !pass).length;
    chance += failing ** failed * (1 - failing) ** (runs - failed);
  }
  return chance;
}

/** Verdicts that failed once between two runs in which the case passed, of all that lie between two passes. */
interface Noise {
  readonly lone: number;
  readonly of: number;
}

/** How often cases fail for no reason that lasts. */
export function noiseOf(series: Iterable<readonly boolean[]>): Noise {
  let lone = 0;
  let of = 0;
  for (const seen of series) {
    for (let at = 1; at < seen.length - 1; at += 1) {
      if (seen[at - 1] !== true || seen[at + 1] !== true) continue;
      of += 1;
      lone += seen[at] === true ? 0 : 1;
    }
  }
  return { lone, of };
}

/** Nights that are compared with those before, and how many of these there must be. */
export const DRIFT_NIGHTS = 7;
const DRIFT_BEFORE_MIN = 14;
const DRIFT_BEFORE_MAX = 60;
/** So many standard deviations of single nights are a drift. */
export const DRIFT_DEVIATIONS = 3;
/** The standard deviation of normally distributed values, in medians of their distances from the median. */
const DEVIATION_OF_MEDIAN = 1.4826;
/** Clocks and ports are no better than this share of a value. */
const LEAST_DEVIATION = 0.01;

/**
 * Whether a figure of a bench is another one than it was: the median of the last nights against that of those before,
 * by the spread of those before. Undefined where there are too few.
 */
export function driftOf(values: readonly number[]) {
  const before = values.slice(-DRIFT_NIGHTS - DRIFT_BEFORE_MAX, -DRIFT_NIGHTS);
  if (before.length < DRIFT_BEFORE_MIN) return undefined;
  const recent = quantile(values.slice(-DRIFT_NIGHTS), 0.5) ?? 0;
  const middle = quantile(before, 0.5) ?? 0;
  const spread =
    quantile(
      before.map((value) => Math.abs(value - middle)),
      0.5,
    ) ?? 0;
  const deviation = Math.max(spread * DEVIATION_OF_MEDIAN, Math.abs(middle) * LEAST_DEVIATION);
  return { recent, before: middle, drifts: Math.abs(recent - middle) > DRIFT_DEVIATIONS * deviation };
}
