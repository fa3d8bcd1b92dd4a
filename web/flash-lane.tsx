import type { FlashRow, Lanes } from "../src/report/page/run-page.ts";
import { count, duration, grouped } from "./text.ts";

export interface View {
  readonly fromUs: number;
  readonly toUs: number;
}

interface Place {
  readonly view: View;
  readonly x: (us: number) => number;
  /** Top of the lane, and its height. */
  readonly y: number;
  readonly height: number;
}

/** Flash operations: time to the right, pages upwards; erases and writes in two colours. */
export function FlashLane({ flash, view, x, y, height }: Place & { flash: NonNullable<Lanes["flash"]> }) {
  const rows = flash.rows.filter(([, , , fromUs, toUs]) => toUs >= view.fromUs && fromUs <= view.toUs);
  const pages = rows.flatMap(([, first, last]) => [first, last]);
  const lowest = pages.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const highest = pages.reduce((a, b) => Math.max(a, b), 0);
  const up = (page: number) => y + height - 4 - ((page - lowest) / Math.max(1, highest - lowest)) * (height - 8);
  const at = (us: number) => x(Math.min(view.toUs, Math.max(view.fromUs, us)));
  const path = (kind: FlashRow[0]) =>
    rows
      .filter((row) => row[0] === kind)
      .map(([, first, last, fromUs, toUs]) => {
        const [from, to] = [at(fromUs), Math.max(at(fromUs) + 0.6, at(toUs))];
        return `M${from.toFixed(1)} ${up(first).toFixed(1)}L${to.toFixed(1)} ${up(last).toFixed(1)}`;
      })
      .join("");
  return (
    <g>
      <text class="lane-name" x={4} y={y + height / 2 + 4}>
        flash
      </text>
      <path class="flash erase" d={path(0)} />
      <path class="flash write" d={path(1)} />
    </g>
  );
}

/** What the colours are, and how much of it there was. */
export function FlashText({ flash: { rows, passed }, view }: { flash: NonNullable<Lanes["flash"]>; view: View }) {
  const seen = rows.filter(([, , , fromUs, toUs]) => toUs >= view.fromUs && fromUs <= view.toUs);
  const sum = (kind: FlashRow[0]) => seen.reduce((all, row) => all + (row[0] === kind ? row[5] : 0), 0);
  return (
    <p class="quiet">
      Flash: <span class="failed">▬</span> {count(sum(0), "erase")}, <span class="resumed">▬</span>{" "}
      {count(sum(1), "write")}; time to the right, pages upwards.
      {passed > 0 && ` The record does not keep ${grouped(passed)} more operations of it.`}
    </p>
  );
}

/** Supply current: from the smallest to the greatest value of each bin. */
export function CurrentLane({ current, view, x, y, height }: Place & { current: NonNullable<Lanes["current"]> }) {
  const bins = current.filter(([us]) => us >= view.fromUs && us <= view.toUs);
  const most = bins.reduce((all, [, , value]) => Math.max(all, value), 1);
  const up = (value: number) => (y + height - 4 - (Math.max(0, value) / most) * (height - 8)).toFixed(1);
  const upper = bins.map(([us, , value]) => `${x(us).toFixed(1)} ${up(value)}`);
  const lower = bins.map(([us, value]) => `${x(us).toFixed(1)} ${up(value)}`).reverse();
  return (
    <g>
      <text class="lane-name" x={4} y={y + height / 2 + 4}>
        current
      </text>
      {bins.length > 0 && <path class="current" d={`M${[...upper, ...lower].join("L")}Z`} />}
    </g>
  );
}

export function CurrentText({ current, view }: { current: NonNullable<Lanes["current"]>; view: View }) {
  const bins = current.filter(([us]) => us >= view.fromUs && us <= view.toUs);
  const most = bins.reduce((all, [, , value]) => Math.max(all, value), 0);
  return (
    <p class="quiet">
      Current: {(most / 1000).toFixed(2)} mA at most in these {duration(view.toUs - view.fromUs)}.
    </p>
  );
}
