/** A run of current samples, as a meter hands them on. */
export interface CurrentRun {
  /** When the last of them had arrived, on the bench's clock, in microseconds. */
  readonly atUs: number;
  /** Distance of two samples, in microseconds. */
  readonly everyUs: number;
  readonly microamps: Float32Array;
}

/** Width of a line of `current.csv`, in microseconds: 100 samples of a PPK2. An erase is 87 of them, a word none. */
const BIN_US = 1000;

export const CURRENT_HEADER = "at_us,mean_ua,min_ua,max_ua,samples,lost";

/**
 * Makes one line of a millisecond of samples: a hundred times less than the meter sends. `at_us` is when it began, on the
 * bench's clock, as well as that is known: samples are stamped as they arrive, so USB's milliseconds are in it.
 */
export class CurrentBins {
  #startUs: number | undefined;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #samples = 0;
  #lost = 0;

  /** Lines that are whole now, without line ends. */
  add({ atUs, everyUs, microamps }: CurrentRun): string[] {
    const lines: string[] = [];
    const most = Math.max(1, Math.round(BIN_US / everyUs));
    for (const [index, value] of microamps.entries()) {
      this.#startUs ??= atUs - (microamps.length - 1 - index) * everyUs;
      if (Number.isNaN(value)) this.#lost += 1;
      else {
        this.#sum += value;
        this.#min = Math.min(this.#min, value);
        this.#max = Math.max(this.#max, value);
        this.#samples += 1;
      }
      if (this.#samples + this.#lost >= most) lines.push(this.#line(this.#startUs));
    }
    return lines;
  }

  /** The line of a millisecond that did not become whole, at the end; undefined when none has begun. */
  rest(): string | undefined {
    return this.#startUs === undefined ? undefined : this.#line(this.#startUs);
  }

  #line(startUs: number): string {
    const [count, lost] = [this.#samples, this.#lost];
    const values = count === 0 ? ["", "", ""] : [this.#sum / count, this.#min, this.#max].map((ua) => ua.toFixed(1));
    this.#startUs = undefined;
    this.#sum = this.#samples = this.#lost = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    return [startUs, ...values, count, lost].join(",");
  }
}
