import { setPending } from "../boot/app-api.ts";
import { boot } from "../boot/boot.ts";
import { type ImageEntry, imageListOf, slotsThatRun } from "../boot/image-state.ts";
import { nameOperation } from "../boot/operation-names.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { type BootResult, isOperation, type LogLine, type Steps } from "../steps/steps.ts";
import type { Leak } from "./leak-watch.ts";
import type { Cause, CutPoint } from "./state.ts";
import { type UpgradeSwept, uploadedFlash } from "./upgrade.ts";

/** One leg of a way: a request, or a boot, cut or carried through. */
export interface Walked {
  readonly what: "request" | "boot";
  readonly operations: readonly string[];
  readonly log: readonly LogLine[];
  readonly cut: CutPoint | undefined;
  /** Of a boot that went through. */
  readonly result: BootResult | undefined;
  readonly images: readonly ImageEntry[];
  /** What lies open in the flash now. */
  readonly leaks: readonly Leak[];
  readonly flash: FlashContent;
}

/** A way through cuts and resets once more, leg by leg, and at its end an undisturbed boot. */
export function* walkPath(swept: UpgradeSwept, path: readonly Cause[]): Generator<Walked, void, undefined> {
  const { build, permanent = false, revertOnly = false } = swept;
  const { flash, leaks } = uploadedFlash(swept);
  const legOf = (what: Walked["what"], cut: CutPoint | undefined): Walked => {
    const steps = what === "request" ? setPending(flash, build, 0, permanent) : boot(flash, build);
    const leg = drive(steps, flash, build, cut);
    return {
      ...leg,
      what,
      cut,
      images: imageListOf(flash.still(), build, leg.result && slotsThatRun(build, leg.result)),
      leaks: leaks.leaks(flash),
      flash: flash.snapshot(),
    };
  };
  const [start, ...rest] = path;
  yield legOf("request", start?.kind === "start" ? start.request : undefined);
  if (revertOnly) yield legOf("boot", undefined);
  for (const cause of rest) yield legOf("boot", cause.kind === "cut" ? cause : undefined);
  yield legOf("boot", undefined);
}

function drive(
  steps: Steps<unknown>,
  flash: FlashContent,
  build: BootloaderBuild,
  cut: CutPoint | undefined,
): Pick<Walked, "operations" | "log" | "result"> {
  const operations: string[] = [];
  const log: LogLine[] = [];
  for (;;) {
    const next = steps.next();
    if (next.done === true) return { operations, log, result: isResult(next.value) ? next.value : undefined };
    if (next.value.kind === "log") log.push(next.value);
    if (!isOperation(next.value)) continue;
    if (cut?.operation === operations.length) {
      if (cut.torn !== undefined) flash.apply(next.value, cut.torn);
      operations.push(nameOperation(build, next.value).description);
      return { operations, log, result: undefined };
    }
    operations.push(nameOperation(build, next.value).description);
    flash.apply(next.value);
  }
}

function isResult(value: unknown): value is BootResult {
  return typeof value === "object" && value !== null && "kind" in value;
}
