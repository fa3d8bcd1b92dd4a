import type { CommandRow } from "../packet/command.ts";
import type { ReceivedPacket } from "../transport/console-framing.ts";

/** A request that comes after another one, made before its turn. */
export interface Following {
  readonly row: CommandRow;
  /** The request's body; who makes the request hands over this very object as its `payload`. */
  readonly payload: Uint8Array;
  /** True when the answer's body says what was expected: then this request is the next one. */
  follows(answer: Uint8Array): boolean;
}

/** The same as it will be sent. */
export interface EncodedFollowing extends Following {
  readonly sequence: number;
  readonly packet: Uint8Array;
}

/** A request that waits for its answer. */
export interface AskedAhead {
  readonly answer: Promise<ReceivedPacket>;
  /** False where there was an answer already: nothing to give up. */
  giveUp(reason: unknown): boolean;
}
