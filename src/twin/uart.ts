import { type Clock, Listeners } from "../core/index.ts";
import { type Link, lineTimeUs } from "../serial/index.ts";
import type { FaultHooks } from "./faults.ts";

/** Most bytes that wait to be sent: firmware that prints more than this while nobody reads loses the rest. */
const BACKLOG_BYTES_MAX = 1 << 20;

interface Sending {
  readonly bytes: Uint8Array;
  readonly startUs: number;
  readonly endUs: number;
  readonly done: () => void;
  readonly cancel: () => void;
}

/** Bytes that are on their way to the board. */
interface Receiving {
  readonly bytes: Uint8Array;
  readonly startUs: number;
  readonly dueUs: number;
}

type LineHooks = Pick<FaultHooks, "shell" | "line" | "acted">;

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
  readonly #receiving: Receiving[] = [];
  #txFreeAtUs = 0;
  #rxFreeAtUs = 0;
  #talkedUntilUs = 0;
  #powered = false;
  readonly #hooks: LineHooks;
  readonly ended: Promise<void>;

  /** @param options.hooks what is wrong with the line. */
  constructor(link: Link, options: { clock: Clock; baudRate: number; hooks?: LineHooks }) {
    this.#link = link;
    this.#hooks = options.hooks ?? {};
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
        cancel: this.#clock.at(endUs, () => this.#sent()),
      };
      this.#sending.push(entry);
    });
  }

  /**
   * What has left the pins by now, in order: on a busy machine the alarm of an earlier write may come after that of a
   * later one, and a line never swaps bytes.
   */
  #sent(): void {
    const nowUs = this.#clock.nowUs();
    for (let first = this.#sending[0]; first && first.endUs <= nowUs; first = this.#sending[0]) {
      this.#sending.shift();
      first.cancel();
      this.#talkedUntilUs = first.endUs;
      this.#emit(first.bytes);
      first.done();
    }
  }

  /** What has arrived by now, in order. */
  #arrived(): void {
    const nowUs = this.#clock.nowUs();
    for (let first = this.#receiving[0]; first && first.dueUs <= nowUs; first = this.#receiving[0]) {
      this.#receiving.shift();
      if (this.#hooks.line === "half duplex" && (this.#sending.length > 0 || this.#talkedUntilUs > first.startUs)) {
        this.#hooks.acted?.("line");
        continue;
      }
      if (this.#hooks.shell !== undefined) {
        this.#hooks.acted?.("shell");
        void this.write(first.bytes);
      }
      if (this.#hooks.shell !== "swallows") this.#received.emit(first.bytes);
    }
  }

  powerOn(): void {
    this.#powered = true;
    this.#txFreeAtUs = this.#clock.nowUs();
    this.#rxFreeAtUs = this.#clock.nowUs();
  }

  powerOff(): void {
    this.#powered = false;
    // What is on its way to the board does not reach the next boot.
    this.#receiving.length = 0;
    const nowUs = this.#clock.nowUs();
    for (const entry of this.#sending.splice(0)) {
      entry.cancel();
      const left = Math.floor(((nowUs - entry.startUs) * entry.bytes.length) / (entry.endUs - entry.startUs));
      if (left > 0) this.#emit(entry.bytes.subarray(0, Math.min(left, entry.bytes.length)));
      entry.done();
    }
  }

  /** A reset of the chip: the byte that is on its way is the last of what was to be sent. */
  reset(): void {
    if (!this.#powered) return;
    this.powerOff();
    this.powerOn();
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
        if (!this.#powered) continue;
        const startUs = Math.max(this.#clock.nowUs(), this.#rxFreeAtUs);
        this.#rxFreeAtUs = startUs + lineTimeUs(chunk.bytes.length, this.#baudRate);
        this.#receiving.push({ bytes: chunk.bytes, startUs, dueUs: this.#rxFreeAtUs });
        this.#clock.at(this.#rxFreeAtUs, () => this.#arrived());
      }
    } catch {
      // The link vanished: the board goes on without a listener.
    }
  }
}
