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

/** So many of each core are kept for whoever asks next: one that does nothing but reset leaves the other its own. */
const NOTES_MAX = 1000;

/** Notes of a chip's cores, in their order. */
export class ChipNotes {
  #notes: ChipNote[] = [];
  readonly #counts = { application: 0, network: 0 };

  add(note: ChipNote): void {
    if (this.#counts[note.core] >= NOTES_MAX) return;
    this.#counts[note.core] += 1;
    this.#notes.push(note);
  }

  /** Those since this was asked last; of each core the first thousand. */
  take(): readonly ChipNote[] {
    const taken = this.#notes;
    this.#notes = [];
    this.#counts.application = 0;
    this.#counts.network = 0;
    return taken;
  }
}
