import type { FlashWear } from "../src/report/page/run-page.ts";
import { Wide } from "./parts.tsx";
import { count, grouped } from "./text.ts";

const WIDTH = 1_000;
const HEIGHT = 26;
/** A cell is a page, or as many as make so many cells: each as warm as its warmest. */
const CELLS_MAX = 250;

interface Cell {
  readonly firstPage: number;
  readonly times: number;
}

/** Erases of every page of the flash that this run erased, as heat. */
export function WearStrip({ wear: { pageBytes, erases } }: { wear: FlashWear }) {
  const first = erases[0]?.[0];
  const last = erases.at(-1)?.[0];
  if (first === undefined || last === undefined) return null;
  const width = Math.max(1, Math.ceil((last - first + 1) / CELLS_MAX));
  const cells = cellsOf(erases, first, width);
  const [hottest, most] = erases.reduce((best, entry) => (entry[1] > best[1] ? entry : best), [first, 0]);
  const address = (page: number) => `0x${(page * pageBytes).toString(16)}`;
  const cellCount = Math.ceil((last - first + 1) / width);
  const step = WIDTH / cellCount;
  const said = `${count(erases.length, "page")} erased, most often the one at ${address(hottest)}: ${count(most, "time")}`;
  return (
    <figure>
      <figcaption>wear of pages in this run: {said}</figcaption>
      <Wide label="Erases of each page, as heat">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + 20}`} class="map" role="img" aria-label={said}>
          {cells.map(({ firstPage, times }) => (
            <rect
              key={firstPage}
              class="heat"
              x={((firstPage - first) / width) * step}
              width={Math.max(0.5, step - 0.5)}
              y={0}
              height={HEIGHT}
              fill-opacity={times === 0 ? 0.05 : 0.2 + (0.8 * times) / most}
            >
              <title>{`${address(firstPage)}: ${count(times, "erase")}${width > 1 ? `, the most of ${width} pages` : ""}`}</title>
            </rect>
          ))}
          <text class="lane-name" x={0} y={HEIGHT + 15}>
            {address(first)}
          </text>
          <text class="lane-name end" x={WIDTH} y={HEIGHT + 15}>
            {address(last)}
          </text>
        </svg>
      </Wide>
      <p class="quiet">
        As dark as its erases: the darkest has {grouped(most)}. What a debugger erased to begin with is not counted.
      </p>
    </figure>
  );
}

function cellsOf(erases: FlashWear["erases"], first: number, width: number): readonly Cell[] {
  const cells: { firstPage: number; times: number }[] = [];
  for (const [page, times] of erases) {
    const at = Math.floor((page - first) / width);
    while (cells.length <= at) cells.push({ firstPage: first + cells.length * width, times: 0 });
    const cell = cells[at];
    if (cell !== undefined) cell.times = Math.max(cell.times, times);
  }
  return cells;
}
