import type { LegalOutcome } from "../../mcuboot/index.ts";
import type { SlotState } from "../record/facts.ts";
import type { Ending, Verdict } from "../record/verdict.ts";
import { activeSlot, describeSlots, flagsOf } from "./slots.ts";

/** The image list that an outcome of the model would show. */
function slotsOf(outcome: LegalOutcome): readonly SlotState[] {
  return outcome.images.map((entry) => ({
    image: entry.image,
    slot: entry.slot,
    version: entry.version,
    hash: entry.hash,
    flags: flagsOf(entry),
  }));
}

/** What the board would show of an outcome of the model. */
function describeOutcome(outcome: LegalOutcome): string {
  const { kind } = outcome.result;
  const dead = kind === "hang" ? "the bootloader hangs" : "no image boots";
  const shown = kind === "run" ? describeSlots(slotsOf(outcome)) : dead;
  return outcome.knownDefect === undefined ? shown : `${shown} (known defect ${outcome.knownDefect})`;
}

/** MCUboot does this, and it is right: no defect that is known by its id, and an image that runs. */
export function isRight(outcome: LegalOutcome): boolean {
  return outcome.knownDefect === undefined && outcome.ending !== "failed";
}

/** What may be expected, one sentence each; what MCUboot does wrong only where it can do nothing right. */
export function expectationsOf(allowed: readonly LegalOutcome[]): Verdict["allowed"] {
  const right = allowed.filter(isRight);
  return (right.length > 0 ? right : allowed).map((outcome) => ({
    ending: endingOf(outcome),
    expects: describeOutcome(outcome),
    because: outcome.because,
  }));
}

/** The model's word for an ending, in the verdict's words. */
export function endingOf(outcome: LegalOutcome): Ending {
  if (outcome.ending !== "failed") return outcome.ending;
  if (outcome.result.kind === "hang") return "hangs";
  return outcome.result.kind === "run" ? "wrong image" : "no boot";
}

export function becauseOf({ knownDefect, because }: LegalOutcome): string {
  return knownDefect === undefined ? because : `known defect ${knownDefect}: ${because}`;
}

/** What can be wrong, the worst first; the less is wrong, the nearer an outcome is. */
const WRONG = ["wrong image", "wrong slots", "wrong flags"] as const;
type Wrong = (typeof WRONG)[number];

/** An outcome of the model beside what a board shows. */
export interface Nearest {
  readonly outcome: LegalOutcome;
  /** What is wrong with it; undefined when the board shows just this. */
  readonly wrong: Wrong | undefined;
}

/** The outcome that comes nearest to an image list, and what is wrong with it; of equals the first, a right one before. */
export function nearestTo(listed: readonly SlotState[], outcomes: readonly LegalOutcome[]): Nearest | undefined {
  const slots = slotsOfModel(listed, outcomes);
  const running = outcomes
    .filter((outcome) => outcome.result.kind === "run")
    .map((outcome) => ({ outcome, wrong: difference(slotsOf(outcome), slots) }));
  const distance = ({ outcome, wrong }: Nearest) =>
    (wrong === undefined ? 0 : 2 * (WRONG.length - WRONG.indexOf(wrong))) + (isRight(outcome) ? 0 : 1);
  return running.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Slots of images that the model knows: a board may list others, of which nothing is said. */
export function slotsOfModel(listed: readonly SlotState[], outcomes: readonly LegalOutcome[]): readonly SlotState[] {
  const known = new Set([0, ...outcomes.flatMap(({ images }) => images.map(({ image }) => image))]);
  return listed.filter(({ image }) => known.has(image));
}

/** The board shows just this outcome, right or wrong. */
export function isShown(listed: readonly SlotState[], outcome: LegalOutcome): boolean {
  const nearest = nearestTo(listed, [outcome]);
  return nearest !== undefined && nearest.wrong === undefined;
}

/** What is wrong first: the running image, the other slot, the flags. */
function difference(expected: readonly SlotState[], found: readonly SlotState[]): Wrong | undefined {
  if (activeSlot(expected)?.hash !== activeSlot(found)?.hash) return "wrong image";
  const differ = (what: (slot: SlotState) => string | undefined) => listOf(expected, what) !== listOf(found, what);
  if (differ((slot) => slot.hash)) return "wrong slots";
  return differ((slot) => slot.flags.join()) ? "wrong flags" : undefined;
}

/** One text of a fact of every slot, whatever order they were listed in. */
function listOf(slots: readonly SlotState[], what: (slot: SlotState) => string | undefined): string {
  return slots
    .map((slot) => `${slot.image}/${slot.slot} ${what(slot)}`)
    .toSorted()
    .join("; ");
}
