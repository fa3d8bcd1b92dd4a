import { BenchError, isKind } from "../../core/index.ts";

/** How long a bench is left alone before its next try, in milliseconds: ports come back, a hub settles. */
export const RETRY_AFTER_MS = 2000;

/** A bench that another try would find the same. Exit 3. */
export class PermanentBenchError extends BenchError {
  readonly permanent = true;
}

/**
 * Whether an error is the bench's and may go away by itself: ports, switch, flasher, silence. Never a verdict, never
 * what the firmware or an image did, never the user's wish to stop.
 */
export function isRetryable(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return false;
  if (!isKind(error, "bench") && !isKind(error, "timeout")) return false;
  return !("permanent" in error && error.permanent === true);
}
