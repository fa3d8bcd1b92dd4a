import { type FlashContent, timeline } from "../../mcuboot/index.ts";
import type { Trial } from "../bench/trial.ts";
import type { BootCut, CutIn, NextCut } from "../record/cut-moment.ts";
import { progressBefore } from "../verdict/real-flash.ts";
import type { CutTrigger } from "./make-cuts.ts";
import { momentOf } from "./moments.ts";
import type { Reference } from "./reference.ts";

type OperationCut = Extract<CutIn<"boot">, { kind: "operation" }>;

/** Tells a board that can be stopped there to stop at a planned operation; undefined for others, and other cuts. */
export async function plannedStop(trial: Trial, planned: CutIn<"boot">): Promise<CutTrigger | undefined> {
  return planned.kind === "operation" ? stopAt(trial, trial.expected.flash, planned) : undefined;
}

async function stopAt(
  { recorded, expected }: Trial,
  flash: FlashContent,
  planned: OperationCut,
): Promise<CutTrigger | undefined> {
  const { board, signal } = recorded;
  const progress = board.cuts.stopAfter && progressBefore(flash, expected, planned.operation);
  if (progress === undefined) return undefined;
  const over = new AbortController();
  const stop = await board.cuts.stopAfter?.(progress, AbortSignal.any([signal, over.signal]));
  if (stop === undefined) return undefined;
  stop.reached.catch(() => undefined);
  return { kind: "progress", planned, reached: stop.reached, giveUp: () => over.abort(new Error("the cut is over")) };
}

/** A cut at an operation as a moment of the log; others are what they are. */
export function heardCut(trial: Trial, planned: CutIn<"boot">, { window }: Reference): BootCut {
  if (planned.kind !== "operation") return planned;
  const moment = momentIn(trial, trial.expected.flash, planned.operation);
  // Beyond the last operation: after all of them.
  return { index: planned.index, ...(moment ?? { kind: "time", afterResetUs: window.endUs + 1 }) };
}

/** The next cut of a planned one, in the boot that goes on with what the last one left in the flash. */
export async function nextCut(
  trial: Trial,
  index: number,
  next: NextCut,
  left: FlashContent,
): Promise<CutTrigger | undefined> {
  if ("pattern" in next) return { index, kind: "log", ...next };
  const { build, timing } = trial.expected;
  const { operations } = timeline(left, build, timing);
  const operation = "operation" in next ? next.operation : next.share * operations.length;
  const stop = await stopAt(trial, left, { index, kind: "operation", operation });
  if (stop) return stop;
  const moment = momentIn(trial, left, operation);
  return moment && { index, ...moment };
}

function momentIn({ recorded, expected }: Trial, flash: FlashContent, operation: number) {
  const { build, timing } = expected;
  return momentOf({ flash, build, timing, baudRate: recorded.board.profile.ports.app.baudRate }, operation);
}
