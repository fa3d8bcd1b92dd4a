import { ATT_HEADER_BYTES, type BlePeripheral, type ServedLink } from "../../ble/index.ts";
import { BenchError, Listeners } from "../../core/index.ts";
import { BlePackets } from "../transport/ble-packets.ts";
import type { ReceivedPacket } from "../transport/console-framing.ts";
import type { SmpTransport } from "../transport/transport.ts";

/** The board's side of SMP over Bluetooth LE: one client at a time, whoever connected last. */
export class BleServerTransport implements SmpTransport {
  readonly name = "the board's radio";
  readonly overheadBytes = 0;
  readonly #packets = new Listeners<ReceivedPacket>();
  readonly #ends = new Listeners<unknown>();
  readonly #received = new BlePackets();
  #link: ServedLink | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(peripheral: Pick<BlePeripheral, "onLink">) {
    peripheral.onLink((link) => {
      this.#received.forget();
      this.#link = link;
      link.onValue(({ atUs, bytes }) => {
        for (const packet of this.#received.push(bytes)) this.#packets.emit({ atUs, bytes: packet });
      });
      // Source: Zephyr smp_bt.c: half a request is dropped when its client unsubscribes, and when it goes.
      link.onQuiet(() => this.#received.forget());
      link.onEnd(() => {
        if (this.#link !== link) return;
        this.#link = undefined;
        this.#received.forget();
      });
    });
  }

  wireBytes(packetBytes: number): number {
    return packetBytes;
  }

  send(packet: Uint8Array, signal?: AbortSignal): Promise<void> {
    const turn = this.#sending.then(() => this.#sendNow(packet, signal));
    this.#sending = turn.catch(() => undefined);
    return turn;
  }

  onPacket(listener: (packet: ReceivedPacket) => void): () => void {
    return this.#packets.add(listener);
  }

  onEnd(listener: (reason?: unknown) => void): () => void {
    return this.#ends.add(listener);
  }

  /** The client's affair. */
  async resynchronise(): Promise<void> {}

  lastSeen(): string {
    return this.#link === undefined ? "Nobody is connected." : "A client is connected.";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends.emit(undefined);
  }

  async #sendNow(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const link = this.#link;
    if (link === undefined) throw new BenchError(`${this.name} has nobody to answer.`, "");
    const valueBytes = link.mtu - ATT_HEADER_BYTES;
    for (let at = 0; at < packet.length; at += valueBytes)
      await link.write(packet.subarray(at, at + valueBytes), signal);
  }
}
