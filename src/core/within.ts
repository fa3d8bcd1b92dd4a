import type { Clock } from "./clock.ts";
import { TimeoutError } from "./errors.ts";

/** The loser's reason. Made once: an error with its stack for every wait is a cost that fast exchanges feel. */
const OVER = new Error("the wait is over");

/**
 * The one wait: runs `work` with a deadline, a signal and a sentence. Whoever wins stops the other: `work` gets a signal
 * that aborts when the deadline passes or the caller gives up, and no alarm outlives the call.
 *
 * @param limitMs the deadline in milliseconds from now, on `clock`.
 * @param awaited what is awaited, as a noun: "the MCUboot banner on VCOM1".
 * @param lastSeen asked only on a timeout: what came last, as a sentence.
 * @throws TimeoutError at the deadline; the signal's reason when `signal` aborts; what `work` throws.
 */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  awaited: string,
  work: (stop: AbortSignal) => Promise<T>,
  options: { signal?: AbortSignal | undefined; lastSeen?: () => string; hint?: string } = {},
): Promise<T> {
  const { signal } = options;
  signal?.throwIfAborted();
  const loser = new AbortController();
  let fail: (reason: unknown) => void = () => {};
  const expiry = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const cancel = clock.at(clock.nowUs() + Math.round(Math.max(0, limitMs) * 1000), () => {
    fail(new TimeoutError(awaited, limitMs, options.lastSeen?.(), options.hint));
  });
  const forward = () => {
    loser.abort(signal?.reason);
    fail(signal?.reason);
  };
  signal?.addEventListener("abort", forward, { once: true });
  try {
    return await Promise.race([work(loser.signal), expiry]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", forward);
    loser.abort(OVER);
  }
}
