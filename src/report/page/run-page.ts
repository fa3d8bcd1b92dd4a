/**
 * What the page of a run shows, as data: the seam between the record (src/report/page) and the page's code (web/),
 * which imports these types, how rows are read (row-columns.ts), the counts of histogram.ts, and nothing else. Times
 * are microseconds on the bench's clock unless said otherwise. Every text that may come from a board, a file or a
 * stranger's record is escaped and bounded already.
 */

import type { RecordShape } from "./record-shapes.ts";

/** A text, by its place in `texts` of the page: most of a run's texts come many times. */
export type TextNumber = number;

export interface RunPage {
  /** Name of the record's folder. */
  readonly id: string;
  /** The folder as a command names it. */
  readonly folder: string;
  readonly scenario: string;
  readonly board: string;
  readonly profile: string | undefined;
  readonly seed: number | undefined;
  readonly outcome: RecordShape<"outcome"> | "unfinished";
  /** The closing line of the run, as the console has it. */
  readonly sentence: string;
  /** Facts of host and request, as rows of name and value. */
  readonly facts: readonly (readonly [string, string])[];
  readonly images: readonly (RecordShape<"image"> & { readonly role: string })[];
  readonly preflight: readonly RecordShape<"check">[];
  readonly inputs: readonly { name: string; bytes: number; sha256: string }[];
  readonly phases: readonly RecordShape<"phase">[];
  readonly reference: RecordShape<"reference"> | undefined;
  /** What the bench measured of its switch: a cut falls `latencyUs` after its command, ± `uncertaintyUs`. */
  readonly calibration: RecordShape<"calibration"> | undefined;
  readonly cutsPlanned: number;
  readonly texts: readonly string[];
  readonly judged: readonly JudgedRow[];
  readonly notes: readonly { atUs: number; kind: string; text: string }[];
  /** The first upload, and the slowest where another was slower: a board that never recovers has hundreds. */
  readonly uploads: readonly PageUpload[];
  readonly times: readonly TimesOf[];
  readonly wear: RecordShape<"wear"> | undefined;
  /** Supply current in bins: time and microamperes, smallest and greatest of the bin. */
  readonly current: readonly (readonly [atUs: number, least: number, most: number])[];
  /** Erases of each page, of a simulated board. */
  readonly flashWear: FlashWear | undefined;
  /** What the model makes of a cut at each flash operation of the same upgrade; or why that is not told. */
  readonly model: ModelLayer | string | undefined;
  /** What nobody should conclude from this run. */
  readonly notShown: readonly string[];
  /** What of the record could not be read or was left out, one sentence each. */
  readonly leftOut: readonly string[];
}

/** Erases of pages in one run, by their numbers from the start of the flash; pages that were not erased are left out. */
export interface FlashWear {
  readonly pageBytes: number;
  readonly erases: readonly (readonly [page: number, times: number])[];
}

/** Outcomes of cuts over the time of the swap, as the model of the bootloader has them: one cut, at an operation. */
export interface ModelLayer {
  /** Flash operations of the upgrade, and at how many of them the model was cut. */
  readonly operations: number;
  readonly cut: number;
  /** "1.0.0 to 2.0.0". */
  readonly direction: string;
  /** Microseconds of the model's time, from the first operation to the end of the last. */
  readonly swapUs: number;
  /** Stretches of one ending, in the order of time. */
  readonly spans: readonly (readonly [fromUs: number, toUs: number, ending: string])[];
}

export interface PageUpload {
  readonly version: string;
  readonly bytes: number;
  readonly durationUs: number;
  /** What line and flash allow. */
  readonly limitBytesPerS: number;
  /** Microseconds since the upload's start, and bytes that the board had then. */
  readonly points: readonly (readonly [sinceUs: number, bytes: number])[];
}

/** One duration, as often as it was seen. */
export interface TimesOf {
  readonly name: string;
  readonly about: string;
  readonly valuesUs: readonly number[];
}

/** A verdict, and the cut it is about. */
export interface JudgedRow {
  readonly check: string;
  /** The same every night (docs/record.md, JUnit). */
  readonly name: string;
  readonly pass: boolean;
  readonly ending: TextNumber;
  readonly from: TextNumber;
  readonly to: TextNumber;
  readonly where: TextNumber | undefined;
  readonly phase: TextNumber | undefined;
  readonly expected: TextNumber;
  readonly found: TextNumber;
  readonly because: TextNumber;
  readonly allowed: readonly (readonly [ending: TextNumber, expects: TextNumber, because: TextNumber])[];
  readonly boots: number;
  readonly before: readonly PageSlot[];
  readonly slots: readonly PageSlot[];
  readonly cut: PageCut | undefined;
  /** From where on the axis of this verdict begins, and where it ends. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Undefined where the page left it out to stay small. */
  readonly lane: Lanes | undefined;
}

export interface PageSlot {
  readonly image: number;
  readonly slot: number;
  readonly version: TextNumber;
  readonly flags: TextNumber;
  readonly hash: TextNumber | undefined;
}

export interface PageCut {
  readonly index: number;
  /** "at 12.311 s after the reset". */
  readonly planned: TextNumber;
  readonly plannedUs: number | undefined;
  readonly resetUs: number;
  readonly offUs: number;
  readonly cutUs: number;
  readonly lastByteUs: number | undefined;
  readonly onUs: number;
  readonly firstByteUs: number | undefined;
  readonly intoSwapUs: number | undefined;
}

/** What happened around a verdict, each with its time since `fromUs`. */
export interface Lanes {
  readonly power: readonly (readonly [sinceUs: number, on: 0 | 1])[];
  readonly uart: readonly (readonly [sinceUs: number, text: TextNumber])[];
  readonly smp: readonly (readonly [sinceUs: number, text: TextNumber])[];
  /** Supply current in bins, in microamperes; left out where none was measured. */
  readonly current?: readonly (readonly [sinceUs: number, least: number, most: number])[] | undefined;
  /** Of a simulated board whose record keeps them. */
  readonly flash?: { readonly rows: readonly FlashRow[]; readonly passed: number } | undefined;
}

/** Flash operations of one kind in a row: 0 erases, 1 writes. */
export type FlashRow = readonly [
  kind: 0 | 1,
  firstPage: number,
  lastPage: number,
  fromUs: number,
  toUs: number,
  operations: number,
];
