import { openBoard } from "../../board/index.ts";
import { type Clock, hasCode, messageOf, RealClock, sleep } from "../../core/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import { durationMs } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";

export const WAIT_OPTIONS = {
  wait: { type: "string", describe: "a board that is in use: wait so long for it (90s, 10m, 2h; default: exit 3)" },
} as const satisfies OptionRows;

/** How often a lock that is held is tried again, in milliseconds. */
const AGAIN_MS = 500;

/**
 * Opens a board as `open` does; with `--wait`, tries again while another process holds its locks, and says once who
 * that is. Ctrl-C ends the waiting.
 * @param open what opens boards; throws what it throws, when the time is over: who holds the lock.
 * @param clock of this machine, another one in tests.
 */
export function waitingOpen(
  args: Parsed,
  io: Pick<CliIo, "err" | "signal">,
  open: typeof openBoard = openBoard,
  clock: Clock = new RealClock(),
): typeof openBoard {
  const text = args.text("wait");
  if (text === undefined) return open;
  const waitMs = durationMs("wait", text);
  return async (board, options) => {
    const endUs = clock.nowUs() + waitMs * 1000;
    let told = "";
    for (;;) {
      try {
        return await open(board, options);
      } catch (error) {
        if (!hasCode(error, "held") || clock.nowUs() >= endUs) throw error;
        const holder = messageOf(error);
        if (holder !== told) io.err(`hil: ${holder.replace(/\.$/, "")}: waiting for it, ${text} at most\n`);
        told = holder;
        await sleep(clock, Math.min(AGAIN_MS, (endUs - clock.nowUs()) / 1000), io.signal);
      }
    }
  };
}
