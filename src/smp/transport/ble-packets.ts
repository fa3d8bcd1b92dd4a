import { concat } from "../../core/index.ts";
import { decodeSmpHeader, SMP_HEADER_BYTES } from "../packet/header.ts";

/** The longest packet that is believed, in bytes: no server has a larger buffer (CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE). */
const PACKET_BYTES_MAX = 65_536;

/**
 * Puts packets together from values that carry no mark of their own: a header says how long its packet is, and whatever
 * comes next belongs to it. As Zephyr's smp_bt.c and every client do.
 */
export class BlePackets {
  #held = new Uint8Array();
  /** Bytes of packets that never ended. */
  forgottenBytes = 0;

  get heldBytes(): number {
    return this.#held.length;
  }

  /** @returns the packet that these bytes complete; what is behind it begins the next. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    let held = this.#held.length === 0 ? bytes : concat(this.#held, bytes);
    const packets: Uint8Array[] = [];
    for (let header = decodeSmpHeader(held); header; header = decodeSmpHeader(held)) {
      const whole = SMP_HEADER_BYTES + header.length;
      if (whole > PACKET_BYTES_MAX || held.length < whole) break;
      packets.push(held.slice(0, whole));
      held = held.subarray(whole);
    }
    this.#held = Uint8Array.from(held);
    return packets;
  }

  forget(): void {
    this.forgottenBytes += this.#held.length;
    this.#held = new Uint8Array();
  }
}
