import { type ImageEntry, imageListOf, nextSwapType } from "../boot/image-state.ts";
import { swapUnderWay } from "../boot/prepare.ts";
import type { BootOutcome } from "../boot/run-boot.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { PRIMARY, SECONDARY, type Slot } from "../loader/loader-state.ts";
import { recogniseBootLine } from "../steps/log-lines.ts";
import { BootPanic } from "../steps/steps.ts";
import type { Action } from "./actions.ts";

/**
 * What a whole boot did with each image, read from the flash before and after it; undefined where it stopped before it
 * did anything that can be named.
 */
export function bootEffect(
  before: FlashContent,
  build: BootloaderBuild,
  outcome: Pick<BootOutcome, "result" | "images" | "operations" | "flash" | "log">,
): readonly (Action | undefined)[] {
  const images = imageListOf(before, build);
  return build.images.map((areas, image) => {
    const { result } = outcome;
    if (build.mode === "single") return "runs the only slot";
    if (newestRuns(build.mode)) {
      if (result.kind !== "run") return undefined;
      return result.slots[image] === areas.primary.offset ? "runs slot 0" : "runs slot 1";
    }
    if (result.kind !== "run" && result.kind !== "fail") return undefined;
    if (isUnderWay(before, build, image)) {
      if (result.swapTypes[image] === "fail") return "refused";
      return outcome.operations > 0 && !isUnderWay(outcome.flash, build, image) ? "resume" : "stays";
    }
    const type = nextSwapType(before, build, image);
    const now = hashIn(outcome.images, image, PRIMARY);
    // A copy that is made once more changes nothing that shows.
    const taken = now !== undefined && now === hashIn(images, image, SECONDARY);
    const moved = now !== hashIn(images, image, PRIMARY);
    if (type === "none") return moved ? "copy" : "stays";
    if (!moved && !taken) return wentToNetCore(build, image, outcome.log) ? "network" : "refused";
    if (build.mode === "overwrite") return "copy";
    return type === "perm" || type === "revert" ? type : "test";
  });
}

/** The network core has taken what was in slot 1. With several images, only that of the buffer in RAM can be its. */
function wentToNetCore(build: BootloaderBuild, image: number, log: BootOutcome["log"]): boolean {
  if (build.images.length > 1 && build.images[image]?.primary.inRam !== true) return false;
  return log.some((line) => recogniseBootLine(line.text)?.event === "net core off");
}

/** A swap that this boot would go on with. */
function isUnderWay(flash: FlashContent, build: BootloaderBuild, image: number): boolean {
  if (build.mode === "overwrite" || build.images[image]?.primary.inRam === true) return false;
  try {
    return swapUnderWay(flash, build, image);
  } catch (error) {
    // An assertion of the bootloader about the status that it found: it stops there.
    if (error instanceof BootPanic) return true;
    throw error;
  }
}

function hashIn(images: readonly ImageEntry[], image: number, slot: Slot): string | undefined {
  return images.find((entry) => entry.image === image && entry.slot === slot)?.hash;
}
