import { SlipDecoder, SlipEncoder } from "@serialport/parser-slip-encoder";
import { concat } from "../../core/index.ts";

const END = 0xc0;
const ESC = 0xdb;
/** What may follow an ESC: the escaped END, the escaped ESC. */
const ESCAPED: readonly number[] = [0xdc, 0xdd];

/** A packet as a SLIP frame, END at both ends: what was on the line before is not taken for its beginning. RFC 1055. */
export function slipFrame(packet: Uint8Array): Uint8Array {
  const encoder = new SlipEncoder({ bluetoothQuirk: true });
  encoder.write(Buffer.from(packet));
  return Uint8Array.from(encoder.read() as Buffer);
}

/**
 * Takes packets out of a stream of SLIP frames. The library's decoder has no limit, copies what it has with each byte,
 * and passes broken escapes on in halves; so it only gets whole frames that are short enough and have none.
 */
export class SlipPackets {
  readonly #frameBytesMax: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #escaped = false;
  #broken = false;
  /** Frames that were too long or broken. */
  dropped = 0;

  /** @param packetBytesMax longest packet, in bytes; on the line it may take twice as many. */
  constructor(packetBytesMax: number) {
    this.#frameBytesMax = 2 * packetBytesMax;
  }

  /** Takes bytes in any pieces; returns the packets that ended in them. Empty frames are none. */
  feed(bytes: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    let from = 0;
    for (const [at, byte] of bytes.entries()) {
      if (byte === END) {
        this.#keep(bytes.subarray(from, at));
        from = at + 1;
        const packet = this.#whole();
        if (packet) packets.push(packet);
      } else if (this.#escaped) {
        this.#escaped = false;
        if (!ESCAPED.includes(byte)) this.#broken = true;
      } else this.#escaped = byte === ESC;
    }
    this.#keep(bytes.subarray(from));
    return packets;
  }

  #keep(piece: Uint8Array): void {
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes > this.#frameBytesMax) {
      this.#broken = true;
      this.#pending = [];
    } else if (piece.length > 0) this.#pending.push(piece.slice());
  }

  #whole(): Uint8Array | undefined {
    const [frame, bad] = [concat(...this.#pending), this.#broken || this.#escaped];
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#broken = this.#escaped = false;
    if (bad) this.dropped += 1;
    if (bad || frame.length === 0) return undefined;
    const decoder = new SlipDecoder();
    decoder.write(Buffer.from(concat(frame, Uint8Array.of(END))));
    const packet: unknown = decoder.read();
    return packet instanceof Uint8Array ? Uint8Array.from(packet) : undefined;
  }
}
