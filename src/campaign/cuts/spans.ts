import type { Timeline } from "../../mcuboot/index.ts";
import type { CutSpan } from "../verdict/cut-window.ts";
import type { PowerLoss } from "./make-cuts.ts";
import type { Reference } from "./reference.ts";

/** Later than any operation of any boot, in microseconds. */
const NEVER_US = 3_600_000_000;
/** How far the time before a boot's first operation may be from the model's, as a share of it. */
const SILENT_SLACK = 0.1;
/** Before a boot's first operation. */
const BEFORE = -1;

/** What turns the bench's time of a cut into the model's time of a boot. */
export interface Scales {
  readonly reference: Reference;
  /** By how much cuts of this bench are uncertain, in microseconds of the bench. */
  readonly uncertaintyUs: number;
  /** The boot of the first cut, and when its reset was answered. */
  readonly plan: Timeline;
  readonly resetUs: number;
}

/**
 * Where the cuts of boots in a row fell, in the model's time of each boot.
 * @param purpose "judge": where a cut may have fallen at all; "plan": where it most likely fell, to place the next one.
 */
export function spansOf(
  [first, ...others]: readonly PowerLoss[],
  scales: Scales,
  purpose: "judge" | "plan",
): readonly CutSpan[] {
  return [
    first ? firstSpan(first, scales) : around(BEFORE, scales),
    ...others.map((loss) => laterSpan(loss, scales, purpose)),
  ];
}

function spreadOf({ reference, uncertaintyUs }: Scales): number {
  return Math.round((uncertaintyUs + reference.spreadUs) / reference.scale);
}

function around(intoUs: number, scales: Scales): { readonly fromUs: number; readonly toUs: number } {
  const spreadUs = spreadOf(scales);
  return { fromUs: intoUs - spreadUs, toUs: intoUs + spreadUs };
}

/** A busy host takes a swap for longer than it was; what the board said before the cut is certain: it was over. */
function notBeforeEnd(loss: PowerLoss, intoUs: number, endUs: number, scales: Scales): number {
  return loss.over ? Math.max(intoUs, endUs + spreadOf(scales) + 1) : intoUs;
}

/** The cut in the boot that the reset started. */
function firstSpan(loss: PowerLoss, scales: Scales): CutSpan {
  const intoUs = notBeforeEnd(loss, modelTime(loss, scales), scales.plan.operationsUs, scales);
  const span = around(intoUs, scales);
  return loss.intoSwapUs !== undefined || loss.over ? span : { ...span, silent: silentSpan(loss, scales) };
}

/** A cut in a boot that power started. */
function laterSpan(loss: PowerLoss, scales: Scales, purpose: "judge" | "plan"): CutSpan {
  const { reference } = scales;
  // Nothing is known of it, on a board that says nothing of its work: any moment of it.
  if (purpose === "judge" && reference.spreadUs > 0 && loss.intoSwapUs === undefined) {
    return { fromUs: BEFORE, toUs: NEVER_US };
  }
  const intoUs = Math.round((loss.intoSwapUs ?? BEFORE) / reference.scale);
  const span = around(notBeforeEnd(loss, intoUs, NEVER_US, scales), scales);
  if (loss.intoSwapUs !== undefined || loss.over || loss.aliveUs === undefined) return span;
  // Nothing told where a boot began that announces nothing: not before power came, that is all.
  const spreadUs = spreadOf(scales);
  const toUs = Math.round(loss.aliveUs / reference.scale) + spreadUs;
  return { ...span, silent: { fromUs: -spreadUs, toUs, refused: loss.refused ?? false } };
}

/** Where in the model's own time a cut fell, in microseconds from the swap's first operation. */
function modelTime({ cutUs, intoSwapUs }: PowerLoss, { reference, resetUs }: Scales): number {
  const { window, scale, announced } = reference;
  const byResetUs = cutUs - resetUs - window.startUs;
  const intoUs = intoSwapUs ?? (announced ? Math.min(BEFORE, byResetUs) : byResetUs);
  return Math.round(intoUs / scale);
}

/**
 * Where a cut may have fallen in a boot that announces nothing: by the time since the reset, as far as the reference
 * boot and the model's time for what comes before the first operation tell when that was.
 */
function silentSpan(loss: PowerLoss, scales: Scales): NonNullable<CutSpan["silent"]> {
  const { reference, plan, resetUs } = scales;
  const { window, scale, timeline: known } = reference;
  const earlierUs = (plan.startUs - known.startUs) * scale;
  const intoUs = Math.round((loss.cutUs - resetUs - window.startUs - earlierUs) / scale);
  const slackUs = spreadOf(scales) + Math.round(plan.startUs * SILENT_SLACK);
  return { fromUs: intoUs - slackUs, toUs: intoUs + slackUs, refused: loss.refused ?? false };
}
