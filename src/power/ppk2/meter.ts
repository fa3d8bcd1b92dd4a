import { Listeners } from "../../core/index.ts";
import type { Chunk, Link } from "../../serial/index.ts";
import type { CurrentMeter, CurrentSamples } from "../driver/switch.ts";
import { PPK2_SAMPLE_US, type Ppk2Samples } from "./samples.ts";

/** The current that a kit measures: what it sends while it streams. */
export class Ppk2Meter implements CurrentMeter {
  readonly #listeners = new Listeners<CurrentSamples>();
  #samples: Ppk2Samples | undefined;

  /** From now on all that comes is samples. */
  start(samples: Ppk2Samples): void {
    this.#samples = samples;
  }

  onSamples(listener: (samples: CurrentSamples) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The same link, without what the meter takes: its samples answer no request. */
  tapped(link: Link): Link {
    return {
      name: link.name,
      chunks: this.#others(link.chunks),
      write: (bytes, signal) => link.write(bytes, signal),
      [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
    };
  }

  async *#others(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of chunks) if (!this.#takes(chunk)) yield chunk;
  }

  #takes({ atUs, bytes }: Chunk): boolean {
    if (!this.#samples) return false;
    const microamps = this.#samples.feed(bytes);
    if (microamps.length > 0) this.#listeners.emit({ atUs, everyUs: PPK2_SAMPLE_US, microamps });
    return true;
  }
}
