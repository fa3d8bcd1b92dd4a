import type { Reflex } from "./reflex.ts";

/** What arrived, stamped on arrival and before any parsing. */
export interface Chunk {
  /** Microseconds on the clock of the link's owner. */
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

/** One byte pipe, whatever carries it: a serial port, a pseudo-terminal, a socket, a pair in memory. */
export interface Link extends AsyncDisposable {
  /** For people: "/dev/ttyACM1", "VCOM1 of J-Link 1050012345". */
  readonly name: string;
  /** One consumer. Ends when the link is closed; throws a BenchError when it vanishes. */
  readonly chunks: AsyncIterable<Chunk>;
  /**
   * Resolves once the bytes are handed on (a memory link with a baud rate: once they have crossed the line).
   * @throws BenchError when the link is gone; the signal's reason.
   */
  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /**
   * Of a link whose port may be away for a while: resolves once it is there. Who waits for an answer lets no deadline
   * run before.
   * @throws what ended the link; the signal's reason.
   */
  ready?(signal?: AbortSignal): Promise<void>;
  /** Of a link that can: writes `reply` in the moment in which the line `heard` has come. @see Reflex */
  replyTo?(heard: Uint8Array, reply: Uint8Array): Reflex;
}
