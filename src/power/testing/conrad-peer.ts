import type { SerialPeer } from "./serial-rig.ts";

/** One card at the end of a chain. It does nothing before SETUP, as after power-up. */
export function conradPeer(options: { readonly setUp?: boolean } = {}): SerialPeer {
  let ready = options.setUp ?? false;
  let pending: number[] = [];
  const frame = (code: number, card: number, data: number) => [code, card, data, code ^ card ^ data];
  return (bytes, coils) => {
    pending.push(...bytes);
    const out: number[] = [];
    while (pending.length >= 4) {
      const [code = 0, card = 0, data = 0, sum] = pending.splice(0, 4);
      if (sum !== (code ^ card ^ data)) continue;
      if (code === 1) {
        ready = true;
        out.push(...frame(254, card, 1), ...frame(1, card + 1, 0));
      } else if (ready && card === 1) {
        if (coils.stuck && code > 2) {
          out.push(...frame(255, card, 0));
          continue;
        }
        for (let relay = 1; relay <= 8; relay++) {
          if (code >= 6 && data & (1 << (relay - 1))) coils.set(relay, code === 6);
        }
        out.push(...frame(255 - code, card, coils.bits));
      }
    }
    return Uint8Array.from(out);
  };
}
