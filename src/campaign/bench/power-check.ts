import { NOT_CUT_HINT } from "../../board/index.ts";
import { BenchError, sleep } from "../../core/index.ts";
import type { BootSeen } from "../record/facts.ts";
import { alive } from "./boot-watch.ts";
import { notCut } from "./not-cut.ts";
import type { RecordedBoard } from "./recorded-board.ts";

/** The idle application gets this long to lose its last charge before it is asked whether it is off, in milliseconds. */
const IDLE_MS = 50;
/** A board that is not off answers within this time. */
const IDLE_ANSWER_MS = 500;

/** A switch that is late with its contact is late by less than this, in milliseconds. */
const LATE_MS = 2000;
const ASK_EVERY_MS = 20;

/** When a board that is "off" answered last, on the bench's clock; undefined when it answers on. */
async function answeredUntil({ board, signal }: RecordedBoard, untilUs: number): Promise<number | undefined> {
  let lastUs = board.clock.nowUs();
  while (board.clock.nowUs() < untilUs) {
    await sleep(board.clock, ASK_EVERY_MS, signal);
    const answers = await alive(board, IDLE_ANSWER_MS, signal).catch(() => false);
    signal.throwIfAborted();
    if (!answers) return lastUs;
    lastUs = board.clock.nowUs();
  }
  return undefined;
}

/**
 * Switches off, asks the board whether it is there, and switches on again: a board that answers while it is "off" is
 * not cut. Power is on afterwards.
 * @returns the boot that followed.
 * @throws BenchError when power was not cut, or the board did not come back.
 */
export async function proveCut(recorded: RecordedBoard, bootMs: number): Promise<BootSeen> {
  const { board, signal } = recorded;
  await recorded.power("off");
  await sleep(board.clock, board.profile.power.holdUpMs + board.cuts.latencyUs / 1000 + IDLE_MS, signal);
  const offUs = recorded.nowUs;
  const answers = await alive(board, IDLE_ANSWER_MS, signal).catch(() => false);
  const lateUs = answers ? await answeredUntil(recorded, offUs + LATE_MS * 1000) : undefined;
  signal.throwIfAborted();
  await sleep(board.clock, board.profile.power.offMs, signal);
  const seen = await recorded.untilUp(await recorded.power("on"), bootMs);
  if (lateUs !== undefined) {
    const wholeMs = Math.round((lateUs - offUs) / 1000) + board.profile.power.holdUpMs + IDLE_MS;
    throw notCut(recorded, wholeMs, Number.POSITIVE_INFINITY);
  }
  if (answers) {
    const text = `power was not cut: ${board.name} answers on although the switch was told "off".`;
    throw new BenchError(text, NOT_CUT_HINT);
  }
  if (seen.ending !== "up") {
    throw new BenchError(`${board.name} did not come back after power was off: ${seen.because}`, "Check its supply.");
  }
  return seen;
}
