import { ReadAlong, readLines } from "./lines-taken.ts";

/** Bins of the whole run that a page keeps: a pixel of a wide screen has two. And of the axis of one verdict. */
const BINS_MAX = 4_000;
/** A line has six numbers. */
const LINE_CHARS_MAX = 400;
const LANE_BINS_MAX = 300;

/** Time in microseconds, and the smallest and greatest value in microamperes. */
export type CurrentBin = readonly [atUs: number, least: number, most: number];

/** Values in order, in at most twice so many bins: however many there are, the bins grow with them. */
class Bins {
  readonly #most: number;
  #bins: CurrentBin[] = [];
  #width = 1;
  #open: CurrentBin | undefined;
  #filled = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(value: CurrentBin): void {
    this.#open = joined(this.#open, value);
    this.#filled += 1;
    if (this.#filled >= this.#width) this.#close();
  }

  /** All of them; it begins anew. */
  take(): readonly CurrentBin[] {
    this.#close();
    const bins = this.#bins;
    this.#bins = [];
    this.#width = 1;
    return bins;
  }

  #close(): void {
    if (this.#open !== undefined) this.#bins.push(this.#open);
    this.#open = undefined;
    this.#filled = 0;
    if (this.#bins.length < this.#most * 2) return;
    // Twice as wide from here on: the file may have any length.
    const bins = this.#bins;
    this.#bins = Array.from({ length: bins.length / 2 }, (_, at) => joined(bins[2 * at], bins[2 * at + 1]));
    this.#width *= 2;
  }
}

/**
 * Reads the supply current of a run (`current.csv`: at_us, mean, min, max, samples, lost) beside its events: in bins of
 * the whole run, and of each stretch of it. Empty where none was measured.
 */
export class CurrentReader implements Disposable {
  readonly #bins: ReadAlong<CurrentBin>;
  readonly #all = new Bins(BINS_MAX);
  readonly #lane = new Bins(LANE_BINS_MAX);

  constructor(path: string) {
    this.#bins = new ReadAlong(readLines(path, binOf, { charsMax: LINE_CHARS_MAX }), ([atUs]) => atUs);
  }

  /** The current since the last time that this was asked. */
  upTo(atUs: number): readonly CurrentBin[] {
    for (let bin = this.#bins.upTo(atUs); bin !== undefined; bin = this.#bins.upTo(atUs)) {
      this.#all.add(bin);
      this.#lane.add(bin);
    }
    return this.#lane.take();
  }

  /** The current of the whole run. */
  rest(): readonly CurrentBin[] {
    this.upTo(Number.POSITIVE_INFINITY);
    return this.#all.take();
  }

  [Symbol.dispose](): void {
    this.#bins[Symbol.dispose]();
  }
}

function binOf(line: string): CurrentBin | undefined {
  const [at, , least, most] = line.split(",").map((cell) => (cell === "" ? Number.NaN : Number(cell)));
  if (at === undefined || least === undefined || most === undefined) return undefined;
  return [at, least, most].every(Number.isFinite) ? [at, least, most] : undefined;
}

function joined(a: CurrentBin | undefined, b: CurrentBin | undefined): CurrentBin {
  if (a === undefined || b === undefined) return a ?? b ?? [0, 0, 0];
  return [a[0], Math.min(a[1], b[1]), Math.max(a[2], b[2])];
}
