import { equalBytes } from "../../core/index.ts";
import { type ImageEntry, imageBytesIn, imageListOf, nextSwapType } from "../boot/image-state.ts";
import { swapUnderWay } from "../boot/prepare.ts";
import { outcomeOf } from "../boot/run-boot.ts";
import type { Timeline } from "../boot/timeline.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { refusalText } from "../builds/refusal-table.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import { strategyOf } from "../swap/strategies.ts";
import { swapRules } from "../swap/swap-decision.ts";
import { swapRow } from "../trailer/swap-table.ts";
import { readTrailer, type TrailerState } from "../trailer/trailer.ts";
import type { CutState } from "./cut-family.ts";
import { endingInPlace } from "./ending-in-place.ts";
import type { Violation } from "./known-defects.ts";

/** How an upgrade ended, in the field's words. */
export type ModelEnding = "upgraded" | "resumed" | "kept" | "reverted" | "failed";

/** What is asked about: a boot, undisturbed, and where it came from. */
export interface BootAsked {
  readonly build: BootloaderBuild;
  readonly before: FlashContent;
  readonly imagesBefore: readonly ImageEntry[];
  readonly undisturbed: Timeline;
}

interface Classified {
  readonly ending: ModelEnding;
  readonly because: string;
  readonly violation: Violation | undefined;
}

/** Which images run, as one text. */
function running(images: readonly ImageEntry[]): string {
  return images
    .filter((entry) => entry.active)
    .map((entry) => `${entry.image} ${entry.hash}`)
    .join();
}

/** Names what became of a cut, and why MCUboot does so. */
export function classify(asked: BootAsked, state: CutState): Classified {
  const { outcome } = state;
  const runs = running(outcome.images);
  const isNew = runs === running(asked.undisturbed.images);
  const isOld = runs === running(asked.imagesBefore);
  if (outcome.result.kind === "hang") return failed("hangs", `the bootloader hangs: ${outcome.result.reason}`);
  if (outcome.result.kind !== "run") return failed("no boot", `the boot ends with: ${outcome.result.reason}`);
  if (newestRuns(asked.build.mode)) {
    const ran = running(asked.imagesBefore);
    const found = endingInPlace(asked.build, state.outcome, { ran, runs, should: running(asked.undisturbed.images) });
    return found ?? failed("wrong image", "neither the old nor the new image runs");
  }
  const complete = isComplete(asked, state);
  if (!isNew && !isOld) {
    if (!isTakenBack(asked, runs)) return failed("wrong image", "neither the old nor the new image runs");
    return { ending: "reverted", because: BECAUSE.reverted(asked, state), violation: undefined };
  }
  const ending = endingOf(asked, state, { isNew, isOld, complete });
  const violation = violationOf(asked, state, ending);
  return { ending, because: BECAUSE[ending](asked, state), violation };
}

/** A boot that went on with a swap has been asked about, and what runs is what the boot after it takes back. */
function isTakenBack({ build, undisturbed }: BootAsked, runs: string): boolean {
  return running(outcomeOf(undisturbed.flash.still(), build).images) === runs;
}

/** The boot had written all it had to write. */
function isComplete(asked: BootAsked, state: CutState): boolean {
  return state.content.identity() === asked.undisturbed.flash.identity();
}

function failed(violation: Violation, because: string): Classified {
  return { ending: "failed", because, violation };
}

function endingOf(
  asked: BootAsked,
  state: CutState,
  what: { readonly isNew: boolean; readonly isOld: boolean; readonly complete: boolean },
): ModelEnding {
  if (what.isNew && what.isOld) return "kept";
  const { build, before } = asked;
  if (what.isOld) {
    const ran = running(imageListOf(state.content, build)) === running(asked.undisturbed.images);
    return what.complete || ran || isReverting(build, state.content) ? "reverted" : "kept";
  }
  if (isReverting(build, before)) return "reverted";
  return isUnderWay(build, state.content) ? "resumed" : "upgraded";
}

/** An image that was swapped in for a test must leave the old one in the other slot, and be taken back unconfirmed. */
function violationOf(
  { build, imagesBefore, undisturbed }: BootAsked,
  { outcome }: CutState,
  ending: ModelEnding,
): Violation | undefined {
  if (ending === "kept" && running(imagesBefore) !== running(undisturbed.images)) {
    const left = outcome.flash.still();
    const asked = build.images.some((_, image) => nextSwapType(left, build, image) !== "none");
    return asked || isUnderWay(build, left) ? "request postponed" : "request lost";
  }
  if (ending !== "upgraded" && ending !== "resumed") return undefined;
  if (!sameFallback(build, undisturbed.flash, outcome.flash)) return "fallback lost";
  const confirmed = (images: readonly ImageEntry[]): boolean =>
    images.some((entry) => entry.slot === PRIMARY && entry.confirmed);
  return confirmed(outcome.images) && !confirmed(undisturbed.images) ? "never reverts" : undefined;
}

/** True when every image that an undisturbed boot leaves in a secondary slot is there, byte for byte. */
function sameFallback(build: BootloaderBuild, undisturbed: FlashContent, found: FlashContent): boolean {
  return build.images.every((_, image) => {
    const wanted = imageBytesIn(undisturbed, build, image, SECONDARY);
    const kept = imageBytesIn(found, build, image, SECONDARY);
    return wanted === undefined || (kept !== undefined && equalBytes(wanted, kept));
  });
}

/** True when the next boot starts or goes on with a revert. */
export function isReverting(build: BootloaderBuild, flash: FlashContent): boolean {
  return build.images.some(({ primary }, image) => {
    const asked = nextSwapType(flash, build, image);
    const { magic, copyDone, swapType } = readTrailer(flash, build, primary);
    const underWay = magic === "good" && copyDone === "unset";
    return asked === "revert" || (asked === "none" && underWay && swapType === "revert");
  });
}

/** True when the next boot finds a swap that it must go on with. */
function isUnderWay(build: BootloaderBuild, flash: FlashContent): boolean {
  return build.images.some((_, image) => swapUnderWay(flash, build, image));
}

const BECAUSE: Readonly<Record<ModelEnding, (asked: BootAsked, state: CutState) => string>> = {
  upgraded: (asked, state) =>
    isComplete(asked, state)
      ? `${trailers(asked, state)}: the swap is complete and confirmed, so nothing is left to do (${rowText(asked, state)}).`
      : `${trailers(asked, state)}: the request stands and no swap is under way, so the swap starts afresh (${rowText(asked, state)}).`,
  resumed: (asked, state) =>
    `${trailers(asked, state)}: a swap is under way, and it resumes at ${position(asked, state)} (swap_status_source).`,
  kept: (asked, state) => {
    const refusal = asked.undisturbed.refusals.find(({ image }) => image === imageAsked(asked));
    if (refusal !== undefined && isAsked(asked)) {
      return `the image in slot 1 was asked for and is refused: ${refusalText(refusal)}; so the old image stays.`;
    }
    return `${trailers(asked, state)}: nothing is asked for, so the old image stays (${rowText(asked, state)}).`;
  },
  reverted: (asked, state) =>
    `${trailers(asked, state)}: an image that was not confirmed is taken back, also after a cut (${rowText(asked, state)}).`,
  failed: () => "no legal outcome",
};

/** The flash before the boot asked for something. */
function isAsked({ build, before }: BootAsked): boolean {
  return build.images.some((_, image) => nextSwapType(before, build, image) !== "none");
}

/** The image that the boot is about: the first that anything is asked of. */
function imageAsked({ build, before }: BootAsked): number {
  const asked = build.images.findIndex((_, image) => nextSwapType(before, build, image) !== "none");
  return Math.max(0, asked);
}

function trailersOf(asked: BootAsked, { content }: CutState): readonly [TrailerState, TrailerState] {
  const { build } = asked;
  const areas = build.images[imageAsked(asked)];
  if (areas === undefined) throw new RangeError("a bootloader build without images");
  return [readTrailer(content, build, areas.primary), readTrailer(content, build, areas.secondary)];
}

function trailers(asked: BootAsked, state: CutState): string {
  const [primary, secondary] = trailersOf(asked, state);
  const text = (trailer: TrailerState): string =>
    `magic ${trailer.magic}, copy_done ${trailer.copyDone}, image_ok ${trailer.imageOk}`;
  return `the primary trailer says ${text(primary)}, the secondary ${text(secondary)}`;
}

function rowText(asked: BootAsked, state: CutState): string {
  const row = swapRow(swapRules(asked.build), ...trailersOf(asked, state));
  const where = "MCUboot bootutil_public.c boot_swap_tables";
  return row === undefined ? `no row of the swap table, ${where}` : `swap table row ${row.row}, ${where}`;
}

/** Where an interrupted swap stands. */
function position(asked: BootAsked, { content }: CutState): string {
  const { build } = asked;
  const areas = build.images[imageAsked(asked)];
  const read = areas === undefined ? undefined : strategyOf(build.mode).readStatus?.(content, build, areas.primary);
  if (read?.status === undefined) return "its first sector";
  const { operation, index, state } = read.status;
  if (operation === "move") return `move ${index}`;
  return `${build.mode === "scratch" ? "group" : "sector"} ${index}, step ${state}`;
}
