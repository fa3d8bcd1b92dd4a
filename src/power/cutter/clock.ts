/** One question and its answer: when they passed here, and what the cutter's clock said in between. In microseconds. */
interface ClockSample {
  readonly askedUs: number;
  readonly answeredUs: number;
  readonly cutterUs: number;
}

/** How far apart two crystals may run: 30 parts per million each, rounded up. */
const DRIFT = 100 / 1_000_000;
const SAMPLES_MAX = 64;

/**
 * Where the cutter's clock stands on the bench's. Each answer fixes it to half of its round trip; away from an answer
 * the crystals drift apart. For a moment the sample counts that says most about it.
 */
export class CutterClock {
  readonly #samples: ClockSample[] = [];

  add(sample: ClockSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** A moment of the cutter's clock on the bench's, and how far off that may be. @throws RangeError without a sample. */
  toBench(cutterUs: number): { readonly atUs: number; readonly uncertaintyUs: number } {
    let best: { readonly atUs: number; readonly uncertaintyUs: number } | undefined;
    for (const sample of this.#samples) {
      const half = (sample.answeredUs - sample.askedUs) / 2;
      const sinceUs = cutterUs - sample.cutterUs;
      const uncertaintyUs = Math.ceil(half + Math.abs(sinceUs) * DRIFT);
      if (best && uncertaintyUs >= best.uncertaintyUs) continue;
      best = { atUs: Math.round(sample.askedUs + half + sinceUs), uncertaintyUs };
    }
    if (!best) throw new RangeError("the cutter's clock was never asked");
    return best;
  }

  /** The other way round. */
  toCutter(benchUs: number): number {
    const near = this.#samples.at(-1);
    if (!near) throw new RangeError("the cutter's clock was never asked");
    const guess = near.cutterUs + benchUs - near.answeredUs;
    return Math.max(0, guess + benchUs - this.toBench(guess).atUs);
  }
}
