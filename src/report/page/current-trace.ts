import { eachLine, hasCode } from "../../core/index.ts";

/** Bins of the whole run that a page keeps: a pixel of a wide screen has two. */
const BINS_MAX = 4_000;
/** A line has six numbers. */
const LINE_CHARS_MAX = 400;

type Bin = readonly [atUs: number, least: number, most: number];

/**
 * The supply current of a run (`current.csv`: at_us, mean, min, max, samples, lost) in at most some thousand bins, each
 * with its smallest and greatest value in microamperes; empty where none was measured.
 */
export function currentOf(path: string): readonly Bin[] {
  let bins: Bin[] = [];
  let width = 1;
  let open: Bin | undefined;
  let filled = 0;
  const close = () => {
    if (open !== undefined) bins.push(open);
    open = undefined;
    filled = 0;
    if (bins.length < BINS_MAX * 2) return;
    // Twice as wide from here on: the file may have any length.
    bins = Array.from({ length: bins.length / 2 }, (_, at) => joined(bins[2 * at], bins[2 * at + 1]));
    width *= 2;
  };
  try {
    eachLine(path, (line) => {
      if (line.length > LINE_CHARS_MAX) return;
      const [at, , least, most] = line.split(",").map((cell) => (cell === "" ? Number.NaN : Number(cell)));
      if (at === undefined || least === undefined || most === undefined) return;
      if (![at, least, most].every(Number.isFinite)) return;
      open = joined(open, [at, least, most]);
      filled += 1;
      if (filled >= width) close();
    });
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  close();
  return bins;
}

function joined(a: Bin | undefined, b: Bin | undefined): Bin {
  if (a === undefined || b === undefined) return a ?? b ?? [0, 0, 0];
  return [a[0], Math.min(a[1], b[1]), Math.max(a[2], b[2])];
}
