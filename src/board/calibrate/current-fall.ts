import type { CurrentMeter, CurrentSamples } from "../../power/index.ts";

/** The current before the command is judged over this long, in microseconds. */
const BASELINE_US = 50_000;
/** Below this share of it the supply is open: what flows then is leakage and noise. */
const OPEN_SHARE = 0.25;
/** Most samples that are kept: ten seconds of a PPK2. */
const SAMPLES_MAX = 1_000_000;

/** Watches a supply current for the moment at which it stops. */
export class CurrentFall {
  readonly #stop: () => void;
  readonly #batches: CurrentSamples[] = [];
  #kept = 0;

  constructor(meter: CurrentMeter) {
    this.#stop = meter.onSamples((samples) => {
      if (this.#kept + samples.microamps.length > SAMPLES_MAX) return;
      this.#kept += samples.microamps.length;
      this.#batches.push(samples);
    });
  }

  /** No more samples are taken. */
  stop(): void {
    this.#stop();
  }

  /**
   * When the last current flowed, in microseconds on the bench's clock; undefined when none flowed before the command,
   * or it never stopped.
   * @param offSentUs when the switch had taken its command.
   */
  fellAtUs(offSentUs: number): number | undefined {
    const before: number[] = [];
    const all: { readonly atUs: number; readonly microamps: number }[] = [];
    for (const { atUs, everyUs, microamps } of this.#batches) {
      for (const [index, value] of microamps.entries()) {
        const sampleUs = atUs - (microamps.length - 1 - index) * everyUs;
        if (Number.isNaN(value) || sampleUs < offSentUs - BASELINE_US) continue;
        if (sampleUs <= offSentUs) before.push(value);
        all.push({ atUs: sampleUs, microamps: value });
      }
    }
    const usual = before.toSorted((a, b) => a - b)[before.length >> 1];
    if (usual === undefined || usual <= 0) return undefined;
    const last = all.findLast(({ microamps }) => microamps >= usual * OPEN_SHARE);
    return last === undefined || last === all.at(-1) ? undefined : last.atUs;
  }
}
