import { markup } from "./markup.ts";
import type { BandChart, PlotChart, PlotPage, Tone } from "./plot-data.ts";

/** In pixels, as a wiki shows them. */
const WIDTH = 860;
const LEFT = 110;
const RIGHT = 20;
const CHART = 220;
const PLOT = 140;
const BAND = 22;
/** Names of stretches are sentences. */
const BAND_LEFT = 230;
const BAR_MAX = 60;
/** The page's colours on white: a picture in a wiki cannot follow its reader's scheme. */
const TONES: Readonly<Record<Tone, string>> = {
  upgraded: "#1a7f37",
  resumed: "#0a6cb8",
  kept: "#6a4fb3",
  reverted: "#8a5a00",
  other: "#59616b",
  failed: "#c1121f",
};
const SERIES = [TONES.resumed, TONES.reverted] as const;
const TEXT = "#1b1f24";
const QUIET = "#59616b";

/** The charts as one SVG document that loads nothing and runs nothing: title, sentence, one chart below the other. */
export function plotSvg(plot: PlotPage): string {
  let y = 64;
  const parts = plot.charts.map((chart) => {
    const top = y;
    y += chart.kind === "bands" ? 74 + chart.rows.length * BAND : CHART;
    return `<g transform="translate(0 ${top})">${chartOf(chart)}</g>`;
  });
  const verdict = plot.outcome === "pass" ? TONES.upgraded : plot.outcome === "fail" ? TONES.failed : TONES.reverted;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`,
    ' font-family="system-ui, sans-serif" font-size="12">',
    `<title>${markup(plot.title)}</title><rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    text(8, 24, plot.title, `font-size="16" font-weight="600" fill="${TEXT}"`),
    text(8, 46, plot.sentence, `font-size="13" fill="${verdict}"`),
    ...parts,
    "</svg>\n",
  ].join("");
}

function chartOf(chart: PlotChart): string {
  const head = text(8, 14, chart.title, `fill="${TEXT}"`);
  return head + (chart.kind === "bands" ? bandsOf(chart) : seriesOf(chart));
}

const xOf = (share: number): number => LEFT + share * (WIDTH - LEFT - RIGHT);

function seriesOf({ kind, xs, xName, series }: Exclude<PlotChart, BandChart>): string {
  const values = series.flatMap((one) => one.values);
  const most = Math.max(...values, 0);
  const least = Math.min(...values, 0);
  const [first = 0] = xs;
  const last = xs.at(-1) ?? first;
  // One bar stands in the middle, and bars at the ends have their whole width.
  const pad = kind === "bars" ? (xs.length > 1 ? (last - first) / (xs.length - 1) / 2 : 1) : 0;
  const x = (value: number) => xOf((value - first + pad) / Math.max(last - first + 2 * pad, 1e-9));
  const y = (value: number) => 28 + PLOT - ((value - least) / Math.max(most - least, 1e-9)) * PLOT;
  const drawn = series.map((one, at) => {
    const colour = SERIES[at] ?? TEXT;
    if (kind === "line") {
      const points = one.values.map((value, index) => `${x(xs[index] ?? 0).toFixed(1)},${y(value).toFixed(1)}`);
      return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
    }
    const width = Math.min(BAR_MAX, Math.max(1, (x(first + 2 * pad) - x(first)) * 0.9));
    const bar = (value: number, index: number) =>
      `<rect x="${(x(xs[index] ?? 0) - width / 2).toFixed(1)}" y="${y(value).toFixed(1)}" width="${width.toFixed(1)}"` +
      ` height="${(y(0) - y(value)).toFixed(1)}" fill="${colour}"/>`;
    return one.values.map(bar).join("");
  });
  const names = series.length > 1 ? series.map(({ name }, at) => legend(at, name)).join("") : "";
  return drawn.join("") + axisOf(x, first, last, xName, 28 + PLOT) + levels(least, most, y) + names;
}

const legend = (at: number, name: string): string =>
  text(WIDTH - RIGHT - (2 - at) * 130, 14, `▬ ${name}`, `fill="${SERIES[at] ?? TEXT}"`);

function levels(least: number, most: number, y: (value: number) => number): string {
  return [least, (least + most) / 2, most]
    .map((value) =>
      text(LEFT - 8, y(value) + 4, Number(value.toPrecision(3)).toString(), `text-anchor="end" fill="${QUIET}"`),
    )
    .join("");
}

function axisOf(x: (value: number) => number, first: number, last: number, name: string, y: number): string {
  const ticks = Array.from({ length: 5 }, (_, at) => first + ((last - first) * at) / 4).filter(
    (value, at, all) => at === 0 || value !== all[at - 1],
  );
  return [
    `<line x1="${x(first).toFixed(1)}" x2="${x(last).toFixed(1)}" y1="${y}" y2="${y}" stroke="${QUIET}"/>`,
    ...ticks.map((value) =>
      text(x(value), y + 16, Number(value.toPrecision(4)).toString(), `text-anchor="middle" fill="${QUIET}"`),
    ),
    text((x(first) + x(last)) / 2, y + 32, name, `text-anchor="middle" fill="${QUIET}"`),
  ].join("");
}

function bandsOf({ rows, length, xName }: BandChart): string {
  const x = (value: number) => BAND_LEFT + (value / Math.max(1, length)) * (WIDTH - BAND_LEFT - RIGHT);
  const drawn = rows.map(({ name, tone, spans }, at) => {
    const y = 26 + at * BAND;
    const bands = spans.map(
      ([from, to]) =>
        `<rect x="${x(from).toFixed(1)}" y="${y}" width="${Math.max(1, x(to) - x(from)).toFixed(1)}" height="${BAND - 6}"` +
        ` fill="${TONES[tone]}"/>`,
    );
    return text(8, y + 12, name, `fill="${TONES[tone]}"`) + bands.join("");
  });
  return drawn.join("") + axisOf(x, 0, length, xName, 28 + rows.length * BAND);
}

function text(x: number, y: number, value: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${markup(value)}</text>`;
}
