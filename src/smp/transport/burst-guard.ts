/** Pause between frame lines for a board that loses bursts, in milliseconds. As newtmgr's serial client. */
const PAUSE_MS = 20;
/** Timeouts that a pause has cured, without a good burst run between, after which the pause stays. */
const STRIKES = 2;
/** Answered bursts that forgive a strike: the line was bad, not the board. */
const FORGIVING = 16;

/**
 * Finds out whether a board loses packets of several lines that come at once (Zephyr has two line buffers by default):
 * after a timeout the next packet goes out with pauses (after two, when bursts were answered before), and where that
 * helps twice in a row the pauses stay.
 * Source: zephyr #92697; two of twelve requests at once answered, measured on Zephyr 4.4.0.
 */
export class BurstGuard {
  #strikes = 0;
  #timeouts = 0;
  #run = 0;
  /** A burst without pauses was answered. */
  #proven = false;
  #paced = false;

  /** Pause between lines now, in milliseconds. */
  get pauseMs(): number {
    return this.#paced || this.#strikes >= STRIKES ? PAUSE_MS : 0;
  }

  /**
   * No answer came to a packet of `lines` frame lines. One timeout of a board that has taken a burst is a line's bad
   * luck; the second in a row is not. A packet of one line was no burst: the board is booting, or off.
   */
  timedOut(lines: number): void {
    if (lines < 2) return;
    this.#timeouts += 1;
    this.#paced = this.#timeouts >= (this.#proven ? 2 : 1);
    this.#run = 0;
  }

  /** An answer came to a packet of `lines` frame lines. */
  answered(lines: number): void {
    this.#timeouts = 0;
    if (lines < 2) return;
    if (this.#paced) {
      this.#paced = false;
      this.#strikes += 1;
    } else if (this.#strikes < STRIKES) {
      this.#proven = true;
      this.#run += 1;
      if (this.#run >= FORGIVING) this.#strikes = 0;
    }
  }
}
