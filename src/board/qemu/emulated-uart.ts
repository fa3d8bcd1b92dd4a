import { BenchError, type Clock, Queue } from "../../core/index.ts";
import type { Chunk, Link } from "../../serial/index.ts";
import type { Emulator } from "./emulator.ts";

/**
 * The UART of an emulated board, as a virtual COM port shows it: it stays while the board is without power, and what is
 * sent to it then, or to a receiver that is off, is lost.
 */
export class EmulatedUart implements Link {
  readonly name: string;
  readonly #clock: Clock;
  readonly #arrived = new Queue<Chunk>();
  #emulator: Emulator | undefined;
  /** The board says nothing after this moment: what arrives later was on its way. */
  #silentUs: number | undefined;
  #closed = false;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  /** The board has power. */
  attach(emulator: Emulator): void {
    this.#emulator = emulator;
    this.#silentUs = undefined;
    emulator.uart.on("data", (bytes: Uint8Array) => {
      if (this.#emulator !== emulator) return;
      const nowUs = this.#clock.nowUs();
      this.#arrived.push({ atUs: Math.min(nowUs, this.#silentUs ?? nowUs), bytes: Uint8Array.from(bytes) });
    });
  }

  silentSince(atUs: number): void {
    this.#silentUs = atUs;
  }

  detach(): void {
    this.#emulator = undefined;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) throw new BenchError(`${this.name} is closed.`, "Open it again.");
    const emulator = this.#emulator;
    if (emulator === undefined || !(await emulator.listens())) return;
    const socket = emulator.uart;
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", resolve);
      socket.write(Uint8Array.from(bytes), () => {
        socket.off("close", resolve);
        resolve();
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#arrived.end();
  }
}
