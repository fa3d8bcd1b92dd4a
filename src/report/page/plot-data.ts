/**
 * Measurements as charts and tables, as data: drawn by the page (web/plots.tsx), and as SVG for a wiki (plot-svg.ts).
 * Texts are harmless already.
 */
export interface PlotPage {
  readonly title: string;
  /** What came of it, in one line. */
  readonly sentence: string;
  readonly outcome: "pass" | "fail" | "incomplete";
  readonly charts: readonly PlotChart[];
  readonly tables: readonly PlotTable[];
}

export type PlotChart = SeriesChart | BandChart;

export interface SeriesChart {
  readonly kind: "line" | "bars";
  readonly title: string;
  readonly xName: string;
  readonly xs: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Stretches of an axis from 0 to `length`, a row each kind of thing. */
export interface BandChart {
  readonly kind: "bands";
  readonly title: string;
  readonly xName: string;
  readonly length: number;
  readonly rows: readonly {
    readonly name: string;
    readonly tone: Tone;
    /** From and to, the end not with it. */
    readonly spans: readonly (readonly [from: number, to: number])[];
  }[];
}

/** Colours by meaning, as the page has them. */
export type Tone = "upgraded" | "resumed" | "kept" | "reverted" | "other" | "failed";

interface PlotTable {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
