export type ChipCore = "application" | "network";

/** What only a running processor shows. */
export interface ChipNote {
  readonly what: "reset" | "lockup" | "fault";
  readonly core: ChipCore;
  readonly atUs: number;
  /** RESETREAS of a reset; the address of the instruction for the others. */
  readonly detail: number;
  /** Name of the fault as in CFSR. */
  readonly fault?: string;
  /** What was accessed, where the fault is one of an access. */
  readonly address?: number;
}

/** So many are kept for whoever asks next. */
export const NOTES_MAX = 1000;
