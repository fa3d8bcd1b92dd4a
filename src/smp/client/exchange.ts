import type { Clock } from "../../core/index.ts";
import type { SmpVersion } from "../packet/command.ts";
import type { Following } from "./ahead.ts";

export interface SessionOptions {
  readonly clock: Clock;
  /** SMP version that is sent; answers of every version are understood. Default 2. */
  readonly version?: SmpVersion;
  /** Deadline for commands whose row names none, in milliseconds. Default 3000. */
  readonly timeoutMs?: number;
  /** Requests in flight. Default 1: most servers have two line buffers and lose the rest in silence (measured). */
  readonly window?: number;
  /** Sequence number of the first request, 0 to 255. */
  readonly firstSequence?: number;
  /**
   * Requests made before their turn (`RequestOptions.next`) go out in the moment of the answer before them. Default: on
   * a clock of real time, where the way through the caller takes some.
   */
  readonly sendsAhead?: boolean;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Deadline of one attempt (counted from 1), in milliseconds. */
  readonly timeoutMs?: number | ((attempt: number) => number) | undefined;
  /** Attempts after the first; default is the row's. */
  readonly retries?: number | undefined;
  /** Requests in flight that this one may join; default is the session's window. */
  readonly window?: number | undefined;
  /** The request's body (`encodePayload`), when it was made before its turn. */
  readonly payload?: Uint8Array | undefined;
  /**
   * What comes next when the answer is as expected: asked for when this request is out, and sent in the moment of the
   * answer. The caller then makes that request, with this `payload`.
   */
  readonly next?: (() => Following | undefined) | undefined;
}

/** One attempt at a request. */
export interface Attempt {
  /** The row's name: "image upload". */
  readonly command: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly sentAtUs: number;
}

/**
 * What passes on the wire, in its order: a request, its answer or the lack of one, and what nobody had asked for.
 * `packet` is whole, header first; of "no answer" it is the request's. Times are the clock's, in microseconds.
 */
export type Exchange =
  | (Attempt & {
      readonly kind: "request" | "answer" | "no answer";
      readonly atUs: number;
      readonly packet: Uint8Array;
    })
  | {
      readonly kind: "dropped";
      readonly why: keyof SessionCounters;
      readonly atUs: number;
      readonly packet: Uint8Array;
    };

/** Packets that came and answered nothing. */
export interface SessionCounters {
  /** Answers to requests that had been given up. */
  late: number;
  /** Answers to requests that were answered already. */
  duplicate: number;
  /** Answers whose group, command or sequence nobody asked for. */
  stray: number;
  /** Requests: our own bytes come back (a loop-back plug, or two clients on one line). */
  echoed: number;
}
