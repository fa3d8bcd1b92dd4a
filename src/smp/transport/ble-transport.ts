import { ATT_HEADER_BYTES, ATT_MTU_DEFAULT, type GattLink } from "../../ble/index.ts";
import { abortable, BenchError, type Clock, isKind, Listeners } from "../../core/index.ts";
import { decodeSmpHeader, OP } from "../packet/header.ts";
import { BlePackets } from "./ble-packets.ts";
import type { ReceivedPacket } from "./console-framing.ts";
import type { SmpTransport } from "./transport.ts";

/** Source: Zephyr documentation "SMP transport", Bluetooth. */
export const SMP_GATT = {
  service: "8d53dc1d-1db7-4cd3-868b-8a527460aa84",
  characteristic: "da2e7828-fbce-4e01-ae9e-261174997c48",
} as const;

/** Groups and commands that this transport looks at: OS reset. */
const RESET = { group: 0, id: 5 } as const;

interface BleOptions {
  readonly clock: Clock;
  /** For people, and in records: "ble:NAME". */
  readonly name: string;
  /** Finds the board and connects to it, with a time limit of its own; called again after each link that ended. */
  open(signal?: AbortSignal): Promise<GattLink>;
  /** What it goes over: the transport ends with it, and closes it. */
  readonly adapter?: AsyncDisposable & { onEnd(listener: (reason?: unknown) => void): () => void };
}

/**
 * SMP over Bluetooth LE: packets in writes without response, one whole packet after another (fragments carry no mark,
 * so two that overlap are both lost); answers in notifications, put together by the length in their headers.
 *
 * A board's link ends with every reset and every power cut: the transport outlives it. `ready` connects anew; what is
 * sent into a link that ends is lost as on a bad line, and the session asks again.
 */
export class BleTransport implements SmpTransport {
  readonly name: string;
  readonly overheadBytes = 0;
  readonly #options: BleOptions;
  readonly #packets = new Listeners<ReceivedPacket>();
  readonly #ends = new Listeners<unknown>();
  readonly #received = new BlePackets();
  readonly #undo: () => void;
  #link: GattLink | undefined;
  #opening: Promise<void> | undefined;
  #closingLink: Promise<void> = Promise.resolve();
  #sending: Promise<void> = Promise.resolve();
  #end: { readonly reason: unknown } | undefined;
  #lastLoss = "";
  #answers = 0;

  constructor(options: BleOptions) {
    this.name = options.name;
    this.#options = options;
    this.#undo = options.adapter?.onEnd((reason) => this.#ended(reason)) ?? (() => undefined);
  }

  /** ATT's MTU of the link that there is; undefined between two. */
  get mtu(): number | undefined {
    return this.#link?.mtu;
  }

  /** Connects unless there is a link. @throws what finding the board throws; the signal's reason. */
  async ready(signal?: AbortSignal): Promise<void> {
    while (!this.#link) {
      if (this.#end) throw this.#gone();
      signal?.throwIfAborted();
      if (this.#opening)
        await abortable(
          this.#opening.catch(() => undefined),
          signal,
        );
      else {
        this.#opening = this.#connect(signal).finally(() => {
          this.#opening = undefined;
        });
        await this.#opening;
      }
    }
  }

  wireBytes(packetBytes: number): number {
    const valueBytes = (this.#link?.mtu ?? ATT_MTU_DEFAULT) - ATT_HEADER_BYTES;
    return packetBytes + Math.ceil(packetBytes / valueBytes) * ATT_HEADER_BYTES;
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
    if (!this.#end) return this.#ends.add(listener);
    listener(this.#end.reason);
    return () => undefined;
  }

  /** Off and on again: the board forgets half a request. A link on which that fails is of no more use. */
  async resynchronise(_timeouts: number, signal?: AbortSignal): Promise<void> {
    this.#received.forget();
    const link = this.#link;
    if (!link) return;
    try {
      await link.resubscribe(signal);
    } catch (error) {
      signal?.throwIfAborted();
      await this.letGo();
      if (!isKind(error, "bench") && !isKind(error, "timeout")) throw error;
      await this.ready(signal);
    }
  }

  /** Ends the link: the board is about to reset, or to lose its power. The next request connects anew. */
  async letGo(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    this.#received.forget();
    if (link) this.#closingLink = Promise.resolve(link[Symbol.asyncDispose]()).catch(() => undefined);
    await this.#closingLink;
  }

  lastSeen(): string {
    const held = this.#received.heldBytes;
    if (held > 0) return `${held} bytes of an answer came, and no more.`;
    if (this.#lastLoss !== "" && !this.#link) return this.#lastLoss;
    return this.#answers === 0 ? "Nothing came." : `${this.#answers} answers came before.`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#undo();
    this.#ended(undefined);
    await this.letGo();
    await this.#options.adapter?.[Symbol.asyncDispose]();
  }

  async #connect(signal: AbortSignal | undefined): Promise<void> {
    await abortable(this.#closingLink, signal);
    const link = await this.#options.open(signal);
    if (this.#end) {
      await link[Symbol.asyncDispose]();
      throw this.#gone();
    }
    this.#received.forget();
    this.#link = link;
    link.onValue(({ atUs, bytes }) => this.#value(atUs, bytes));
    link.onEnd((reason) => {
      if (this.#link !== link) return;
      this.#link = undefined;
      if (isKind(reason, "bench")) this.#lastLoss = reason.message;
    });
  }

  async #sendNow(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (this.#end) throw this.#gone();
    const link = this.#link;
    try {
      if (link === undefined) return;
      const valueBytes = link.mtu - ATT_HEADER_BYTES;
      for (let at = 0; at < packet.length; at += valueBytes) {
        signal?.throwIfAborted();
        await link.write(packet.subarray(at, at + valueBytes), signal);
      }
    } catch (error) {
      // Lost with its link; any other failure is the adapter's.
      if (signal?.aborted || this.#link === link || !isKind(error, "bench")) throw error;
    }
  }

  #value(atUs: number, bytes: Uint8Array): void {
    for (const packet of this.#received.push(bytes)) {
      this.#answers += 1;
      this.#packets.emit({ atUs, bytes: packet });
      // The board tells nobody when it resets, and its supervision time-out would be waited for.
      if (isReset(packet)) void this.letGo();
    }
  }

  #ended(reason: unknown): void {
    if (this.#end) return;
    this.#end = { reason };
    this.#ends.emit(reason);
  }

  #gone(): unknown {
    return this.#end?.reason ?? new BenchError(`${this.name} is closed.`, "Open it again.");
  }
}

function isReset(packet: Uint8Array): boolean {
  const header = decodeSmpHeader(packet);
  return header?.op === OP.writeResponse && header.group === RESET.group && header.id === RESET.id;
}
