/** Pause between frame lines for a board that loses bursts, in milliseconds. Source: GO's client, smp.md 2.1. */
const PAUSE_MS = 20;
/** Timeouts that a pause has cured, without a good burst run between, after which the pause stays. */
const STRIKES = 2;
/** Answered bursts that forgive a strike: the line was bad, not the board. */
const FORGIVING = 16;

/**
 * Finds out whether a board loses packets of several lines that come at once (Zephyr has two line buffers by default):
 * after a timeout the next packet goes out with pauses, and where that helps twice in a row the pauses stay.
 * Source: smp.md 2.2, last rows; 5.4 row 3.
 */
export class BurstGuard {
  #strikes = 0;
  #run = 0;
  #paced = false;

  /** Pause between lines now, in milliseconds. */
  get pauseMs(): number {
    return this.#paced || this.#strikes >= STRIKES ? PAUSE_MS : 0;
  }

  timedOut(): void {
    this.#paced = true;
    this.#run = 0;
  }

  /** An answer came to a packet of `lines` frame lines. */
  answered(lines: number): void {
    if (lines < 2) return;
    if (this.#paced) {
      this.#paced = false;
      this.#strikes += 1;
    } else if (this.#strikes < STRIKES) {
      this.#run += 1;
      if (this.#run >= FORGIVING) this.#strikes = 0;
    }
  }
}
