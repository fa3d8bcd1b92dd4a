import { type Clock, concat, Listeners, sleep } from "../../core/index.ts";
import type { Uart } from "../../serial/index.ts";
import { decodeSmpHeader, SMP_HEADER_BYTES } from "../packet/header.ts";
import type { ReceivedPacket } from "./console-framing.ts";
import type { SmpTransport } from "./transport.ts";

/** Silence after which a receiver forgets half a packet, in milliseconds. Source: …RAW_UART_INPUT_TIMEOUT_TIME_MS. */
const IDLE_MS = 3_000;

export interface RawOptions {
  readonly clock: Clock;
  /** Largest packet taken, in bytes; a header that announces more is no header. Default 4096. */
  readonly packetBytesMax?: number;
}

/**
 * SMP on a UART of its own: header and payload as they are, nothing between. There is no checksum and no mark of a
 * beginning, so a lost byte costs a pause of three seconds; bytes that can begin no packet are passed over and counted.
 * Source: Zephyr PR 101821 (4.4), MCUboot PR 2755.
 */
export class RawTransport implements SmpTransport {
  readonly name: string;
  readonly overheadBytes = 0;
  readonly #uart: Uart;
  readonly #clock: Clock;
  readonly #packetBytesMax: number;
  readonly #packets = new Listeners<ReceivedPacket>();
  readonly #stop: () => void;
  #held = new Uint8Array();
  #lastUs = 0;
  /** Bytes passed over. */
  skippedBytes = 0;

  constructor(uart: Uart, options: RawOptions) {
    this.name = uart.name;
    this.#uart = uart;
    this.#clock = options.clock;
    this.#packetBytesMax = options.packetBytesMax ?? 4_096;
    this.#stop = uart.onBytes(({ atUs, bytes }) => this.#received(atUs, bytes));
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#uart.ready(signal);
  }

  wireBytes(packetBytes: number): number {
    return packetBytes;
  }

  send(packet: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#uart.write(packet, signal);
  }

  onPacket(listener: (packet: ReceivedPacket) => void): () => void {
    return this.#packets.add(listener);
  }

  onEnd(listener: (reason?: unknown) => void): () => void {
    return this.#uart.onEnd(listener);
  }

  /** Silence is the only mark of a beginning that the other side knows. */
  async resynchronise(_timeouts: number, signal?: AbortSignal): Promise<void> {
    await sleep(this.#clock, IDLE_MS + 100, signal);
    this.#forget();
  }

  lastSeen(): string {
    if (this.#held.length > 0) return `${this.#held.length} bytes of an answer came, and no more.`;
    return this.skippedBytes === 0 ? "Nothing came." : `${this.skippedBytes} bytes came that begin no packet.`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
  }

  #received(atUs: number, bytes: Uint8Array): void {
    if (atUs - this.#lastUs > IDLE_MS * 1_000) this.#forget();
    this.#lastUs = atUs;
    let held = concat(this.#held, bytes);
    for (let header = decodeSmpHeader(held); header; header = decodeSmpHeader(held)) {
      const packetBytes = SMP_HEADER_BYTES + header.length;
      const sound =
        header.op <= 3 && header.reserved === 0 && header.flags === 0 && packetBytes <= this.#packetBytesMax;
      if (!sound) {
        this.skippedBytes += 1;
        held = held.subarray(1);
        continue;
      }
      if (held.length < packetBytes) break;
      this.#packets.emit({ atUs, bytes: held.slice(0, packetBytes) });
      held = held.subarray(packetBytes);
    }
    this.#held = Uint8Array.from(held);
  }

  #forget(): void {
    this.skippedBytes += this.#held.length;
    this.#held = new Uint8Array();
  }
}
