import { concat, viewOf } from "../../core/index.ts";
import type { CommandRow } from "../packet/command.ts";
import { SMP_HEADER_BYTES } from "../packet/header.ts";
import type { ReceivedPacket } from "../transport/console-framing.ts";

/** A request that comes after another one, made before its turn. */
export interface Following {
  readonly row: CommandRow;
  /** The request's body; who makes the request hands over this very object as its `payload`. */
  readonly payload: Uint8Array;
  /** True when the answer's body says what was expected: then this request is the next one. */
  follows(answer: Uint8Array): boolean;
  /** The body that `follows` will say yes to, from a server that answers as in this earlier body of its; if that is sure. */
  expected?(earlier: Uint8Array): Uint8Array | undefined;
}

/** The same as it will be sent. */
export interface EncodedFollowing extends Following {
  readonly sequence: number;
  readonly packet: Uint8Array;
}

/** The packet of a server that answers with another body and sequence number, and all else as in an earlier answer. */
export function answerLike(earlier: Uint8Array, sequence: number, body: Uint8Array): Uint8Array {
  const packet = concat(earlier.subarray(0, SMP_HEADER_BYTES), body);
  viewOf(packet).setUint16(2, body.length);
  packet[6] = sequence;
  return packet;
}

/** A request that waits for its answer. */
export interface AskedAhead {
  readonly answer: Promise<ReceivedPacket>;
  /** False where there was an answer already: nothing to give up. */
  giveUp(reason: unknown): boolean;
}
