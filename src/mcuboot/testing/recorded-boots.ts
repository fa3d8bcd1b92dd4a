import { confirm, setPending } from "../boot/app-api.ts";
import { outcomeOf, runSteps } from "../boot/run-boot.ts";
import { zephyrBoot } from "../boot/zephyr-boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { bootEffect } from "../explain/boot-effect.ts";
import type { Action } from "../explain/index.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { isOperation } from "../steps/steps.ts";
import type { SmallBoard } from "./small-board.ts";

/** What happens to a board, one after another. `cut`: power goes before that operation of the boot. */
export type Happening =
  | { readonly does: "boot"; readonly cut?: number }
  | { readonly does: "request"; readonly image?: number; readonly permanent?: boolean }
  | { readonly does: "confirm"; readonly image?: number }
  | { readonly does: "load"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly does: "print"; readonly text: string };

/** A line of a log, and what was true when it was printed. */
export interface RecordedLine {
  readonly text: string;
  /** The flash that this boot began with; undefined for a line of the application. */
  readonly start: FlashContent | undefined;
  /** The flash as this line found it, and as every operation up to the next line left it. */
  readonly flashes: readonly FlashContent[];
  /** The boot was over with this line, or before it. */
  readonly over: boolean;
}

/** Carries a board through what happens, and keeps every line with the truth about it. */
export function recorded({ build, flash }: SmallBoard, happenings: readonly Happening[]): readonly RecordedLine[] {
  const lines: { text: string; start: FlashContent | undefined; flashes: FlashContent[]; over: boolean }[] = [];
  const now = flash.snapshot();
  for (const happening of happenings) {
    if (happening.does === "request") {
      runSteps(setPending(now, build, happening.image ?? 0, happening.permanent ?? false), now);
    } else if (happening.does === "confirm") runSteps(confirm(now, build, happening.image ?? 0), now);
    else if (happening.does === "load") now.load(happening.offset, happening.bytes);
    else if (happening.does === "print") {
      lines.push({ text: happening.text, start: undefined, flashes: [now.snapshot()], over: true });
    } else recordBoot(build, now, happening.cut, lines);
  }
  return lines;
}

function recordBoot(
  build: BootloaderBuild,
  now: FlashContent,
  cut: number | undefined,
  lines: { text: string; start: FlashContent | undefined; flashes: FlashContent[]; over: boolean }[],
): void {
  const start = now.snapshot();
  let done = 0;
  let over = false;
  for (const step of zephyrBoot(now, build)) {
    if (step.kind === "log") {
      over ||= step.text.startsWith("Bootloader chainload") || step.text.startsWith("Unable to find bootable");
      lines.push({ text: `${step.level}: ${step.text}`, start, flashes: [now.snapshot()], over });
    }
    if (!isOperation(step)) continue;
    if (done === cut) return;
    now.apply(step);
    done += 1;
    lines.at(-1)?.flashes.push(now.snapshot());
  }
}

/** What a whole boot of a flash content really does with an image. */
export interface Actual {
  /** Undefined: it fails or stops before it does anything. */
  readonly action: Action | undefined;
  readonly boots: boolean;
  /** The flash as that boot leaves it. */
  readonly after: FlashContent;
}

const ACTUALS = new WeakMap<BootloaderBuild, Map<string, readonly Actual[]>>();

/** One an image. */
export function actuallyDoes(flash: FlashContent, build: BootloaderBuild): readonly Actual[] {
  const known = ACTUALS.get(build) ?? new Map<string, readonly Actual[]>();
  ACTUALS.set(build, known);
  const name = flash.identity();
  const found = known.get(name);
  if (found !== undefined) return found;
  const outcome = outcomeOf(flash, build);
  const boots = outcome.result.kind === "run";
  const all = bootEffect(flash, build, outcome).map((action): Actual => ({ action, boots, after: outcome.flash }));
  known.set(name, all);
  return all;
}
