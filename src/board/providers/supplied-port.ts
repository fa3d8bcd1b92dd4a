import { BenchError, type Clock, Queue } from "../../core/index.ts";
import type { Chunk, Link } from "../../serial/index.ts";

/** From power to a serial port that can be opened: the interface chip starts, the host finds it. Measured on no board. */
const ENUMERATION_MS = 1_200;

/**
 * The host's end of a simulated port whose interface chip lives on the board's own supply: with power it goes, and some
 * time after power is back it can be opened again, under another name. What the board says in between is lost.
 */
export class SuppliedPort {
  readonly #inner: Link;
  readonly #clock: Clock;
  #arrived: Queue<Chunk> | undefined;
  #name = "";
  #openings = 0;
  #isThere = true;
  #cancel: () => void = () => {};

  constructor(inner: Link, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
    void this.#forward();
  }

  power(on: boolean): void {
    this.#cancel();
    if (on) {
      this.#cancel = this.#clock.at(this.#clock.nowUs() + ENUMERATION_MS * 1000, () => {
        this.#isThere = true;
      });
      return;
    }
    this.#isThere = false;
    this.#arrived?.end({ reason: this.#gone() });
    this.#arrived = undefined;
  }

  /** @throws BenchError while the port is away. */
  open(): Link {
    if (!this.#isThere) throw new BenchError(`no port ${this.#inner.name}.`, "Switch the board on.");
    const arrived = new Queue<Chunk>();
    this.#openings += 1;
    this.#name = this.#openings === 1 ? this.#inner.name : `${this.#inner.name}#${this.#openings}`;
    this.#arrived = arrived;
    return {
      name: this.#name,
      chunks: arrived,
      write: async (bytes, signal) => {
        if (this.#arrived !== arrived) throw this.#gone();
        await this.#inner.write(bytes, signal);
      },
      [Symbol.asyncDispose]: async () => {
        arrived.end();
        if (this.#arrived === arrived) this.#arrived = undefined;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    await this.#inner[Symbol.asyncDispose]();
  }

  async #forward(): Promise<void> {
    for await (const chunk of this.#inner.chunks) this.#arrived?.push(chunk);
  }

  #gone(): BenchError {
    return new BenchError(`${this.#name} vanished.`, "The board lost its power.");
  }
}
