import { useMemo } from "preact/hooks";
import type { RunPage } from "../src/report/page/run-page.ts";
import { lookOf } from "./endings.ts";
import { layeredPhases, type PlacedCut, placedCuts, type Window, windowOf } from "./swap-window.ts";
import { count, duration, grouped, roundTicks, tickText } from "./text.ts";

/** The drawing's own units: it is stretched to the page. */
const WIDTH = 1_000;
const TOP = 22;
const LANE = 24;
/** Room beside the window for cuts before and after the swap; left of it names of the lanes. */
const GUTTER = 60;
const NAMES = 130;
/** With more cuts than this their uncertainties would cover each other. */
const WHISKERS_MAX = 600;

interface Lane {
  readonly name: string;
  readonly ending: string;
  readonly tone: string;
  readonly mark: string;
  readonly cuts: readonly PlacedCut[];
}

interface Props {
  readonly run: RunPage;
  readonly open: number | undefined;
  readonly show: (row: number | undefined) => void;
}

/** Where each cut fell in the swap, and what came of it: time on one axis, a lane an ending. */
export function CutMap({ run, open, show }: Props) {
  const window = useMemo(() => windowOf(run), [run]);
  const cuts = useMemo(() => placedCuts(run), [run]);
  const model = useMemo(() => modelOn(run), [run]);
  const lanes = useMemo(() => lanesOf(run, cuts, model), [run, cuts, model]);
  if (window === undefined || cuts.length === 0) return null;
  const x = scaleOf(window);
  const height = TOP + lanes.length * LANE + 40;
  const pick = (event: MouseEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * WIDTH;
    const lane = lanes[Math.floor((((event.clientY - box.top) / box.height) * height - TOP) / LANE)];
    const near = (lane?.cuts ?? cuts).reduce<PlacedCut | undefined>(
      (best, cut) => (best === undefined || Math.abs(x(cut.intoUs) - px) < Math.abs(x(best.intoUs) - px) ? cut : best),
      undefined,
    );
    show(near?.at);
  };
  const order = [...cuts].sort((a, b) => a.intoUs - b.intoUs);
  const step = (by: number) => {
    const at = order.findIndex((cut) => cut.at === open);
    const next = order[Math.min(order.length - 1, Math.max(0, at === -1 ? 0 : at + by))];
    show(next?.at);
  };
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    step(by);
  };
  const chosen = cuts.find((cut) => cut.at === open);
  return (
    <section aria-labelledby="cut-map">
      <h2 id="cut-map">Cut map</h2>
      <p class="quiet">
        {count(cuts.length, "cut")} over {duration(window.toUs - window.fromUs)} of swap
        {run.reference === undefined ? "" : `, ${count(run.reference.operations, "flash operation")}`}
        {run.calibration === undefined ? "" : `; each ± ${duration(run.calibration.uncertaintyUs)}`}. Click a mark, or
        step with the buttons or the arrow keys.
      </p>
      <div class="steps">
        <button type="button" onClick={() => step(-1)}>
          ◀ cut before
        </button>
        <button type="button" onClick={() => step(1)}>
          next cut ▶
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys step through the cuts here */}
      <div class="wide" tabIndex={0} onKeyDown={keys} role="group" aria-label="Cuts on the time of the swap">
        <svg viewBox={`0 0 ${WIDTH} ${height}`} class="map" onClick={pick} role="img" aria-label={mapText(lanes)}>
          <Phases run={run} x={x} height={height - 40} />
          <ModelBands lanes={lanes} model={model} x={x} />
          {lanes.map((lane, at) => (
            <LaneMarks key={`${lane.tone} ${lane.name}`} lane={lane} y={TOP + at * LANE + LANE / 2} x={x} run={run} />
          ))}
          {chosen && <line class="chosen" x1={x(chosen.intoUs)} x2={x(chosen.intoUs)} y1={TOP - 6} y2={height - 34} />}
          <Axis window={window} x={x} y={height - 36} />
        </svg>
      </div>
      <Legend lanes={lanes} />
      <ModelText run={run} />
    </section>
  );
}

function Legend({ lanes }: { lanes: readonly Lane[] }) {
  return (
    <ul class="legend">
      {lanes.map(({ name, tone, mark, cuts: some }) => (
        <li key={`${tone} ${name}`}>
          <span class={tone}>{mark}</span> {some.length} {name}
        </li>
      ))}
    </ul>
  );
}

function scaleOf({ fromUs, toUs }: Window): (us: number) => number {
  return (us) => {
    const share = (us - fromUs) / (toUs - fromUs);
    if (share < 0) return NAMES + GUTTER / 2;
    if (share > 1) return WIDTH - GUTTER / 2;
    return NAMES + GUTTER + share * (WIDTH - NAMES - 2 * GUTTER);
  };
}

/** What the pale layer is, or why there is none. */
function ModelText({ run: { model } }: { run: RunPage }) {
  if (model === undefined) return null;
  if (typeof model === "string") return <p class="quiet">The model's own sweep is not drawn: {model}</p>;
  return (
    <p class="quiet">
      Pale, behind the marks: what the model of the same build makes of one cut at{" "}
      {model.cut === model.operations ? "each" : grouped(model.cut)} of its {grouped(model.operations)} flash
      operations, {model.direction}, on the time that this run measured.
    </p>
  );
}

/** Where the model says that cuts end so: a lane without marks has stretches that no cut has shown. */
function ModelBands({ lanes, model, x }: { lanes: readonly Lane[]; model: ModelSpans; x: (us: number) => number }) {
  return (
    <>
      {lanes.flatMap(({ tone, ending }, lane) =>
        model
          .filter(([, , endings]) => tone !== "failed" && endings.includes(ending))
          .map(([fromUs, toUs]) => (
            <rect
              key={`${ending} ${fromUs}`}
              class={`model ${tone}`}
              x={x(fromUs)}
              width={Math.max(1, x(toUs) - x(fromUs))}
              y={TOP + lane * LANE + 2}
              height={LANE - 4}
            >
              <title>{`by the model: ${ending}, ${duration(fromUs)} to ${duration(toUs)}`}</title>
            </rect>
          )),
      )}
    </>
  );
}

type ModelSpans = readonly (readonly [fromUs: number, toUs: number, endings: readonly string[]])[];

/** The model's stretches on the time that the run measured: its flash is not exactly as fast as the model's. */
function modelOn({ model, reference }: RunPage): ModelSpans {
  if (model === undefined || typeof model === "string") return [];
  const scale = reference === undefined || model.swapUs <= 0 ? 1 : reference.swapUs / model.swapUs;
  return model.spans.map(([fromUs, toUs, ending]) => [fromUs * scale, toUs * scale, ending.split(" or ")]);
}

function lanesOf(run: RunPage, cuts: readonly PlacedCut[], model: ModelSpans): readonly Lane[] {
  const lanes = new Map<string, { name: string; ending: string; tone: string; mark: string; cuts: PlacedCut[] }>();
  for (const cut of cuts) {
    const name = run.texts[cut.row.ending] ?? "";
    const { tone, mark } = lookOf(name, cut.row.pass);
    const key = `${tone} ${name}`;
    const lane = lanes.get(key) ?? {
      name: cut.row.pass ? name : `${name} (failed)`,
      ending: name,
      tone,
      mark,
      cuts: [],
    };
    lane.cuts.push(cut);
    lanes.set(key, lane);
  }
  for (const name of new Set(model.flatMap(([, , endings]) => endings))) {
    const { tone, mark } = lookOf(name, true);
    const key = `${tone} ${name}`;
    if (!lanes.has(key)) lanes.set(key, { name, ending: name, tone, mark, cuts: [] });
  }
  return [...lanes.values()].sort((a, b) => Number(b.tone === "failed") - Number(a.tone === "failed"));
}

function mapText(lanes: readonly Lane[]): string {
  return `Cuts by ending: ${lanes.map(({ name, cuts }) => `${cuts.length} ${name}`).join(", ")}`;
}

/** Phases as stripes; one that begins within another (the copy to the network core) is framed, its name at its foot. */
function Phases({ run, x, height }: { run: RunPage; x: (us: number) => number; height: number }) {
  const foot = height - 3;
  return (
    <>
      {layeredPhases(run.phases).map(({ name, fromUs, toUs, isWithin }, at) => (
        <g key={at}>
          <rect
            class={isWithin ? "phase within" : at % 2 === 0 ? "phase" : "phase odd"}
            x={x(fromUs)}
            width={Math.max(1, x(toUs) - x(fromUs))}
            y={TOP - 6}
            height={height - TOP + 6}
          >
            <title>{`${name}: ${duration(toUs - fromUs)}`}</title>
          </rect>
          {x(toUs) - x(fromUs) > name.length * 7 && (
            <text class="phase-name" x={(x(fromUs) + x(toUs)) / 2} y={isWithin ? foot : TOP - 10}>
              {name}
            </text>
          )}
        </g>
      ))}
      <text class="phase-name" x={NAMES + GUTTER / 2} y={TOP - 10}>
        before
      </text>
      <text class="phase-name" x={WIDTH - GUTTER / 2} y={TOP - 10}>
        after
      </text>
    </>
  );
}

/** All marks of a lane as one path: five thousand elements would be slow, five paths are not. */
function LaneMarks({ lane, y, x, run }: { lane: Lane; y: number; x: (us: number) => number; run: RunPage }) {
  // Marks that would lie on one another are one: a screen has some thousand places for five thousand cuts.
  const places = new Set(lane.cuts.map(({ intoUs }) => Math.round(x(intoUs) * 2) / 2));
  const marks = [...places].map((place) => `M${place} ${y - 7}v14`).join("");
  const half = run.calibration?.uncertaintyUs;
  const whiskers =
    half === undefined || lane.cuts.length > WHISKERS_MAX
      ? ""
      : lane.cuts.map(({ intoUs }) => `M${x(intoUs - half).toFixed(1)} ${y}H${x(intoUs + half).toFixed(1)}`).join("");
  return (
    <>
      <text class={`lane-name ${lane.tone}`} x={0} y={y + 4}>
        {lane.mark} {lane.ending}
      </text>
      <line class="axis" x1={NAMES} x2={WIDTH} y1={y} y2={y} />
      {whiskers !== "" && <path class={`whisker ${lane.tone}`} d={whiskers} />}
      <path class={`mark ${lane.tone}`} d={marks} />
    </>
  );
}

function Axis({ window, x, y }: { window: Window; x: (us: number) => number; y: number }) {
  return (
    <g>
      <line class="axis" x1={x(window.fromUs)} x2={x(window.toUs)} y1={y} y2={y} />
      {roundTicks(window.fromUs, window.toUs).map((us) => (
        <g key={us}>
          <line class="axis" x1={x(us)} x2={x(us)} y1={y} y2={y + 5} />
          <text class="tick" x={x(us)} y={y + 18}>
            {tickText(us)}
          </text>
        </g>
      ))}
      <text class="tick" x={(x(window.fromUs) + x(window.toUs)) / 2} y={y + 32}>
        time after the swap's first flash operation
      </text>
    </g>
  );
}
