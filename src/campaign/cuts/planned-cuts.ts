import { ConfigurationError, type Random } from "../../core/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { PlannedCut } from "../record/cut-moment.ts";
import type { PhaseSpan } from "../record/facts.ts";
import { type Scenario, scenarioCuts } from "../request/scenario.ts";
import { NET_COPY } from "./cut-boot.ts";
import { cutsAtEvery, spreadCuts, spreadPairs } from "./plan.ts";
import type { Reference } from "./reference.ts";

/** The cuts that a scenario names, or spreads over the swap. */
export function plannedCuts(scenario: Scenario, reference: Reference, random: Random): readonly PlannedCut[] {
  const { timeline } = reference;
  const window = windowOf(reference);
  const { pairs, every, count = 0 } = scenario.cuts;
  if (scenario.cuts.in === "network") {
    const given = scenarioCuts(scenario);
    return given ?? spreadInCopy(requireCopy(reference), pairs ?? count, pairs !== undefined, random);
  }
  if (every !== undefined) return cutsAtEvery(every, timeline.operations);
  if (pairs !== undefined) return spreadPairs(window, pairs, random);
  return scenarioCuts(scenario) ?? spreadCuts(window, count, random);
}

/** A boot whose operations take no longer than this has next to nothing to cut but itself, in microseconds. */
const NO_SWAP_US = 1_000;

/** Where cuts are spread: over the swap; of a boot that writes a word or nothing, over all of it. */
function windowOf({ window, timeline }: Reference): Reference["window"] {
  if (timeline.operationsUs > NO_SWAP_US) return window;
  return { ...window, startUs: 0, endUs: window.appUpUs };
}

/** Phases of the swap, merged from its operations, in microseconds from the first one. */
function phasesOf({ timeline }: Reference): readonly PhaseSpan[] {
  const phases: { name: string; fromUs: number; toUs: number }[] = [];
  for (const step of timeline.operations) {
    const last = phases.at(-1);
    const toUs = step.startUs + step.durationUs;
    if (last && last.name === step.phase) last.toUs = toUs;
    else phases.push({ name: step.phase, fromUs: step.startUs, toUs });
  }
  const copies = timeline.netCopies.map(({ startUs, endUs }) => ({ name: NET_COPY, fromUs: startUs, toUs: endUs }));
  return [...phases, ...copies].toSorted((a, b) => a.fromUs - b.fromUs);
}

/** The line with which the network core is let go to copy. Source: sdk-nrf subsys/pcd/src/pcd.c. */
const COPY_BEGINS = String.raw`Turned on network core[^\n]*\n`;

/**
 * Cuts in the copy to the network core: one moment drawn in each of so many equal parts of it, by the log.
 * @param copyUs from that line to the one that ends the copy, as the undisturbed update showed it.
 * @param isPair each with a second cut, anywhere in the copy that the next boot begins anew.
 */
function spreadInCopy(copyUs: number, count: number, isPair: boolean, random: Random): readonly PlannedCut[] {
  const drawn = (part: number): number => {
    const fromUs = Math.floor((copyUs * part) / count);
    return fromUs + random.below(Math.max(1, Math.floor(copyUs / count)));
  };
  return Array.from({ length: count }, (_, order): PlannedCut => {
    const cut = { index: order + 1, kind: "log", pattern: COPY_BEGINS, delayUs: drawn(order) } as const;
    return isPair ? { ...cut, following: [{ pattern: COPY_BEGINS, delayUs: random.below(Math.max(1, copyUs)) }] } : cut;
  });
}

/** @throws ConfigurationError for a bootloader that does not say when the copy begins and ends. */
function requireCopy({ copyUs }: Reference): number {
  if (copyUs !== undefined) return copyUs;
  throw new ConfigurationError(
    "cuts.in: network wants cuts in the copy to the network core, and the boot log does not show where that begins.",
    'MCUboot says "Turned on network core" with CONFIG_PCD_LOG_LEVEL_INF; or use at_ms, measured from the reset.',
  );
}

/** Writes down what cuts are measured against, and the cuts. */
export function recordPlan(recorded: RecordedBoard, reference: Reference, cuts: readonly PlannedCut[]): void {
  const { record, nowUs: atUs, board } = recorded;
  const { window, timeline, spreadUs } = reference;
  record.event({
    atUs,
    event: "reference",
    operations: timeline.operations.length,
    swapUs: window.endUs - window.startUs,
    startAfterResetUs: window.startUs,
    endAfterResetUs: window.endUs,
  });
  if (spreadUs > 0) {
    const ms = Math.round((spreadUs + board.cuts.uncertaintyUs) / 1000);
    const text = `the bootloader does not say when it begins or ends: cuts are judged to ± ${ms} ms`;
    record.event({ atUs, event: "warning", text });
  }
  record.event({ atUs, event: "plan", cuts, phases: phasesOf(reference) });
}
