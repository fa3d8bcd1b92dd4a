import { concat } from "../../core/index.ts";

/** The byte before each packet on a UART. Source: Bluetooth Core 5.4, Vol 4 Part A, 2. */
export const H4 = { command: 1, acl: 2, sco: 3, event: 4, iso: 5 } as const;

interface Kind {
  readonly type: number;
  /** Bytes of its header, after the type. */
  readonly headerBytes: number;
  /** Where in it the length of the rest stands, and in how many bytes. */
  readonly lengthAt: number;
  readonly lengthBytes: 1 | 2;
  /** Bits of that number which are a length. */
  readonly mask: number;
}

/** Source: Bluetooth Core 5.4, Vol 4 Part E, 5.4. */
const KINDS: readonly Kind[] = [
  { type: H4.command, headerBytes: 3, lengthAt: 2, lengthBytes: 1, mask: 0xff },
  { type: H4.acl, headerBytes: 4, lengthAt: 2, lengthBytes: 2, mask: 0xffff },
  { type: H4.sco, headerBytes: 3, lengthAt: 2, lengthBytes: 1, mask: 0xff },
  { type: H4.event, headerBytes: 2, lengthAt: 1, lengthBytes: 1, mask: 0xff },
  { type: H4.iso, headerBytes: 4, lengthAt: 2, lengthBytes: 2, mask: 0x3fff },
];
const KIND_OF = new Map(KINDS.map((kind) => [kind.type, kind]));

/** A packet without its type. The bytes are the receiver's own. */
export interface H4Packet {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/**
 * Takes a stream apart into packets. H4 has no mark and no checksum: bytes that can begin no packet are passed over and
 * counted, and whoever waits for an answer says so (a wrong baud rate, or a UART without flow control).
 */
export class H4Reader {
  #held = new Uint8Array();
  /** Bytes that could begin no packet. */
  skippedBytes = 0;

  /** The packets that are whole with these bytes, in order. */
  push(bytes: Uint8Array): readonly H4Packet[] {
    const held = this.#held.length === 0 ? bytes : concat(this.#held, bytes);
    const packets: H4Packet[] = [];
    let at = 0;
    while (at < held.length) {
      const type = held[at] ?? 0;
      const kind = KIND_OF.get(type);
      if (kind === undefined) {
        this.skippedBytes += 1;
        at += 1;
        continue;
      }
      const body = at + 1 + kind.headerBytes;
      if (body > held.length) break;
      const low = held[at + 1 + kind.lengthAt] ?? 0;
      const high = kind.lengthBytes === 2 ? (held[at + 2 + kind.lengthAt] ?? 0) : 0;
      const end = body + ((low | (high << 8)) & kind.mask);
      if (end > held.length) break;
      packets.push({ type, bytes: held.slice(at + 1, end) });
      at = end;
    }
    this.#held = held.slice(at);
    return packets;
  }
}

/** A packet as it goes over a UART. */
export function h4(type: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  out[0] = type;
  out.set(bytes, 1);
  return out;
}
