import { ConfigurationError, type Random } from "../../core/index.ts";
import { spreadInApplication } from "../cuts/cut-application.ts";
import { cutsAtEvery } from "../cuts/plan.ts";
import type { CutIn, PlannedCut } from "../record/cut-moment.ts";
import type { PhaseSpan } from "../record/facts.ts";
import { type Scenario, scenarioCuts } from "../request/scenario.ts";
import type { TimedStep, TimedUpload } from "./timed-upload.ts";

/** The cuts that a scenario names, or spreads over the upload. */
export function plannedInRecovery(
  scenario: Scenario,
  steps: readonly TimedStep[],
  { endUs }: TimedUpload,
  random: Random,
): readonly PlannedCut[] {
  const { every, count = 0 } = scenario.cuts;
  if (every !== undefined) return cutsAtEvery(every, steps);
  return scenarioCuts(scenario) ?? spreadInApplication("upload", endUs, count, random);
}

/** A moment of an upload that can be waited for. */
type UploadMoment = Exclude<CutIn<"upload">, { kind: "operation" }>;

/**
 * A planned cut as a moment of the upload: an operation comes so long after the answer before it, by the undisturbed
 * upload and the flash's own times.
 * @throws ConfigurationError for an operation that the upload does not come to.
 */
export function momentInUpload(planned: CutIn<"upload">, steps: readonly TimedStep[]): UploadMoment {
  if (planned.kind !== "operation") return planned;
  const { index, operation } = planned;
  const step = steps[Math.floor(operation)];
  if (step === undefined) {
    throw new ConfigurationError(
      `cut ${index} is at flash operation ${operation}; this upload has ${steps.length}, counted from 0.`,
      "Lower the number in cuts.operations.",
    );
  }
  const atUs = Math.round(step.startUs + step.durationUs * (operation % 1));
  if (step.afterBytes === 0) return { index, kind: "time", afterResetUs: Math.max(0, atUs) };
  return { index, kind: "upload", bytes: step.afterBytes, delayUs: Math.max(0, atUs - step.afterUs) };
}

/** Phases of an upload, in microseconds from its start: all that is written, and what is decrypted then. */
export function uploadPhases(steps: readonly TimedStep[], { acks, endUs }: TimedUpload): readonly PhaseSpan[] {
  const takenUs = acks.at(-1)?.atUs ?? 0;
  const decrypts = steps.some(({ phase }) => phase === "decrypt");
  return [
    { name: "upload", fromUs: 0, toUs: decrypts ? takenUs : endUs },
    ...(decrypts ? [{ name: "decrypt", fromUs: takenUs, toUs: endUs }] : []),
  ];
}

interface Place {
  readonly where: string;
  readonly phase: string;
}

/** What a cut in an upload hits, for people: what it was planned for, or by when power went. */
export function placeInUpload(planned: CutIn<"upload">, steps: readonly TimedStep[], atUs: number): Place {
  const step =
    planned.kind === "operation"
      ? steps[Math.floor(planned.operation)]
      : steps.find(({ startUs, durationUs }) => startUs <= atUs && atUs < startUs + durationUs);
  if (step === undefined) return { where: "between two flash operations: a chunk was on the line", phase: "line" };
  const { index, operation, phase } = step;
  const what = operation.kind === "erase" ? "erase of the sector" : "write";
  return { where: `flash operation ${index}, ${what} at 0x${operation.offset.toString(16)}`, phase };
}
