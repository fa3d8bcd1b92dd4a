/**
 * Samples of a Power Profiler Kit II: a word of four bytes, little-endian, every 10 µs. Source: Nordic's app
 * pc-nrfconnect-ppk (src/device/serialDevice.ts) and IRNAS's ppk2-api, read; never run on hardware.
 */
export const PPK2_SAMPLE_US = 10;
const WORD_BYTES = 4;

/** Fields of a word. */
const FIELDS = {
  adc: { shift: 0, bits: 14, source: "to be multiplied by 4" },
  range: { shift: 14, bits: 3, source: "0 to 4; more is taken for 4" },
  counter: { shift: 18, bits: 6, source: "one more with each sample" },
  digital: { shift: 24, bits: 8, source: "D0 to D7" },
} as const;

/** Volts of one step of the ADC. */
const ADC_STEP_V = 1.8 / 163_840;
const ADC_FACTOR = 4;
/** Less is noise. In microamperes. */
const FLOOR_UA = 0.2;
const RANGE_MAX = 4;

/** How a range turns steps into amperes. */
interface Range {
  /** Shunt, in ohms. */
  readonly r: number;
  readonly gs: number;
  readonly gi: number;
  readonly o: number;
  readonly s: number;
  readonly i: number;
  readonly ug: number;
}

const UNCALIBRATED = { gs: 1, gi: 1, o: 0, s: 0, i: 0, ug: 1 } as const;
/** What counts where a kit's metadata say nothing. */
export const PPK2_RANGES: readonly Range[] = [1031.64, 101.65, 10.15, 0.94, 0.043].map((r) => ({ r, ...UNCALIBRATED }));

/** The ranges of one kit, by its metadata (keys in lower case); a value that is missing, 0 or no number changes nothing. */
export function ppk2Ranges(metadata: ReadonlyMap<string, string>): readonly Range[] {
  return PPK2_RANGES.map((range, index) => {
    const given = Object.keys(range).flatMap((key) => {
      const value = Number(metadata.get(`${key}${index}`));
      return Number.isFinite(value) && value !== 0 ? [[key, value] as const] : [];
    });
    return { ...range, ...Object.fromEntries(given) };
  });
}

/** One word taken apart. */
export function ppk2Word(word: number) {
  const field = ({ shift, bits }: { readonly shift: number; readonly bits: number }) =>
    (word >>> shift) & ((1 << bits) - 1);
  return {
    adc: field(FIELDS.adc),
    range: Math.min(field(FIELDS.range), RANGE_MAX),
    counter: field(FIELDS.counter),
    digital: field(FIELDS.digital),
  };
}

/** Microamperes of a sample. @param volts the supply. */
export function ppk2Microamps(adc: number, range: Range, volts: number): number {
  const steps = (adc * ADC_FACTOR - range.o) * (ADC_STEP_V / range.r);
  const amperes = range.ug * (steps * (range.gs * steps + range.gi) + range.s * volts + range.i);
  const microamps = amperes * 1_000_000;
  return microamps < FLOOR_UA ? 0 : microamps;
}

/** Right after the kit changes its range it measures spikes: averages stand in for them. Same source. */
const SPIKE_SAMPLES = 3;
const SPIKE_SAMPLES_KEPT = 2;
const ALPHA = 0.18;
const ALPHA_COARSE = 0.06;

class SpikeFilter {
  #average: number | undefined;
  #coarse: number | undefined;
  #range: number | undefined;
  #left = 0;
  #inRange = 0;

  next(value: number, range: number): number {
    const [average, coarse] = [this.#average ?? value, this.#coarse ?? value];
    this.#average = ALPHA * value + (1 - ALPHA) * average;
    this.#coarse = ALPHA_COARSE * value + (1 - ALPHA_COARSE) * coarse;
    const isNew = this.#range !== undefined && this.#range !== range;
    this.#range = range;
    if (isNew) {
      this.#left = SPIKE_SAMPLES;
      this.#inRange = 0;
    } else this.#inRange += 1;
    if (this.#left === 0) return value;
    this.#left -= 1;
    if (range !== RANGE_MAX) return this.#average;
    if (this.#inRange < SPIKE_SAMPLES_KEPT) [this.#average, this.#coarse] = [average, coarse];
    return this.#coarse;
  }
}

/** So many words must count on, one by one, to show where words begin. */
const WORDS_IN_STEP = 4;
const COUNTER_STEPS = 64;

/** Takes the stream apart, in whatever pieces it comes; a sample that was lost is NaN. */
export class Ppk2Samples {
  readonly #ranges: readonly Range[];
  readonly #volts: number;
  readonly #filter = new SpikeFilter();
  #rest = new Uint8Array();
  #counter: number | undefined;
  /** Samples that the kit took and that did not come. Whole rounds of its counter (64 samples) are not seen. */
  lost = 0;
  /** Bytes that belonged to no sample. */
  droppedBytes = 0;

  constructor(ranges: readonly Range[], millivolts: number) {
    this.#ranges = ranges;
    this.#volts = millivolts / 1000;
  }

  /** Microamperes, one a sample. */
  feed(bytes: Uint8Array): Float32Array {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const view = new DataView(all.buffer);
    const values: number[] = [];
    let at = 0;
    while (at + WORD_BYTES <= all.length) {
      const word = ppk2Word(view.getUint32(at, true));
      const missing = this.#counter === undefined ? 0 : (word.counter - this.#counter - 1) & (COUNTER_STEPS - 1);
      if (this.#counter === undefined || missing > 0) {
        // Samples are missing, or bytes of one: the counters that follow tell.
        if (at + WORDS_IN_STEP * WORD_BYTES + WORD_BYTES > all.length) break;
        const shift = [0, 1, 2, 3].find((bytesOff) => inStep(view, at + bytesOff));
        if (shift !== 0) {
          this.droppedBytes += shift ?? WORD_BYTES;
          at += shift ?? WORD_BYTES;
          continue;
        }
        this.lost += missing;
        for (let gap = 0; gap < missing; gap += 1) values.push(Number.NaN);
      }
      this.#counter = word.counter;
      values.push(this.#filter.next(this.#microamps(word), word.range));
      at += WORD_BYTES;
    }
    this.#rest = all.slice(at);
    return Float32Array.from(values);
  }

  #microamps({ adc, range }: { readonly adc: number; readonly range: number }): number {
    const by = this.#ranges[range];
    return by === undefined ? 0 : ppk2Microamps(adc, by, this.#volts);
  }
}

function inStep(view: DataView, at: number): boolean {
  const counterAt = (word: number) => ppk2Word(view.getUint32(at + word * WORD_BYTES, true)).counter;
  for (let word = 1; word < WORDS_IN_STEP; word += 1) {
    if (counterAt(word) !== (counterAt(word - 1) + 1) % COUNTER_STEPS) return false;
  }
  return true;
}
