import { isKind, sleep, TimeoutError } from "../../core/index.ts";
import { echo } from "../groups/os.ts";
import type { RequestOptions } from "./exchange.ts";
import type { SmpSession } from "./session.ts";

/** How long nobody answers before it is asked whether the request was lost, in milliseconds. */
const QUIET_MS = 3_000;
/** An echo is waited for so long: a board that erases answers none, and more of them would fill its buffers. */
const ECHO_MS = 60_000;
/** Requests in flight: the one that is asked about, and the echo. */
const IN_FLIGHT = 2;

/**
 * Runs a request that may be answered late (an upload's first chunk: the slot is erased first) or be lost (a server
 * whose buffers are smaller than it says drops a large packet in silence), and finds out which long before its
 * deadline: a server answers in order, so one that answers an echo sent after the request has not got the request.
 *
 * @param request must be given up when its signal aborts.
 * @throws TimeoutError when the request was lost; what `request` throws.
 * Source: Zephyr smp.c, one work queue; SmpServer.
 */
export async function unlessPassedOver<T>(
  session: SmpSession,
  awaited: string,
  outer: AbortSignal | undefined,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const lost = new AbortController();
  const sentUs = session.clock.nowUs();
  const watch = async () => {
    const call = { signal: over.signal, retries: 0, window: IN_FLIGHT, timeoutMs: ECHO_MS };
    do await sleep(session.clock, QUIET_MS, over.signal);
    while (!(await answersEcho(session, call)));
    const waitedMs = (session.clock.nowUs() - sentUs) / 1000;
    lost.abort(new TimeoutError(awaited, waitedMs, "An echo that was sent after it is answered: it was lost."));
  };
  const watching = watch().catch(() => undefined);
  try {
    return await request(AbortSignal.any([lost.signal, ...(outer ? [outer] : [])]));
  } finally {
    over.abort(new Error("the request has ended"));
    await watching;
  }
}

/** True when an echo is answered, be it with a refusal; false when its time passes. */
export async function answersEcho(session: SmpSession, options: RequestOptions): Promise<boolean> {
  try {
    await session.request(echo, { d: "hil" }, options);
    return true;
  } catch (error) {
    if (isKind(error, "timeout")) return false;
    if (isKind(error, "protocol")) return true;
    throw error;
  }
}
