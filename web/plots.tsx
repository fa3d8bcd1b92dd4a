import type { BandChart, PlotChart, PlotPage } from "../src/report/page/plot-data.ts";
import { Chart } from "./chart.tsx";
import { Heads, Wide } from "./parts.tsx";
import { grouped, roundTicks } from "./text.ts";

/** Measurements as charts and tables: of a calibration, a sweep, a bench. */
export function Plots({ plots, hil }: { plots: PlotPage; hil: string }) {
  return (
    <main>
      <p class={`outcome verdict ${plots.outcome}`}>{plots.sentence}</p>
      <h1>{plots.title}</h1>
      <p class="quiet">page by hil {hil}</p>
      {plots.charts.some(({ kind }) => kind === "bands") && (
        <section aria-label="Stretches">
          {plots.charts.map((chart) => chart.kind === "bands" && <Bands key={chart.title} chart={chart} />)}
        </section>
      )}
      <section class="charts" aria-label="Charts">
        {plots.charts.map((chart) => chart.kind !== "bands" && <Series key={chart.title} chart={chart} />)}
      </section>
      {plots.tables.map(({ caption, heads, rows }) => (
        <Wide label={caption} key={caption}>
          <table>
            <caption>{caption}</caption>
            <Heads names={heads} />
            <tbody>
              {rows.map((row, at) => (
                <tr key={at}>
                  {row.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      ))}
    </main>
  );
}

function Series({ chart }: { chart: Exclude<PlotChart, BandChart> }) {
  return (
    <figure>
      <figcaption>{chart.title}</figcaption>
      <Chart kind={chart.kind} xs={chart.xs} series={chart.series} xName={chart.xName} />
    </figure>
  );
}

const WIDTH = 1_000;
const NAMES = 250;
const BAND = 24;

/** Rows of stretches on one axis. */
function Bands({ chart }: { chart: BandChart }) {
  const x = (value: number) => NAMES + (value / Math.max(1, chart.length)) * (WIDTH - NAMES - 20);
  const height = chart.rows.length * BAND;
  return (
    <figure>
      <figcaption>{chart.title}</figcaption>
      <Wide label={chart.title}>
        <svg class="map" viewBox={`0 0 ${WIDTH} ${height + 44}`} role="img" aria-label={chart.title}>
          {chart.rows.map(({ name, tone, spans }, at) => (
            <g key={name} class={tone}>
              <text class={`lane-name ${tone}`} x={0} y={at * BAND + 16}>
                {name}
              </text>
              <line class="axis" x1={NAMES} x2={WIDTH - 20} y1={(at + 1) * BAND - 1} y2={(at + 1) * BAND - 1} />
              {spans.map(([from, to]) => (
                <rect
                  key={from}
                  class="band"
                  x={x(from)}
                  width={Math.max(1, x(to) - x(from))}
                  y={at * BAND + 3}
                  height={BAND - 6}
                />
              ))}
            </g>
          ))}
          {roundTicks(0, chart.length).map((value) => (
            <text key={value} class="tick" x={x(value)} y={height + 16}>
              {grouped(value)}
            </text>
          ))}
          <text class="tick" x={WIDTH / 2} y={height + 34}>
            {chart.xName}
          </text>
        </svg>
      </Wide>
    </figure>
  );
}
