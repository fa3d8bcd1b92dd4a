import type { Random } from "../../core/index.ts";
import type { PlannedCut } from "../record/cut-moment.ts";

/** The swap as the uninterrupted upgrade showed it, in microseconds from the answer to the reset command. */
export interface SwapWindow {
  readonly startUs: number;
  readonly endUs: number;
  /** When the new application came up: cuts after `endUs` and before this hit a swap that is complete. */
  readonly appUpUs: number;
}

/** Of a plan this long, one cut goes before the swap's first operation and one after its last. */
const CUTS_FOR_EDGES_MIN = 8;

/**
 * Spreads `count` cuts over a swap: the window is divided into equal parts, and one moment is drawn in each, so that no
 * part is missed and two seeds do not cut at the same places. Longer plans also cut once just before the swap and once
 * just after its last write, where the right answer is another one.
 */
export function spreadCuts(window: SwapWindow, count: number, random: Random): readonly PlannedCut[] {
  const edges = count >= CUTS_FOR_EDGES_MIN;
  const inside = edges ? count - 2 : count;
  const moments: number[] = [];
  if (edges) moments.push(Math.max(0, window.startUs - 1 - random.below(Math.max(1, Math.floor(window.startUs / 8)))));
  const span = window.endUs - window.startUs;
  for (let part = 0; part < inside; part += 1) {
    const fromUs = window.startUs + Math.floor((span * part) / inside);
    const toUs = window.startUs + Math.floor((span * (part + 1)) / inside);
    moments.push(fromUs + random.below(Math.max(1, toUs - fromUs)));
  }
  if (edges)
    moments.push(window.endUs + 1 + random.below(Math.max(1, Math.floor((window.appUpUs - window.endUs) / 2))));
  return moments.map((afterResetUs, order) => ({ index: order + 1, kind: "time", afterResetUs }));
}

/** One cut right before every flash operation of this kind, in the order of the reference upgrade's. */
export function cutsAtEvery(
  kind: "erase" | "write" | "operation",
  operations: readonly { readonly index: number; readonly operation: { readonly kind: string } }[],
): readonly PlannedCut[] {
  return operations
    .filter(({ operation }) => kind === "operation" || operation.kind === kind)
    .map(({ index }, order) => ({ index: order + 1, kind: "operation", operation: index }));
}

/** How finely the second cut of a pair is drawn. */
const SHARES = 10_000;

/** Upgrades with two cuts each: the first spread as above, the second anywhere in the boot that goes on. */
export function spreadPairs(window: SwapWindow, count: number, random: Random): readonly PlannedCut[] {
  return spreadCuts(window, count, random).map((cut) => ({
    ...cut,
    following: [{ share: random.below(SHARES) / SHARES }],
  }));
}
