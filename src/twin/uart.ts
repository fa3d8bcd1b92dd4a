import { type Clock, Listeners } from "../core/index.ts";
import { type Link, lineTimeUs } from "../serial/index.ts";

/** Most bytes that wait to be sent: firmware that prints more than this while nobody reads loses the rest. */
const BACKLOG_BYTES_MAX = 1 << 20;

interface Sending {
  readonly bytes: Uint8Array;
  readonly startUs: number;
  readonly endUs: number;
  readonly done: () => void;
  readonly cancel: () => void;
}

/**
 * The simulated board's UART: bytes take their time on the wire in both directions (8N1 at `baudRate`), and a power cut
 * takes the rest of them away. Bytes that had left the pins before the cut still arrive.
 */
export class TwinUart implements AsyncDisposable {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #baudRate: number;
  readonly #received = new Listeners<Uint8Array>();
  readonly #sending: Sending[] = [];
  #txFreeAtUs = 0;
  #rxFreeAtUs = 0;
  #powered = false;
  /** Counts power cycles: what was on its way to the board before a cut does not reach the next boot. */
  #life = 0;
  readonly ended: Promise<void>;

  constructor(link: Link, options: { clock: Clock; baudRate: number }) {
    this.#link = link;
    this.#clock = options.clock;
    this.#baudRate = options.baudRate;
    this.ended = this.#receive();
  }

  onReceive(listener: (bytes: Uint8Array) => void): () => void {
    return this.#received.add(listener);
  }

  /** Resolves when the last bit has left the board, as firmware that prints by polling waits for it. */
  write(bytes: Uint8Array): Promise<void> {
    if (!this.#powered || bytes.length === 0) return Promise.resolve();
    const startUs = Math.max(this.#clock.nowUs(), this.#txFreeAtUs);
    const endUs = startUs + lineTimeUs(bytes.length, this.#baudRate);
    if (endUs - this.#clock.nowUs() > lineTimeUs(BACKLOG_BYTES_MAX, this.#baudRate)) return Promise.resolve();
    this.#txFreeAtUs = endUs;
    return new Promise((resolve) => {
      const entry: Sending = {
        bytes,
        startUs,
        endUs,
        done: resolve,
        cancel: this.#clock.at(endUs, () => {
          this.#sending.splice(this.#sending.indexOf(entry), 1);
          this.#emit(bytes);
          resolve();
        }),
      };
      this.#sending.push(entry);
    });
  }

  powerOn(): void {
    this.#powered = true;
    this.#life += 1;
    this.#txFreeAtUs = this.#clock.nowUs();
    this.#rxFreeAtUs = this.#clock.nowUs();
  }

  powerOff(): void {
    this.#powered = false;
    const nowUs = this.#clock.nowUs();
    for (const entry of this.#sending.splice(0)) {
      entry.cancel();
      const left = Math.floor(((nowUs - entry.startUs) * entry.bytes.length) / (entry.endUs - entry.startUs));
      if (left > 0) this.#emit(entry.bytes.subarray(0, Math.min(left, entry.bytes.length)));
      entry.done();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.powerOff();
    await this.#link[Symbol.asyncDispose]();
  }

  #emit(bytes: Uint8Array): void {
    // A host that went away is no concern of a UART: it sends into the void.
    this.#link.write(bytes).catch(() => {});
  }

  async #receive(): Promise<void> {
    try {
      for await (const chunk of this.#link.chunks) {
        const life = this.#life;
        if (!this.#powered) continue;
        this.#rxFreeAtUs =
          Math.max(this.#clock.nowUs(), this.#rxFreeAtUs) + lineTimeUs(chunk.bytes.length, this.#baudRate);
        this.#clock.at(this.#rxFreeAtUs, () => {
          if (this.#powered && this.#life === life) this.#received.emit(chunk.bytes);
        });
      }
    } catch {
      // The link vanished: the board goes on without a listener.
    }
  }
}
