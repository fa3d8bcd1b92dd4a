import { abortable, BenchError, type Clock, Queue, sleepUntil } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";

/** Bits on the wire for one byte at 8N1: start, eight data, stop. */
export const BITS_A_BYTE = 10;

/** Microseconds that `count` bytes take at `baudRate`, 8N1, rounded up. */
export function lineTimeUs(count: number, baudRate: number): number {
  return Math.ceil((count * BITS_A_BYTE * 1_000_000) / baudRate);
}

/**
 * Two ends of one line in memory. Both are real links: what is written at one end arrives at the other, whole and in
 * order; with a baud rate after the time it takes on the wire, without one in the next turn of the clock.
 */
export function memoryLinks(options: {
  clock: Clock;
  baudRate?: number;
  names?: readonly [string, string];
}): [MemoryLink, MemoryLink] {
  const [first, second] = options.names ?? ["host", "device"];
  const a = new MemoryLink(first, options.clock, options.baudRate);
  const b = new MemoryLink(second, options.clock, options.baudRate);
  a.peer = b;
  b.peer = a;
  return [a, b];
}

/** One end of a line in memory; see `memoryLinks`. */
export class MemoryLink implements Link {
  readonly name: string;
  readonly #clock: Clock;
  readonly #baudRate: number | undefined;
  readonly #arrived = new Queue<Chunk>();
  readonly #closing = new AbortController();
  #lineFreeAtUs = 0;
  peer: MemoryLink | undefined;

  constructor(name: string, clock: Clock, baudRate?: number) {
    this.name = name;
    this.#clock = clock;
    this.#baudRate = baudRate;
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closing.signal.aborted) throw new BenchError(`${this.name} is closed.`, "Open it again.");
    const sent = bytes.slice();
    const takesUs = this.#baudRate === undefined ? 0 : lineTimeUs(sent.length, this.#baudRate);
    this.#lineFreeAtUs = Math.max(this.#clock.nowUs(), this.#lineFreeAtUs) + takesUs;
    // The bytes are on their way whatever the caller does next: only the wait can be given up.
    const arrival = sleepUntil(this.#clock, this.#lineFreeAtUs).then(() => {
      if (!this.#closing.signal.aborted) this.peer?.deliver(sent);
    });
    return abortable(arrival, signal);
  }

  deliver(bytes: Uint8Array): void {
    this.#arrived.push({ atUs: this.#clock.nowUs(), bytes });
  }

  /** What a pulled plug does: both ends fail from now on. */
  vanish(): void {
    const reason = new BenchError(`${this.name} vanished.`, "Check the cable.");
    this.#closing.abort(reason);
    this.#arrived.end({ reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#arrived.end();
  }
}
