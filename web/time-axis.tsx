import { useState } from "preact/hooks";
import type { JudgedRow, Lanes, RunPage } from "../src/report/page/run-page.ts";
import { CurrentLane, CurrentText, FlashLane, FlashText, type View } from "./flash-lane.tsx";
import { Heads, Wide } from "./parts.tsx";
import { duration, roundTicks, tickText } from "./text.ts";

const WIDTH = 1_000;
const LEFT = 80;
const LANE = 30;
/** Of the lanes that show more than marks. */
const CURRENT = 46;
const FLASH = 90;
/** So much around the cut, where that is asked for, and so much before the reset: the upload is not the story. */
const NEAR_US = 1_500_000;
const BEFORE_RESET_US = 500_000;

const VIEWS = [
  ["boot", "from the reset on"],
  ["cut", `${duration(NEAR_US)} around the cut`],
  ["whole", "all, with the upload"],
] as const;
type ViewName = (typeof VIEWS)[number][0];

interface Props {
  readonly run: RunPage;
  readonly row: JudgedRow;
  readonly lane: Lanes;
  /** What the numbers of the lane's lines mean. */
  readonly texts: readonly string[];
}

/** A moment of the list below the drawing. */
interface Moment {
  readonly sinceUs: number;
  readonly kind: "power" | "uart" | "smp" | "cut";
  readonly text: string;
}

/** Power, UART and SMP on one axis, from the beginning of a cut to its verdict; then the same as a list. */
export function TimeAxis({ run, row, lane, texts }: Props) {
  const whole = { fromUs: 0, toUs: Math.max(1, row.toUs - row.fromUs) };
  const cutUs = row.cut === undefined ? undefined : row.cut.cutUs - row.fromUs;
  const zeroUs = row.cut === undefined ? 0 : row.cut.resetUs - row.fromUs;
  const views: Readonly<Record<ViewName, View>> =
    cutUs === undefined
      ? { whole, boot: whole, cut: whole }
      : {
          whole,
          boot: { fromUs: Math.max(0, zeroUs - BEFORE_RESET_US), toUs: whole.toUs },
          cut: { fromUs: Math.max(0, cutUs - NEAR_US), toUs: Math.min(whole.toUs, cutUs + NEAR_US) },
        };
  const [name, setName] = useState<ViewName>("boot");
  const view = views[name];
  const x = (us: number) => LEFT + ((us - view.fromUs) / (view.toUs - view.fromUs)) * (WIDTH - LEFT - 10);
  const isIn = (us: number) => us >= view.fromUs && us <= view.toUs;
  const moments = momentsOf(texts, row, lane);
  const { current, flash } = lane;
  const flashTop = LANE * 4 + (current === undefined ? 0 : CURRENT);
  const foot = flashTop + (flash === undefined ? 0 : FLASH);
  return (
    <>
      {cutUs !== undefined && (
        <p class="filter" role="group" aria-label="Part of the time axis">
          {VIEWS.map(([of, label]) => (
            <label key={of}>
              <input type="radio" name="view" checked={name === of} onChange={() => setName(of)} /> {label}
            </label>
          ))}
        </p>
      )}
      <Wide label="Time axis of this verdict">
        <svg viewBox={`0 0 ${WIDTH} ${foot + 30}`} class="map" role="img" aria-label={axisText(lane)}>
          <SwapPhases run={run} row={row} view={view} x={x} />
          <PowerLine lane={lane} view={view} x={x} y={LANE * 1.5} />
          <Ticks name="UART" at={lane.uart.map(([us]) => us).filter(isIn)} x={x} y={LANE * 2.5} />
          <Ticks name="SMP" at={lane.smp.map(([us]) => us).filter(isIn)} x={x} y={LANE * 3.5} />
          {current && <CurrentLane current={current} view={view} x={x} y={LANE * 4} height={CURRENT} />}
          {flash && <FlashLane flash={flash} view={view} x={x} y={flashTop} height={FLASH} />}
          {cutUs !== undefined && isIn(cutUs) && <line class="cut-line" x1={x(cutUs)} x2={x(cutUs)} y1={8} y2={foot} />}
          {roundTicks(view.fromUs - zeroUs, view.toUs - zeroUs).map((us) => (
            <g key={us}>
              <line class="axis" x1={x(us + zeroUs)} x2={x(us + zeroUs)} y1={foot} y2={foot + 5} />
              <text class="tick" x={Math.min(WIDTH - 24, x(us + zeroUs))} y={foot + 20}>
                {tickText(us)}
              </text>
            </g>
          ))}
        </svg>
      </Wide>
      {current && <CurrentText current={current} view={view} />}
      {flash && <FlashText flash={flash} view={view} />}
      <Moments row={row} moments={moments.filter(({ sinceUs }) => isIn(sinceUs))} zeroUs={zeroUs} />
    </>
  );
}

/** The same as a list. */
function Moments({ row, moments, zeroUs }: { row: JudgedRow; moments: readonly Moment[]; zeroUs: number }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="What happened, line by line">
      <table class="moments">
        <caption>
          Times are since {row.cut === undefined ? "the verdict before" : "the answer to the reset command"}
        </caption>
        <Heads names={["time", "from", "what"]} />
        <tbody>
          {moments.map(({ sinceUs, kind, text }, at) => (
            <tr key={at} class={kind}>
              <td class="number">{((sinceUs - zeroUs) / 1_000_000).toFixed(6)}</td>
              <td>{kind}</td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function momentsOf(texts: readonly string[], row: JudgedRow, lane: Lanes): readonly Moment[] {
  const text = (number: number) => texts[number] ?? "";
  const cut = row.cut;
  return [
    ...lane.power.map(([sinceUs, on]): Moment => ({ sinceUs, kind: "power", text: on === 1 ? "on sent" : "off sent" })),
    ...lane.uart.map(([sinceUs, number]): Moment => ({ sinceUs, kind: "uart", text: text(number) })),
    ...lane.smp.map(([sinceUs, number]): Moment => ({ sinceUs, kind: "smp", text: text(number) })),
    ...(cut === undefined ? [] : [{ sinceUs: cut.cutUs - row.fromUs, kind: "cut" as const, text: "power is gone" }]),
  ].sort((a, b) => a.sinceUs - b.sinceUs);
}

function axisText({ power, uart, smp, current, flash }: Lanes): string {
  const more = [
    ...(current === undefined ? [] : ["the supply current"]),
    ...(flash === undefined ? [] : ["the flash"]),
  ];
  const marks = `${power.length} changes of power, ${uart.length} lines of the UART, ${smp.length} SMP packets`;
  return [marks, ...more].join(", ");
}

/** Phases of the swap as the uninterrupted upgrade had them, up to the cut. */
function SwapPhases({ run, row, view, x }: { run: RunPage; row: JudgedRow; view: View; x: (us: number) => number }) {
  const { cut } = row;
  if (cut?.intoSwapUs === undefined) return null;
  const startUs = cut.cutUs - row.fromUs - cut.intoSwapUs;
  const endUs = cut.cutUs - row.fromUs;
  return (
    <g>
      <text class="lane-name" x={4} y={LANE * 0.6}>
        swap
      </text>
      {run.phases.map(({ name, fromUs, toUs }, at) => {
        const from = Math.max(view.fromUs, startUs + fromUs);
        const to = Math.min(view.toUs, endUs, startUs + toUs);
        if (to <= from) return null;
        return (
          <g key={at}>
            <rect
              class={at % 2 === 0 ? "phase" : "phase odd"}
              x={x(from)}
              width={x(to) - x(from)}
              y={4}
              height={LANE - 8}
            />
            {x(to) - x(from) > name.length * 7 && (
              <text class="phase-name" x={(x(from) + x(to)) / 2} y={LANE * 0.6}>
                {name}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function PowerLine({ lane, view, x, y }: { lane: Lanes; view: View; x: (us: number) => number; y: number }) {
  const level = (on: 0 | 1) => (on === 1 ? y - 8 : y + 8);
  const changes = lane.power.map(([us, on]) => ({ us: Math.min(view.toUs, Math.max(view.fromUs, us)), on }));
  // Before its first change the supply was the other way round; without any it was on.
  const first: 0 | 1 = changes[0]?.on === 1 ? 0 : 1;
  const path = changes.map(({ us, on }) => `H${x(us).toFixed(1)}V${level(on)}`).join("");
  return (
    <g>
      <text class="lane-name" x={4} y={y + 4}>
        power
      </text>
      <path class="power-line" d={`M${LEFT} ${level(first)}${path}H${x(view.toUs).toFixed(1)}`} />
    </g>
  );
}

function Ticks({ name, at, x, y }: { name: string; at: readonly number[]; x: (us: number) => number; y: number }) {
  return (
    <g>
      <text class="lane-name" x={4} y={y + 4}>
        {name}
      </text>
      <line class="axis" x1={LEFT} x2={WIDTH - 10} y1={y + 9} y2={y + 9} />
      <path class={`ticks ${name.toLowerCase()}`} d={at.map((us) => `M${x(us).toFixed(1)} ${y - 8}v16`).join("")} />
    </g>
  );
}
