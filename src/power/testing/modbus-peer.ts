import { concat } from "../../core/index.ts";
import { modbusSealed } from "../relays/modbus-frames.ts";
import type { SerialPeer } from "./serial-rig.ts";

/** A Waveshare board: eight coils from 0, asked all at once; what it does not know it refuses. */
export function modbusPeer(address = 1): SerialPeer {
  let pending: Uint8Array = new Uint8Array();
  return (bytes, coils) => {
    pending = concat(pending, bytes);
    let out: Uint8Array = new Uint8Array();
    while (pending.length >= 8) {
      const frame = pending.subarray(0, 8);
      pending = pending.subarray(8);
      out = concat(out, answerTo(frame));
    }
    return out;

    function answerTo(frame: Uint8Array): Uint8Array {
      const [to = 0, code = 0, high = 0, low = 0, value = 0, count = 0] = frame;
      if (to !== address || !sealed(frame)) return new Uint8Array();
      const coil = (high << 8) | low;
      if (code === 1 && coil === 0 && count === coils.count) return modbusSealed(to, 1, 1, coils.bits);
      if (code !== 5 || coil >= coils.count || coils.stuck) return modbusSealed(to, code | 0x80, coils.stuck ? 4 : 2);
      coils.set(coil + 1, value === 0xff);
      return frame;
    }
  };
}

function sealed(frame: Uint8Array): boolean {
  const right = modbusSealed(...frame.subarray(0, -2));
  return right.every((byte, index) => byte === frame[index]);
}
