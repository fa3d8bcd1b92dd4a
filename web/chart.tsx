import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

interface Props {
  readonly kind: "line" | "bars";
  readonly xs: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly xName: string;
}

const HEIGHT = 180;

/** A chart as wide as its place, in the colours of the page; drawn again when either changes. */
export function Chart({ kind, xs, series, xName }: Props) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    let chart: uPlot | undefined;
    const draw = () => {
      chart?.destroy();
      chart = new uPlot(
        optionsOf(box, kind, series, xName),
        [[...xs], ...series.map(({ values }) => [...values])],
        box,
      );
    };
    draw();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const resized = new ResizeObserver(() => chart?.setSize({ width: box.clientWidth, height: HEIGHT }));
    resized.observe(box);
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      chart?.destroy();
    };
  }, [kind, xs, series, xName]);
  return <div class="chart" ref={place} />;
}

function optionsOf(box: HTMLElement, kind: Props["kind"], series: Props["series"], xName: string): uPlot.Options {
  const colour = (name: string) => getComputedStyle(box).getPropertyValue(name).trim();
  const axis = { stroke: colour("--text"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  const tones = ["--resumed", "--reverted"];
  return {
    width: Math.max(240, box.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false } },
    axes: [
      { ...axis, label: xName, labelSize: 18, size: 34 },
      { ...axis, size: 54 },
    ],
    series: [
      {},
      ...series.map(({ name }, at): uPlot.Series => {
        const tone = colour(tones[at] ?? "--text");
        const base = { label: name, stroke: tone, points: { show: false } };
        const bars = uPlot.paths.bars?.({ size: [0.9, 60] });
        return kind === "bars" && bars !== undefined ? { ...base, fill: tone, paths: bars } : { ...base, width: 2 };
      }),
    ],
  };
}
