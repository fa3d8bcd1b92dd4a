import { useMemo } from "preact/hooks";
import type { HalfAndMost, LabPage, LabTrend } from "../src/report/page/lab-data.ts";
import { Chart } from "./chart.tsx";
import { nightText } from "./text.ts";

/** Times over the nights, all boards of a scenario together. */
export function LabTrends({ lab }: { lab: LabPage }) {
  const shown = lab.trends.filter(({ swapUs }) => swapUs.filter((night) => night !== null).length > 1);
  if (shown.length === 0) return null;
  return (
    <section aria-labelledby="trends">
      <h2 id="trends">Swap and upload, over the nights</h2>
      <div class="charts">
        {shown.map((trend) => (
          <Trend key={trend.scenario} trend={trend} nights={lab.nights} />
        ))}
      </div>
    </section>
  );
}

function Trend({ trend, nights }: { trend: LabTrend; nights: readonly string[] }) {
  return (
    <>
      <Spreads title={`swap of ${trend.scenario}, s`} spreads={trend.swapUs} per={1_000_000} nights={nights} />
      <Spreads
        title={`upload of ${trend.scenario}, KiB/s`}
        spreads={trend.uploadBytesPerS}
        per={1_024}
        nights={nights}
      />
    </>
  );
}

interface SpreadsProps {
  readonly title: string;
  readonly spreads: readonly (HalfAndMost | null)[];
  readonly per: number;
  readonly nights: readonly string[];
}

function Spreads({ title, spreads, per, nights }: SpreadsProps) {
  const { xs, series } = useMemo(() => {
    const known = spreads.flatMap((spread, at) => (spread === null ? [] : [{ spread, at }]));
    return {
      xs: known.map(({ at }) => at),
      series: (["p50", "p95"] as const).map((name) => ({
        name,
        values: known.map(({ spread }) => spread[name] / per),
      })),
    };
  }, [spreads, per]);
  const last = spreads.findLast((spread) => spread !== null);
  return (
    <figure>
      <figcaption>
        {title}: half below <span class="resumed">━</span>, 95 of 100 below <span class="reverted">━</span>
        {last && `; last night ${(last.p50 / per).toFixed(2)} and ${(last.p95 / per).toFixed(2)}`}
      </figcaption>
      <Chart
        kind="line"
        xs={xs}
        series={series}
        xName="night"
        ticks={(at) => (nights[at] ? nightText(nights[at]) : "")}
      />
    </figure>
  );
}
