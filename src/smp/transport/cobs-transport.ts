import { type Clock, concat, Listeners } from "../../core/index.ts";
import type { Uart } from "../../serial/index.ts";
import { decodeSmpHeader, SMP_HEADER_BYTES } from "../packet/header.ts";
import { cobsBytesMax, decodeCobs, encodeCobs } from "./cobs.ts";
import type { ReceivedPacket } from "./console-framing.ts";
import { crc16 } from "./crc16.ts";
import type { SmpTransport } from "./transport.ts";

const CRC_BYTES = 2;
const END = Uint8Array.of(0);
/** Bytes without an end of a frame that are no frame any more: far above any server's buffer. */
const HELD_BYTES_MAX = 65_536;

/** A packet as it lies on the line, with its CRC and the end of its frame. */
export function cobsFrame(packet: Uint8Array): Uint8Array {
  const crc = crc16(packet);
  return concat(encodeCobs(concat(packet, Uint8Array.of(crc >> 8, crc))), END);
}

/**
 * SMP on a UART of its own, in frames that damage cannot outlast: the packet and its CRC-16/XMODEM (big-endian),
 * stuffed so that no byte is zero, then a zero. No pause is needed to begin anew.
 * Source: MCUboot PR 2773 (BOOT_SERIAL_RAW_PROTOCOL_COBS, a draft that builds carry as a patch); smpclient 7.3.0.
 */
export class CobsTransport implements SmpTransport {
  readonly name: string;
  readonly overheadBytes = 0;
  readonly #uart: Uart;
  readonly #packets = new Listeners<ReceivedPacket>();
  readonly #stop: () => void;
  #held = new Uint8Array();
  #bytesSeen = 0;
  /** Frames that came and were none: damaged, or no SMP. */
  damaged = 0;

  constructor(uart: Uart, _options: { readonly clock: Clock }) {
    this.name = uart.name;
    this.#uart = uart;
    this.#stop = uart.onBytes(({ atUs, bytes }) => this.#received(atUs, bytes));
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#uart.ready(signal);
  }

  wireBytes(packetBytes: number): number {
    return cobsBytesMax(packetBytes + CRC_BYTES) + END.length;
  }

  send(packet: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#uart.write(cobsFrame(packet), signal);
  }

  onPacket(listener: (packet: ReceivedPacket) => void): () => void {
    return this.#packets.add(listener);
  }

  onEnd(listener: (reason?: unknown) => void): () => void {
    return this.#uart.onEnd(listener);
  }

  /** An end of a frame ends whatever the other side holds. */
  async resynchronise(_timeouts: number, signal?: AbortSignal): Promise<void> {
    await this.#uart.write(END, signal);
    this.#held = new Uint8Array();
  }

  lastSeen(): string {
    if (this.#held.length > 0) return `${this.#held.length} bytes of a frame came, and no end of it.`;
    if (this.damaged > 0) return `${this.damaged} frames were damaged so far.`;
    return this.#bytesSeen === 0 ? "Nothing came." : "What came last was a whole frame.";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
  }

  #received(atUs: number, bytes: Uint8Array): void {
    this.#bytesSeen += bytes.length;
    let held = concat(this.#held, bytes);
    for (let end = held.indexOf(0); end >= 0; end = held.indexOf(0)) {
      this.#frame(atUs, held.subarray(0, end));
      held = held.subarray(end + 1);
    }
    if (held.length > HELD_BYTES_MAX) {
      this.damaged += 1;
      held = held.subarray(held.length);
    }
    this.#held = Uint8Array.from(held);
  }

  #frame(atUs: number, frame: Uint8Array): void {
    if (frame.length === 0) return;
    const decoded = decodeCobs(frame);
    const packet = decoded?.subarray(0, -CRC_BYTES);
    const isSound = decoded !== undefined && decoded.length >= SMP_HEADER_BYTES + CRC_BYTES && crc16(decoded) === 0;
    const header = packet && decodeSmpHeader(packet);
    if (!isSound || packet === undefined || header?.length !== packet.length - SMP_HEADER_BYTES) {
      this.damaged += 1;
      return;
    }
    this.#packets.emit({ atUs, bytes: Uint8Array.from(packet) });
  }
}
