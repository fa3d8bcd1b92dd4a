/** Bytes that came in one piece. */
export interface GattValue {
  /** Microseconds on the clock of the link's owner. */
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

/**
 * One characteristic of one connection, as either end has it: values go out whole and in order, and come in the same
 * way. A link that ended stays so: there is a new one, with a new discovery.
 */
export interface GattLink extends AsyncDisposable {
  /** For people: "board (C0:11:22:33:44:55) over /dev/ttyACM3". */
  readonly name: string;
  /** ATT's MTU in bytes, the smaller of what both sides said: a value is three bytes shorter at most. */
  readonly mtu: number;
  /**
   * One value: a write without response, or a notification. Resolves once the controller has room for it and has it.
   * @throws BenchError when the link is gone; TimeoutError when the controller takes nothing; the signal's reason.
   */
  write(value: Uint8Array, signal?: AbortSignal): Promise<void>;
  onValue(listener: (value: GattValue) => void): () => void;
  /** Called once: with the reason, or without one when it was closed. */
  onEnd(listener: (reason?: unknown) => void): () => void;
  /** Switches notifications off and on again: the other side forgets half a message. @throws as a request of ATT. */
  resubscribe(signal?: AbortSignal): Promise<void>;
}
