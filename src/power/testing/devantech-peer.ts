import type { SerialPeer } from "./serial-rig.ts";

/** A module that gives this number of itself, by the vendor's table of bytes. */
export function devantechPeer(id: number): () => SerialPeer {
  return () => (bytes, coils) => {
    const out: number[] = [];
    for (const byte of bytes) {
      if (byte === 0x5a) out.push(id, 2);
      else if (byte === 0x5b) out.push(coils.bits);
      else if (byte >= 0x65 && byte <= 0x6c) coils.set(byte - 0x64, true);
      else if (byte >= 0x6f && byte <= 0x76) coils.set(byte - 0x6e, false);
    }
    return Uint8Array.from(out);
  };
}
