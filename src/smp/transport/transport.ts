import type { ReceivedPacket } from "./console-framing.ts";

/** Carries whole SMP packets over something: a UART that also carries log text, a socket, a bare UART. */
export interface SmpTransport extends AsyncDisposable {
  /** For people: the name of the port. */
  readonly name: string;
  /** Bytes of the receiver's buffer that framing takes besides the packet: 4 on a console, 0 elsewhere. */
  readonly overheadBytes: number;
  /** Largest packet that can be carried, whatever the server's buffer; undefined where only that limits it. */
  readonly packetBytesMax?: number;
  /** Bytes on the wire of a packet of `packetBytes` bytes. */
  wireBytes(packetBytes: number): number;
  /** Resolves at once, or when a port that is away is back: no deadline runs before. @throws BenchError; the signal's reason. */
  ready?(signal?: AbortSignal): Promise<void>;
  /**
   * Makes ready what `send` of this very packet will write, while there is time for it. With `after`, the packet that is
   * awaited before it, it may be out (`isOut`) before that one is told of; `send` must be called then all the same.
   */
  prepare?(packet: Uint8Array, after?: Uint8Array): void;
  isOut?(packet: Uint8Array): boolean;
  /** The packet that was made ready is not to leave by itself any more. */
  holdBack?(): void;
  /** @throws BenchError when the port is gone; the signal's reason (a part of the packet may be out then). */
  send(packet: Uint8Array, signal?: AbortSignal): Promise<void>;
  onPacket(listener: (packet: ReceivedPacket) => void): () => void;
  /** Called once when nothing will come any more: without a reason when it was closed. */
  onEnd(listener: (reason?: unknown) => void): () => void;
  /** Brings both ends back to the start of a frame. @param timeouts how many answers in a row did not come. */
  resynchronise(timeouts: number, signal?: AbortSignal): Promise<void>;
  /** What came last, as a sentence for a timeout. */
  lastSeen(): string;
}
