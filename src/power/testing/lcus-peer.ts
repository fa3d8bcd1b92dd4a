import { LcusDevice, type LcusVariant } from "../index.ts";
import type { Coils } from "./coils.ts";
import type { SerialPeer } from "./serial-rig.ts";

/** The twin's relay board, with its coils where the bench's rig can hold them fast. */
export function lcusPeer(variant: LcusVariant): () => SerialPeer {
  return () => {
    let shared: Coils | undefined;
    const device = new LcusDevice({
      channels: 8,
      variant,
      onChange: ({ channel, energised }) => shared?.set(channel, energised),
    });
    return (bytes, coils) => {
      shared = coils;
      const answer = device.feed(bytes);
      // A stuck relay's board answers by its own idea; firmware B would know better.
      return coils.stuck && answer.length > 0 ? Uint8Array.of(0xa0, 1, 0, 0xa1) : answer;
    };
  };
}
