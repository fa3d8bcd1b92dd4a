import { BenchError, type Clock, hasCode, isHilError, messageOf, sleep } from "../core/index.ts";

/** How often a lock that somebody holds is tried again, in milliseconds. */
const RETRY_MS = 250;

/**
 * Opens a board as soon as nobody else uses it.
 * @param options.waitMs how long it is waited for, in milliseconds; 0: not at all.
 * @param options.say takes a line when the wait begins, and whenever somebody else holds the board then.
 * @param options.isOwn whether this very test file holds it: then no wait would ever end.
 * @throws BenchError that names who holds it, when the wait was too long; whatever else `open` throws, at once.
 */
export async function whenFree<T>(
  board: string,
  open: () => Promise<T>,
  options: {
    readonly waitMs: number;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly say: (line: string) => void;
    readonly isOwn: () => boolean;
  },
): Promise<T> {
  const { waitMs, clock, signal, say, isOwn } = options;
  const untilUs = clock.nowUs() + waitMs * 1000;
  let said = "";
  for (;;) {
    signal.throwIfAborted();
    let held: unknown;
    try {
      return await open();
    } catch (error) {
      if (!hasCode(error, "held")) throw error;
      held = error;
    }
    const who = isHilError(held) ? held.message : messageOf(held);
    if (isOwn()) {
      throw new BenchError(`${board} is open in this test file already.`, "Close that bench first: await using.", {
        cause: held,
      });
    }
    const leftMs = (untilUs - clock.nowUs()) / 1000;
    if (leftMs <= 0) {
      const hint = "Run suites of one board with --maxWorkers=1 (or --runInBand), or let bench() wait longer: waitMs.";
      throw new BenchError(`${board} was not free within ${seconds(waitMs)}: ${who}`, hint, { cause: held });
    }
    if (who !== said) say(`bench() waits for ${board}, ${seconds(Math.ceil(leftMs))} at most: ${who}`);
    said = who;
    await sleep(clock, Math.min(RETRY_MS, leftMs), signal);
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
