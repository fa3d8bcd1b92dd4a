import type { LegalOutcome } from "../../mcuboot/index.ts";
import type { Failure, Shown } from "./check.ts";
import { becauseOf, endingOf, isRight, isShown } from "./nearest.ts";

/** An outcome in which no image runs, of a known defect. */
export function deadOutcome(outcomes: readonly LegalOutcome[]): LegalOutcome | undefined {
  return outcomes.find((outcome) => outcome.result.kind !== "run" && outcome.knownDefect !== undefined);
}

/** The image list must be that of an outcome of the model in which MCUboot does right. */
export function checkSlots({ seen, nearest, outcomes }: Shown): Failure | undefined {
  if (seen.ending !== "up") {
    const dead = deadOutcome(outcomes);
    const because = dead === undefined ? seen.because : `${seen.because}; ${becauseOf(dead)}`;
    const hangs = seen.ending === "no boot" && dead?.result.kind === "hang";
    return { ending: hangs ? "hangs" : seen.ending, because };
  }
  if (nearest === undefined)
    return { ending: "wrong image", because: "the model knows no outcome in which an image runs" };
  const { outcome, wrong } = nearest;
  if (wrong !== undefined) return { ending: wrong, because: outcome.because };
  if (isRight(outcome)) return undefined;
  return { ending: outcome.violation ?? endingOf(outcome), because: becauseOf(outcome) };
}

/** Outcomes in which MCUboot does right, and which the image list cannot tell from each other: trailers may differ. */
export function indistinguishable({ seen, slots, outcomes }: Shown): readonly LegalOutcome[] {
  return seen.ending === "up" ? outcomes.filter((outcome) => isRight(outcome) && isShown(slots, outcome)) : [];
}
