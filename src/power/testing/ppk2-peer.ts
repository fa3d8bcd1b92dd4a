import { utf8 } from "../../core/index.ts";
import type { SerialPeer } from "./serial-rig.ts";

const METADATA =
  "Calibrated: 0\nR0: 1031.64\nR1: 101.65\nGS0: 1.0\nI4: -nan\nVDD: 3000\nHW: 9173\nmode: 1\nIA: 56\nEND";

/** Commands with arguments: switch, voltage, mode. */
const ARGUMENT_BYTES: ReadonlyMap<number, number> = new Map([
  [0x0c, 1],
  [0x0d, 2],
  [0x11, 1],
]);

/** A kit: answers only `19`; supplies nothing before it has a mode, and in source mode a voltage. */
export function ppk2Peer(): SerialPeer {
  let mode = 0;
  let millivolts = 0;
  return (bytes, coils) => {
    let answer: Uint8Array = new Uint8Array();
    // Commands that were written one by one may come together through a pseudo-terminal.
    for (let at = 0; at < bytes.length; at += 1 + (ARGUMENT_BYTES.get(bytes[at] ?? 0) ?? 0)) {
      const [command, first = 0, second = 0] = bytes.subarray(at);
      if (command === 0x19) answer = utf8(METADATA);
      if (command === 0x11) mode = first;
      if (command === 0x0d) millivolts = (first << 8) | second;
      if (command === 0x0c && (mode === 1 || millivolts >= 800)) coils.set(1, first === 1);
    }
    return answer;
  };
}
