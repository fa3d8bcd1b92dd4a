import { describe, expect, test } from "@jest/globals";
import { histogramOf } from "./histogram.ts";
import type { PlotPage } from "./plot-data.ts";
import { plotSvg } from "./plot-svg.ts";

const plot = (more: Partial<PlotPage>): PlotPage => {
  return { title: "a", sentence: "b", outcome: "pass", charts: [], tables: [], ...more };
};
const rects = (svg: string) =>
  [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map((found) =>
    found.slice(1).map(Number),
  );

describe("a histogram", () => {
  test("has each value in one bar, and the least and the most in the bars at the ends", () => {
    const chart = histogramOf("times", [1_000, 1_001, 5_000, 9_000]);
    const bars = "series" in chart ? (chart.series[0]?.values ?? []) : [];
    expect(bars.reduce((sum, bar) => sum + bar, 0)).toBe(4);
    expect([bars[0], bars.at(-1)]).toEqual([2, 1]);
  });

  test("is made of more values than a call may have arguments", () => {
    const many = Array.from({ length: 300_000 }, (_, at) => at);
    expect(histogramOf("times", many).series[0]?.values).toEqual(Array.from({ length: 24 }, () => 12_500));
  });

  test("of values that are all equal is one bar where they are", () => {
    expect(histogramOf("times", [7_000, 7_000])).toMatchObject({ xs: [7], series: [{ values: [2] }] });
  });
});

describe("a picture for a wiki", () => {
  test("draws bars as high as their values, from one base", () => {
    const chart = {
      kind: "bars",
      title: "t",
      xName: "ms",
      xs: [1, 2],
      series: [{ name: "n", values: [2, 4] }],
    } as const;
    const [low, high] = rects(plotSvg(plot({ charts: [chart] })));
    expect((high?.[3] ?? 0) / (low?.[3] ?? 1)).toBeCloseTo(2, 1);
    expect((low?.[1] ?? 0) + (low?.[3] ?? 0)).toBeCloseTo((high?.[1] ?? 0) + (high?.[3] ?? 0), 0);
  });

  test("draws stretches where they are on the axis, a row each", () => {
    const rows = [
      { name: "fine", tone: "upgraded", spans: [[0, 50]] },
      { name: "must not be", tone: "failed", spans: [[50, 100]] },
    ] as const;
    const chart = { kind: "bands", title: "t", xName: "operation", length: 100, rows } as const;
    const [first, second] = rects(plotSvg(plot({ charts: [chart] })));
    expect((first?.[0] ?? 0) + (first?.[2] ?? 0)).toBeCloseTo(second?.[0] ?? 0, 0);
    expect(first?.[1]).toBeLessThan(second?.[1] ?? 0);
  });

  test("shows a foreign text as text", () => {
    const svg = plotSvg(plot({ title: '</title><script>alert("1")</script>' }));
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&#60;script&#62;");
  });

  test("has no number that is none, of a chart without values", () => {
    const chart = { kind: "line", title: "t", xName: "s", xs: [], series: [{ name: "n", values: [] }] } as const;
    expect(plotSvg(plot({ charts: [chart] }))).not.toMatch(/NaN|Infinity/);
  });
});
