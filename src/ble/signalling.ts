import { concat, ProtocolError } from "../core/index.ts";
import { REST, readHci, U8, U16, writeHci } from "./hci/fields.ts";

const HEAD = { code: U8, identifier: U8, bytes: U16 };
/** Source: Bluetooth Core 5.4, Vol 3 Part A, 4. */
const SIGNAL = { reject: 0x01, updateRequest: 0x12, updateResponse: 0x13 } as const;
const UPDATE = { intervalMin: U16, intervalMax: U16, latency: U16, supervisionTimeout: U16 };
/** Requests have even codes from 0x02 on; what is answered by a reject is what asks for something. */
const isRequest = (code: number) => code % 2 === 0;
/** Limits of connection parameters. Source: Vol 4 Part E, 7.8.18. */
const LIMITS = { intervalMin: 6, intervalMax: 3_200, latencyMax: 499, timeoutMin: 10, timeoutMax: 3_200 };

/** What a board wants its link to be: intervals in 1.25 ms, the time-out in 10 ms, latency in events. */
interface ConnectionUpdate {
  readonly intervalMin: number;
  readonly intervalMax: number;
  readonly latency: number;
  readonly supervisionTimeout: number;
  readonly eventMin: number;
  readonly eventMax: number;
}

/** Pairing Failed, "pairing not supported". Source: Vol 3 Part H, 3.5.5. */
export const SECURITY_FAILED = Uint8Array.of(0x05, 0x05);

/**
 * What is answered on the signalling channel: a board's wish for other connection parameters is granted where they are
 * possible (a board whose wish is ignored waits 30 s for an answer), anything else is rejected.
 */
export function answerSignal(payload: Uint8Array): {
  readonly answer?: Uint8Array;
  readonly update?: ConnectionUpdate;
} {
  try {
    const { code, identifier, rest } = readHci({ ...HEAD, rest: REST }, payload, "a signal");
    const reply = (to: number, data: Uint8Array) =>
      concat(writeHci(HEAD, { code: to, identifier, bytes: data.length }), data);
    if (code !== SIGNAL.updateRequest)
      return isRequest(code) ? { answer: reply(SIGNAL.reject, Uint8Array.of(0, 0)) } : {};
    const wish = readHci(UPDATE, rest, "a wish for connection parameters");
    const isPossible =
      wish.intervalMin >= LIMITS.intervalMin &&
      wish.intervalMin <= wish.intervalMax &&
      wish.intervalMax <= LIMITS.intervalMax &&
      wish.latency <= LIMITS.latencyMax &&
      wish.supervisionTimeout >= LIMITS.timeoutMin &&
      wish.supervisionTimeout <= LIMITS.timeoutMax &&
      // The time-out must outlast two of the longest pauses. Source: the same.
      wish.supervisionTimeout * 4 > (1 + wish.latency) * wish.intervalMax;
    const answer = reply(SIGNAL.updateResponse, Uint8Array.of(isPossible ? 0 : 1, 0));
    return isPossible ? { answer, update: { ...wish, eventMin: 0, eventMax: 0 } } : { answer };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return {};
  }
}
