import { NOT_CUT_HINT } from "../../board/index.ts";
import { VoidError } from "./bench-watch.ts";
import type { RecordedBoard } from "./recorded-board.ts";

/** Quiet for so long, in microseconds, a board that talked too long has lost its power after all. */
const QUIET_US = 100_000;

/**
 * A board that talked after "off".
 * @param lateMs how long after power should have been gone. @param quietUs how long it has been quiet since.
 */
export function notCut({ board }: RecordedBoard, lateMs: number, quietUs: number): VoidError {
  const { latencyUs, uncertaintyUs } = board.cuts;
  const ms = (us: number) => Math.round(us / 100) / 10;
  if (quietUs < QUIET_US) {
    return new VoidError(
      `power was not cut: ${board.name} still talked ${lateMs} ms after "off". ${board.logs.app.lastSeen()}`,
      NOT_CUT_HINT,
    );
  }
  return new VoidError(
    `power went late: ${board.name} still talked ${lateMs} ms after "off" should have cut it, and fell silent then; ` +
      `the bench says cut_latency_ms: ${ms(latencyUs)} ± ${ms(uncertaintyUs)}. ${board.logs.app.lastSeen()}`,
    "Measure the switch with `hil board calibrate`, or correct power.cut_latency_ms and power.hold_up_ms.",
  );
}
