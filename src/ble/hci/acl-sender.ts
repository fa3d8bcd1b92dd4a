import { abortable, BenchError, type Clock, TimeoutError } from "../../core/index.ts";
import { aclPackets } from "./l2cap.ts";

/** How long a controller may have no room at all, in milliseconds: longer than any supervision time-out in use. */
const ROOM_MS = 10_000;

interface Queued {
  readonly handle: number;
  readonly packet: Uint8Array;
  /** Of a message's last packet. */
  readonly sent?: (error?: unknown) => void;
}

/**
 * Data on its way into a controller: as many packets as it has buffers, in the order of asking, a message's packets one
 * after another. A buffer is free again when the controller says so, or when the connection ends.
 * Source: Bluetooth Core 5.4, Vol 4 Part E, 4.1.1.
 */
export class AclSender {
  readonly #clock: Clock;
  readonly #name: string;
  readonly #write: (packets: readonly Uint8Array[]) => Promise<void>;
  readonly #queue: Queued[] = [];
  /** Packets that the controller has, by connection. */
  readonly #held = new Map<number, number>();
  #aclBytes = 27;
  #free = 0;
  #stopPatience: () => void = () => undefined;
  #closed: { readonly reason: unknown } | undefined;

  constructor(clock: Clock, name: string, write: (packets: readonly Uint8Array[]) => Promise<void>) {
    this.#clock = clock;
    this.#name = name;
    this.#write = write;
  }

  /** What the controller has. */
  room({ aclBytes, aclPackets: packets }: { readonly aclBytes: number; readonly aclPackets: number }): void {
    this.#aclBytes = aclBytes;
    this.#free = packets;
  }

  /** From now on this connection takes data. */
  opened(handle: number): void {
    if (!this.#held.has(handle)) this.#held.set(handle, 0);
  }

  /** The connection is over: what it had in the controller is free, what waits for it is given up. */
  ended(handle: number): void {
    this.#free += this.#held.get(handle) ?? 0;
    this.#held.delete(handle);
    this.#giveUp((queued) => queued.handle === handle, this.#linkGone());
    this.#flush();
  }

  completed(handle: number, packets: number): void {
    const held = this.#held.get(handle);
    if (held === undefined) return;
    const freed = Math.min(held, packets);
    this.#held.set(handle, held - freed);
    this.#free += freed;
    if (freed > 0) this.#stopPatience();
    this.#flush();
  }

  close(reason: unknown): void {
    this.#closed ??= { reason };
    this.#stopPatience();
    this.#giveUp(() => true, reason);
  }

  async send(handle: number, channel: number, payload: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) throw this.#closed.reason;
    if (!this.#held.has(handle)) throw this.#linkGone();
    const packets = aclPackets(handle, channel, payload, this.#aclBytes);
    const sent = new Promise<void>((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      packets.forEach((packet, at) => {
        this.#queue.push({ handle, packet, ...(at === packets.length - 1 ? { sent: done } : {}) });
      });
    });
    this.#flush();
    await abortable(sent, signal);
  }

  #flush(): void {
    const taken = this.#queue.splice(0, Math.max(0, this.#free));
    if (taken.length > 0) {
      this.#free -= taken.length;
      for (const { handle } of taken) this.#held.set(handle, (this.#held.get(handle) ?? 0) + 1);
      const tell = (error?: unknown) => {
        for (const { sent } of taken) sent?.(error);
      };
      this.#write(taken.map(({ packet }) => packet)).then(
        () => tell(),
        (error: unknown) => tell(error),
      );
    }
    if (this.#queue.length > 0) this.#awaitRoom();
    else this.#stopPatience();
  }

  #awaitRoom(): void {
    this.#stopPatience();
    this.#stopPatience = this.#clock.at(this.#clock.nowUs() + ROOM_MS * 1000, () => {
      const awaited = `room in the buffers of the Bluetooth adapter ${this.#name}`;
      const hint = "Unplug the adapter and plug it in again.";
      this.#giveUp(() => true, new TimeoutError(awaited, ROOM_MS, "It says that nothing was sent.", hint));
    });
  }

  #giveUp(which: (queued: Queued) => boolean, reason: unknown): void {
    const given = this.#queue.filter(which);
    this.#queue.splice(0, this.#queue.length, ...this.#queue.filter((queued) => !which(queued)));
    for (const { sent } of given) sent?.(reason);
  }

  #linkGone(): BenchError {
    return new BenchError(`the link over ${this.#name} has ended.`, "Connect again.");
  }
}
