import type { SeriesChart } from "./plot-data.ts";

const BARS = 24;

/**
 * How often a duration was seen: microseconds in, a chart in milliseconds out; one bar where all are equal. The page
 * of a run draws its times with it, too (web/times.tsx).
 */
export function histogramOf(title: string, valuesUs: readonly number[]): SeriesChart {
  // A night has more values than a browser lets a call have arguments.
  const least = valuesUs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = valuesUs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const width = Math.max(1, (most - least) / BARS);
  const bars = Array.from({ length: most === least ? 1 : BARS }, () => 0);
  for (const value of valuesUs) {
    const at = Math.min(bars.length - 1, Math.floor((value - least) / width));
    bars[at] = (bars[at] ?? 0) + 1;
  }
  const xs = bars.map((_, at) => (least + (most === least ? 0 : at + 0.5) * width) / 1000);
  return { kind: "bars", title, xName: "ms", xs, series: [{ name: "times", values: bars }] };
}
