import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { type BootResult, type BootStep, isOperation, type LogLine, type Steps } from "../steps/steps.ts";
import { boot } from "./boot.ts";
import { type ImageEntry, imageListOf, slotsThatRun } from "./image-state.ts";

/** What an uninterrupted boot made of a flash. */
export interface BootOutcome {
  readonly result: BootResult;
  /** The image list that an application would show now. */
  readonly images: readonly ImageEntry[];
  readonly log: readonly LogLine[];
  /** Flash operations carried out. */
  readonly operations: number;
  readonly flash: FlashContent;
}

/** Carries a boot, or a call of the application, through to its end; every operation is applied to `flash`. */
export function runSteps<T>(steps: Steps<T>, flash: FlashContent, see: (step: BootStep) => void = () => {}): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    see(next.value);
    if (isOperation(next.value)) flash.apply(next.value);
  }
}

/** A whole uninterrupted boot of a flash content, which itself stays as it is. */
export function outcomeOf(flash: FlashContent, build: BootloaderBuild): BootOutcome {
  const after = flash.snapshot();
  const log: LogLine[] = [];
  let operations = 0;
  const result = runSteps(boot(after, build), after, (step) => {
    if (step.kind === "log") log.push(step);
    else if (isOperation(step)) operations += 1;
  });
  return { result, images: imageListOf(after, build, slotsThatRun(build, result)), log, operations, flash: after };
}
