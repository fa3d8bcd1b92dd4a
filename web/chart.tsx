import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

interface Props {
  readonly kind: "line" | "bars";
  readonly xs: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly xName: string;
  /** Names of places on the x axis; default: their numbers. */
  readonly ticks?: ((x: number) => string) | undefined;
}

const HEIGHT = 180;

/** A chart as wide as its place, in the colours of the page; drawn again when either changes. */
export function Chart(props: Props) {
  const { kind, xs, series, xName, ticks } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    let chart: uPlot | undefined;
    let isSeen = false;
    const draw = () => {
      if (!isSeen) return;
      chart?.destroy();
      chart = new uPlot(
        optionsOf(box, { kind, xs, series, xName, ticks }),
        [[...xs], ...series.map(({ values }) => [...values])],
        box,
      );
    };
    // A page of many charts opens before any that nobody sees yet is drawn.
    const show = () => {
      const wasSeen = isSeen;
      isSeen = true;
      if (!wasSeen) draw();
    };
    const near = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && show(), {
      rootMargin: "400px",
    });
    near.observe(box);
    addEventListener("beforeprint", show);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const resized = new ResizeObserver(() => chart?.setSize({ width: box.clientWidth, height: HEIGHT }));
    resized.observe(box);
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      near.disconnect();
      removeEventListener("beforeprint", show);
      scheme.removeEventListener("change", draw);
      chart?.destroy();
    };
  }, [kind, xs, series, xName, ticks]);
  return <div class="chart" ref={place} />;
}

function optionsOf(box: HTMLElement, { kind, series, xName, ticks }: Props): uPlot.Options {
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
      { ...axis, label: xName, labelSize: 18, size: 34, ...(ticks && { values: (_, splits) => splits.map(ticks) }) },
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
