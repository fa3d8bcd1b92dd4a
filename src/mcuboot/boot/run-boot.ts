import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashImage } from "../flash/flash-image.ts";
import { type BootResult, type BootStep, isOperation, type LogLine, type Steps } from "../steps/steps.ts";
import { boot } from "./boot.ts";
import { type ImageEntry, imageListOf } from "./image-state.ts";

/** What an uninterrupted boot made of a flash. */
export interface BootOutcome {
  readonly result: BootResult;
  /** The image list that an application would show now. */
  readonly images: readonly ImageEntry[];
  readonly log: readonly LogLine[];
  /** Flash operations carried out. */
  readonly operations: number;
  readonly flash: FlashImage;
}

/** Carries a boot, or a call of the application, through to its end; every operation is applied to `flash`. */
export function runSteps<T>(steps: Steps<T>, flash: FlashImage, see: (step: BootStep) => void = () => {}): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    see(next.value);
    if (isOperation(next.value)) flash.apply(next.value);
  }
}

/** A whole uninterrupted boot of a flash content, which itself stays as it is. */
export function outcomeOf(flash: FlashImage, build: BootloaderBuild): BootOutcome {
  const after = flash.snapshot();
  const log: LogLine[] = [];
  let operations = 0;
  const result = runSteps(boot(after, build), after, (step) => {
    if (step.kind === "log") log.push(step);
    else if (isOperation(step)) operations += 1;
  });
  return { result, images: imageListOf(after, build), log, operations, flash: after };
}
