import { histogramOf } from "../src/report/page/histogram.ts";
import type { RunPage, TimesOf } from "../src/report/page/run-page.ts";
import { Chart } from "./chart.tsx";
import { duration, grouped, quantile, rate } from "./text.ts";
import { WearStrip } from "./wear-strip.tsx";

/** How long things took: histograms, the upload, the current, and the flash that was worn. */
export function Times({ run }: { run: RunPage }) {
  return (
    <section aria-labelledby="times">
      <h2 id="times">Times</h2>
      <div class="charts">
        {run.uploads.map((upload) => (
          <figure key={`${upload.version} ${upload.durationUs}`}>
            <figcaption>
              upload of {upload.version}: {grouped(upload.bytes)} bytes in {duration(upload.durationUs)},{" "}
              {rateText(upload)}
            </figcaption>
            <Chart
              kind="line"
              xs={upload.points.map(([us]) => us / 1_000_000)}
              series={[{ name: "KiB", values: upload.points.map(([, bytes]) => bytes / 1024) }]}
              xName="seconds"
            />
          </figure>
        ))}
        {run.times.map((times) => (
          <Histogram key={times.name} times={times} calibrated={calibratedText(run, times)} />
        ))}
        {run.current.length > 0 && (
          <figure>
            <figcaption>supply current, smallest and greatest</figcaption>
            <Chart
              kind="line"
              xs={run.current.map(([us]) => us / 1_000_000)}
              series={[
                { name: "least, mA", values: run.current.map(([, least]) => least / 1000) },
                { name: "most, mA", values: run.current.map(([, , most]) => most / 1000) },
              ]}
              xName="seconds"
            />
          </figure>
        )}
      </div>
      {run.flashWear !== undefined && <WearStrip wear={run.flashWear} />}
      {run.wear !== undefined && (
        <p>
          Wear: the page at {run.wear.page} has {grouped(run.wear.spent)} of {grouped(run.wear.cyclesMax)} erase cycles.{" "}
          <meter
            min={0}
            max={run.wear.cyclesMax}
            value={run.wear.spent}
            aria-label="Erase cycles of the most worn page"
          />
        </p>
      )}
    </section>
  );
}

function rateText({ bytes, durationUs, limitBytesPerS }: RunPage["uploads"][number]): string {
  if (durationUs <= 0) return "already there";
  const perS = (bytes * 1_000_000) / durationUs;
  const share =
    limitBytesPerS > 0 ? `, ${Math.round((100 * perS) / limitBytesPerS)} % of what line and flash allow` : "";
  return `${rate(perS)}${share}`;
}

/** What the bench's calibration says of a duration: only the switch is calibrated. */
function calibratedText({ calibration }: RunPage, { name }: TimesOf): string | undefined {
  if (calibration === undefined || name !== "power off to last byte") return undefined;
  return `${duration(calibration.latencyUs)} ± ${duration(calibration.uncertaintyUs)}, ${calibration.date.slice(0, 10)}`;
}

function Histogram({ times, calibrated }: { times: TimesOf; calibrated: string | undefined }) {
  const sorted = [...times.valuesUs].sort((a, b) => a - b);
  const [least = 0] = sorted;
  const most = sorted.at(-1) ?? 0;
  const { kind, xs, xName, series } = histogramOf(times.name, sorted);
  return (
    <figure>
      <figcaption>
        {times.name}, {grouped(sorted.length)} × <span class="quiet">({times.about})</span>
      </figcaption>
      {most > least && <Chart kind={kind} xs={xs} series={series} xName={xName} />}
      {most === least ? (
        <p>
          each {duration(least)}
          {calibrated !== undefined && `; calibrated: ${calibrated}`}
        </p>
      ) : (
        <p class="quiet">
          least {duration(least)}, median {duration(quantile(sorted, 0.5) ?? 0)}, 95 %{" "}
          {duration(quantile(sorted, 0.95) ?? 0)}, most {duration(most)}
          {calibrated !== undefined && `; calibrated: ${calibrated}`}
        </p>
      )}
    </figure>
  );
}
