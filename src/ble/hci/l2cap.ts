import { viewOf } from "../../core/index.ts";

/** Fixed channels. Source: Bluetooth Core 5.4, Vol 3 Part A, 2.1. */
export const CHANNEL = { att: 4, signalling: 5, security: 6 } as const;

/** Of a first packet: the length of what follows, and its channel. */
const L2CAP_HEADER_BYTES = 4;
/** Which piece of a message an ACL packet is: bits 12 and 13 of its first number. Source: Vol 4 Part E, 5.4.2. */
const BOUNDARY = { firstFromHost: 0, continued: 1, first: 2 } as const;

/** One whole message on a channel. */
interface L2capMessage {
  readonly channel: number;
  readonly payload: Uint8Array;
}

/** A message in ACL packets of at most `aclBytes` bytes of data each, handle and lengths before them. */
export function aclPackets(handle: number, channel: number, payload: Uint8Array, aclBytes: number): Uint8Array[] {
  const packets: Uint8Array[] = [];
  const total = L2CAP_HEADER_BYTES + payload.length;
  for (let at = 0; at < total; at += aclBytes) {
    const bytes = Math.min(aclBytes, total - at);
    const packet = new Uint8Array(4 + bytes);
    const view = viewOf(packet);
    const boundary = at === 0 ? BOUNDARY.firstFromHost : BOUNDARY.continued;
    view.setUint16(0, handle | (boundary << 12), true);
    view.setUint16(2, bytes, true);
    let from = at - L2CAP_HEADER_BYTES;
    let to = 4;
    if (at === 0) {
      view.setUint16(4, payload.length, true);
      view.setUint16(6, channel, true);
      from = 0;
      to += L2CAP_HEADER_BYTES;
    }
    packet.set(payload.subarray(from, at + bytes - L2CAP_HEADER_BYTES), to);
    packets.push(packet);
  }
  return packets;
}

/** The connection that an ACL packet belongs to. */
export function aclHandle(packet: Uint8Array): number {
  return ((packet[0] ?? 0) | ((packet[1] ?? 0) << 8)) & 0xfff;
}

/**
 * Puts the messages of one connection together. A piece that continues nothing, and a beginning inside a message, are
 * counted: the message is lost, and who asked for it finds out by a deadline.
 */
export class L2capReader {
  #held: Uint8Array | undefined;
  #heldBytes = 0;
  /** Pieces that belonged to no message, and messages that did not end. */
  lost = 0;

  /** @returns the message that this packet completes, if it does. */
  push(packet: Uint8Array): L2capMessage | undefined {
    const boundary = ((packet[1] ?? 0) >> 4) & 3;
    const data = packet.subarray(4);
    if (boundary !== BOUNDARY.continued) {
      if (this.#held) this.lost += 1;
      this.#held = undefined;
      if (data.length < L2CAP_HEADER_BYTES) {
        this.lost += 1;
        return undefined;
      }
      const bytes = L2CAP_HEADER_BYTES + ((data[0] ?? 0) | ((data[1] ?? 0) << 8));
      if (data.length >= bytes) return message(data.slice(0, bytes));
      this.#held = new Uint8Array(bytes);
      this.#heldBytes = 0;
    }
    const held = this.#held;
    if (held === undefined) {
      this.lost += 1;
      return undefined;
    }
    const room = held.length - this.#heldBytes;
    held.set(data.subarray(0, room), this.#heldBytes);
    this.#heldBytes += Math.min(room, data.length);
    if (this.#heldBytes < held.length) return undefined;
    this.#held = undefined;
    return message(held);
  }
}

function message(bytes: Uint8Array): L2capMessage {
  return { channel: (bytes[2] ?? 0) | ((bytes[3] ?? 0) << 8), payload: bytes.subarray(L2CAP_HEADER_BYTES) };
}
