import type { SerialPeer } from "./serial-rig.ts";

/** A KMTronic board of that many channels, by the vendor's page and not by our own encoder. */
export function kmtronicPeer(channels: 1 | 2 | 4 | 8): () => SerialPeer {
  return () => {
    let pending: number[] = [];
    return (bytes, coils) => {
      pending.push(...bytes);
      const out: number[] = [];
      while (pending.length >= 3) {
        const [head, channel = 0, op] = pending;
        if (head !== 0xff) {
          pending.shift();
          continue;
        }
        pending = pending.slice(3);
        if (op === 3 && channels <= 2) out.push(0xff, channel, coils.get(channel) ? 1 : 0);
        else if (channel === 9 && channels > 2) {
          for (let n = 1; n <= channels; n++) out.push(coils.get(n) ? 1 : 0);
        } else if (op === 0 || op === 1) coils.set(channel, op === 1);
      }
      return Uint8Array.from(out);
    };
  };
}
