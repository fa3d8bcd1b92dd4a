import type { LegalOutcome } from "../../mcuboot/index.ts";
import type { BootSeen } from "../record/facts.ts";
import type { Ending } from "../record/verdict.ts";
import type { Allowed, Check, Evidence, Failure, Shown } from "./check.ts";
import { checkBootloader, reportedBootloader } from "./check-bootloader.ts";
import { checkFlash } from "./check-flash.ts";
import { checkLog } from "./check-log.ts";
import { checkNetwork, reportedNetwork } from "./check-network.ts";
import { checkSignature } from "./check-signature.ts";
import { checkSlots, deadOutcome, indistinguishable } from "./check-slots.ts";
import { becauseOf, endingOf, isShown, nearestTo, slotsOfModel } from "./nearest.ts";
import { describeSlots } from "./slots.ts";

/** What a boot is held against, in this order: the first that fails is the verdict. */
const CHECKS: readonly Check[] = [
  ({ seen }, { fault }) => fault?.(seen),
  checkSignature,
  checkSlots,
  checkLog,
  checkNetwork,
  checkBootloader,
  checkFlash,
];

/** What a boot came to. */
export interface Weighed {
  readonly pass: boolean;
  readonly ending: Ending;
  readonly found: string;
  readonly because: string;
  /** The outcome of the model that the board shows, or the one that comes nearest. */
  readonly outcome: LegalOutcome | undefined;
  /** The outcome that was met, of a pass. */
  readonly matched: LegalOutcome | undefined;
  /** The outcome that the board shows, where that is a known defect. */
  readonly defect: LegalOutcome | undefined;
  /** All outcomes that show the same: they may differ in trailers, which a board does not show. */
  readonly indistinguishable: readonly LegalOutcome[];
  /** Known defects of MCUboot that would show the same as what passed: what they come to shows in later boots. */
  readonly maskedDefects: readonly LegalOutcome[];
}

/** Holds what a boot showed against what MCUboot may do. */
export function weigh(evidence: Evidence, allowed: Allowed): Weighed {
  const { seen, slots, flash, network, bootloader } = evidence;
  const { outcomes } = allowed;
  const isUp = seen.ending === "up";
  const shown: Shown = { ...evidence, outcomes, nearest: isUp ? nearestTo(slots, outcomes) : undefined };
  const failure = firstFailure(shown, allowed);
  const nearest = isUp ? shown.nearest?.outcome : (deadOutcome(outcomes) ?? outcomes[0]);
  const slotText = isUp ? describeSlots(slotsOfModel(slots, outcomes)) : deadText(seen);
  const ofNetwork = network === undefined ? "" : reportedNetwork(network);
  const ofBootloader = bootloader === undefined || !isUp ? "" : reportedBootloader(bootloader);
  const found = `${slotText}${ofNetwork}${ofBootloader}`;
  const hidden = (outcome: LegalOutcome) => outcome.knownDefect !== undefined && isShown(slots, outcome);
  if (failure !== undefined) {
    const isMatch = shown.nearest !== undefined && shown.nearest.wrong === undefined;
    const defect = isMatch && nearest?.knownDefect !== undefined ? nearest : undefined;
    const alike = defect === undefined ? [] : outcomes.filter((outcome) => isShown(slots, outcome));
    const rest = { matched: undefined, defect, indistinguishable: alike, maskedDefects: [] };
    return { pass: false, ...failure, found, outcome: nearest, ...rest };
  }
  // checkSlots passes nothing without one.
  if (nearest === undefined) throw new RangeError("no check failed, and no outcome is near");
  const alike = indistinguishable(shown);
  const same = flash && alike.find((outcome) => outcome.flash.identity() === flash.content.identity());
  const matched = same ?? nearest;
  return {
    pass: true,
    ending: endingOf(nearest),
    because: becauseOf(nearest),
    found,
    outcome: matched,
    matched,
    defect: undefined,
    indistinguishable: alike,
    maskedDefects: flash === undefined ? outcomes.filter(hidden) : [],
  };
}

function firstFailure(shown: Shown, allowed: Allowed): Failure | undefined {
  for (const check of CHECKS) {
    const failure = check(shown, allowed);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function deadText(seen: BootSeen): string {
  const last = seen.lines.at(-1)?.text;
  const boots = `${seen.boots} ${seen.boots === 1 ? "boot" : "boots"} seen, no application answered`;
  return last === undefined ? `nothing came from the board` : `${boots}; last line "${last}"`;
}
