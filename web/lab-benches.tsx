import type { LabBench, LabPage } from "../src/report/page/lab-data.ts";
import { Heads, Wide } from "./parts.tsx";
import { duration, grouped, nightText } from "./text.ts";

/** Health of each bench: those that are not well stand first. */
export function LabBenches({ lab }: { lab: LabPage }) {
  const sick = (bench: LabBench) => bench.failures + bench.retries + bench.voidCuts + (bench.drift?.drifts ? 100 : 0);
  return (
    <section aria-labelledby="benches">
      <h2 id="benches">Benches</h2>
      <Wide label="Table of benches">
        <table>
          <Heads
            names={[
              "board",
              "last good run",
              "bench failed",
              "retries",
              "void cuts",
              "recoveries",
              "latency of the switch",
              "over the nights",
              "wear",
            ]}
          />
          <tbody>
            {[...lab.benches]
              .sort((a, b) => sick(b) - sick(a))
              .map((bench) => (
                <Bench key={bench.board} bench={bench} last={lab.nights.at(-1)} />
              ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}

function Bench({ bench, last }: { bench: LabBench; last: string | undefined }) {
  const { lastGood, drift } = bench;
  const latency = bench.latencyUs.findLast((us) => us !== null);
  const bad = (amount: number) => (amount > 0 ? "number reverted" : "number");
  return (
    <tr>
      <th scope="row">{bench.board}</th>
      <td class={lastGood?.night === last ? "" : "reverted"}>
        {lastGood === null ? "none" : nightText(lastGood.night)}
      </td>
      <td class={bad(bench.failures)}>
        {bench.failures} of {bench.runs}
      </td>
      <td class={bad(bench.retries)}>{bench.retries}</td>
      <td class={bad(bench.voidCuts)}>{bench.voidCuts}</td>
      <td class={bad(bench.recoveries)}>{bench.recoveries}</td>
      <td class={drift?.drifts ? "reverted" : ""}>
        {latency === undefined ? "not seen" : duration(latency)}
        {drift?.drifts && ` drifts: ${duration(drift.beforeUs)} before, ${duration(drift.recentUs)} now`}
      </td>
      <td>
        <Spark values={bench.latencyUs} />
      </td>
      <td class="number">
        {bench.wear === null ? "" : `${grouped(bench.wear)} cycles`}
        {bench.wearPerNight !== null && bench.wearPerNight > 0 && (
          <span class="quiet"> +{bench.wearPerNight.toFixed(1)} a night</span>
        )}
      </td>
    </tr>
  );
}

const WIDTH = 120;
const HEIGHT = 22;

/** A line of values, as high as they differ; a gap where there is none. */
function Spark({ values }: { values: readonly (number | null)[] }) {
  const known = values.filter((value) => value !== null);
  const least = Math.min(...known);
  // Differences within a third are drawn low: noise is no mountain.
  const span = Math.max(Math.max(...known) - least, least / 3, 1);
  let pen = "M";
  const path = values
    .map((value, at) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const x = (at / Math.max(1, values.length - 1)) * (WIDTH - 4) + 2;
      const point = `${pen}${x.toFixed(1)} ${(HEIGHT - 3 - ((value - least) / span) * (HEIGHT - 6)).toFixed(1)}`;
      pen = "L";
      return point;
    })
    .join("");
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
