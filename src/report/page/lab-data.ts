import type { RecordShape } from "./record-shapes.ts";

/**
 * What the page of a lab shows, as data: made from the index of its runs (lab-page.ts), drawn in web/. Texts are
 * harmless already; times are microseconds.
 */
export interface LabPage {
  /** The folder of records, as a command names it. */
  readonly folder: string;
  /** Nights shown, oldest first, as the date (UTC) on whose noon each began. */
  readonly nights: readonly string[];
  /** Those that say something new first. */
  readonly rows: readonly LabRow[];
  readonly causes: readonly SharedCause[];
  readonly benches: readonly LabBench[];
  readonly trends: readonly LabTrend[];
  /** How "newly red", "flaky" and "drifts" are told, and how often they are told of nothing. */
  readonly statistics: readonly string[];
  readonly leftOut: readonly string[];
}

/** A question that is asked every night: a scenario on a board. */
export interface LabRow {
  readonly scenario: string;
  readonly board: string;
  /** One a night; null where nothing ran. */
  readonly cells: readonly (LabCell | null)[];
  readonly newlyRed: readonly LabRed[];
  readonly stillRed: readonly LabRed[];
  readonly newlyGreen: readonly string[];
  readonly newlyFlaky: readonly string[];
  readonly flaky: readonly string[];
  /** Runs of the nights shown that judged, and how many of them passed. */
  readonly judged: number;
  readonly passed: number;
  readonly swapUs: HalfAndMost | null;
  readonly uploadBytesPerS: HalfAndMost | null;
}

/** Half of the values lie below the first, 95 of 100 below the second. */
export interface HalfAndMost {
  readonly p50: number;
  readonly p95: number;
}

/** The last run of a night that judged; else the last one. */
export interface LabCell {
  readonly run: string;
  /** Of its own page, seen from this one; null where there is none. */
  readonly href: string | null;
  readonly outcome: RecordShape<"outcome">;
  readonly began: string;
  readonly red: number;
  readonly of: number;
  /** Runs of that night. */
  readonly runs: number;
  readonly build: string;
}

export interface LabRed {
  readonly name: string;
  readonly ending: string;
  readonly because: string;
  /** How often it had failed before, in how many runs that had it. */
  readonly failedBefore: number;
  readonly runsBefore: number;
}

/** Failures of one reason over all boards, the most boards first; since when, and with which image first. */
export interface SharedCause {
  readonly because: string;
  readonly boards: readonly string[];
  readonly since: string;
  readonly firstWith: string;
  readonly cases: number;
}

/** Health of one bench, over the nights shown. */
export interface LabBench {
  readonly board: string;
  readonly runs: number;
  readonly lastGood: { readonly run: string; readonly night: string } | null;
  /** Runs that the bench ended, what it was tried again for, cuts that were void, steps of recovery. */
  readonly failures: number;
  readonly retries: number;
  readonly voidCuts: number;
  readonly recoveries: number;
  readonly wear: number | null;
  /** Erase cycles of the most worn page that a night costs. */
  readonly wearPerNight: number | null;
  /** Latency of the switch, a median a night. */
  readonly latencyUs: readonly (number | null)[];
  readonly drift: { readonly recentUs: number; readonly beforeUs: number; readonly drifts: boolean } | null;
}

/** Over all boards of a scenario, a value a night. */
export interface LabTrend {
  readonly scenario: string;
  readonly swapUs: readonly (HalfAndMost | null)[];
  readonly uploadBytesPerS: readonly (HalfAndMost | null)[];
}
