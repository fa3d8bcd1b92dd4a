/** How often the host is looked at, in milliseconds. */
const BEAT_MS = 20;
/** A beat that comes so much late is worth remembering, in milliseconds. */
const GAP_MS_MIN = 20;
/** Wall time that goes its own way by less than this between two beats is a clock that is being set right. */
const DRIFT_MS_MIN = 200;
const GAPS_KEPT_MAX = 1_000;

interface Gap {
  /** When it was over, in microseconds on the clock. */
  readonly atUs: number;
  readonly us: number;
}

/** Calls every so many milliseconds, by a timer that keeps no program alive. The returned function ends it. */
type Every = (ms: number, act: () => void) => () => void;

/** When this host did not run, as far as somebody attends. */
export interface GapWatch {
  /** Begins to look; the returned function ends it. Nothing is noticed before. */
  attend(): () => void;
  /** The longest time, in microseconds, in which the host did not run, of those that were over after `sinceUs`. */
  longestUs(sinceUs: number): number;
}

/**
 * Notices when the host did not run: a process that was stopped or starved (a beat comes late), and a machine that
 * slept (Linux's monotonic clock stands still then, and wall time does not).
 */
export class HostGaps implements GapWatch {
  readonly #nowUs: () => number;
  readonly #wallMs: () => number;
  readonly #every: Every;
  readonly #gaps: Gap[] = [];
  #attending = 0;
  #stop: () => void = () => undefined;
  #expectedUs = 0;
  #driftMs = 0;

  /** @param nowUs the clock, monotonic. @param wallMs wall time, in milliseconds. @param every calls again and again. */
  constructor(nowUs: () => number, wallMs: () => number, every: Every) {
    this.#nowUs = nowUs;
    this.#wallMs = wallMs;
    this.#every = every;
  }

  attend(): () => void {
    this.#attending += 1;
    if (this.#attending === 1) {
      this.#mark();
      this.#stop = this.#every(BEAT_MS, () => this.beat());
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#attending -= 1;
      if (this.#attending > 0) return;
      this.#stop();
      this.beat();
    };
  }

  longestUs(sinceUs: number): number {
    if (this.#attending > 0) this.beat();
    return this.#gaps.reduce((longest, { atUs, us }) => (atUs >= sinceUs ? Math.max(longest, us) : longest), 0);
  }

  /** Looks at both clocks. Called by the timer. */
  beat(): void {
    const nowUs = this.#nowUs();
    const lateUs = nowUs - this.#expectedUs;
    const sleptMs = this.#wallMs() - nowUs / 1000 - this.#driftMs;
    const us = Math.max(lateUs, sleptMs >= DRIFT_MS_MIN ? Math.round(sleptMs * 1000) : 0);
    if (us >= GAP_MS_MIN * 1000) this.#gaps.push({ atUs: nowUs, us });
    if (this.#gaps.length > GAPS_KEPT_MAX) this.#gaps.shift();
    this.#mark();
  }

  #mark(): void {
    const nowUs = this.#nowUs();
    this.#expectedUs = nowUs + BEAT_MS * 1000;
    this.#driftMs = this.#wallMs() - nowUs / 1000;
  }
}
