import { roundUp } from "../../core/index.ts";
import { confirm, setPending, uploadOffset } from "../boot/app-api.ts";
import { imageBytesIn, imageListOf } from "../boot/image-state.ts";
import { runSteps } from "../boot/run-boot.ts";
import type { Timeline } from "../boot/timeline.ts";
import { timeline } from "../boot/timeline.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { FlashContent } from "../flash/flash-content.ts";
import type { Torn } from "../flash/flash-rules.ts";
import { PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import { isOperation } from "../steps/steps.ts";
import { type FlashTiming, NRF5340_INTERNAL } from "../steps/timing.ts";
import { canTear, type Exploration, type ExploreQuestion, exploreCuts, type SweepProgress } from "./explore.ts";
import type { ImagesAsked } from "./facts.ts";
import { findingsOf, type SweepFinding } from "./findings.ts";
import { LeakWatch, type Secret, secretsIn } from "./leak-watch.ts";
import type { CutPoint, Stage, SweepState } from "./state.ts";

/**
 * What the primary slot holds before the upgrade. `old`: the old image over erased flash; `stale`: behind it the tail of
 * a longer image that once lay there; `empty`: nothing.
 */
type PrimaryHolds = "old" | "stale" | "empty";

/** One upgrade whose cuts are to be looked at. */
export interface UpgradeSwept {
  readonly build: BootloaderBuild;
  /** The old image as it lies in the primary slot: body in clear. */
  readonly old: Uint8Array;
  /** The new image as it is uploaded. */
  readonly next: Uint8Array;
  readonly primary?: PrimaryHolds;
  /** A permanent request instead of one for a test. */
  readonly permanent?: boolean;
  /** Of the board's flash; default: internal flash. */
  readonly timing?: FlashTiming;
  /** Behind NSIB: what the halves hold, and that `next` is an update of MCUboot itself, from which version to which. */
  readonly bootloader?: {
    readonly firmware: { readonly offset: number; readonly bytes: Uint8Array };
    readonly versions: { readonly old: number; readonly new: number };
  };
  /** Starts where the new image runs unconfirmed: only the revert is cut. */
  readonly revertOnly?: boolean;
}

export interface SweepOptions
  extends Pick<ExploreQuestion, "cutsMax" | "torn" | "tornMax" | "onlyUpgrade" | "whole" | "deepen"> {}

export interface Sweep {
  readonly exploration: Exploration;
  readonly findings: readonly SweepFinding[];
  /** States that break a rule. */
  readonly wrong: ReadonlySet<SweepState>;
  /** The upgrade undisturbed, and the boot after it. */
  readonly timelines: readonly [Timeline, Timeline];
  readonly images: ImagesAsked;
}

/** Explores all cuts of an upgrade and of what follows it, and judges how each sequence ends. */
export function sweepUpgrade(
  swept: UpgradeSwept,
  options: SweepOptions & { readonly stop?: (progress: SweepProgress) => boolean } = {},
): Sweep {
  const { stop, ...rest } = options;
  const steps = sweepSteps(swept, rest);
  let next = steps.next();
  while (next.done !== true) next = steps.next(stop?.(next.value));
  return next.value;
}

/** The same step by step, for a driver that has other things to do, or wants to give up: it passes true. */
export function* sweepSteps(
  swept: UpgradeSwept,
  options: SweepOptions = {},
): Generator<SweepProgress, Sweep, boolean | undefined> {
  const { build } = swept;
  const { uploaded, asked, undisturbed, leaks, images } = begun(swept);
  const after = timeline(undisturbed.flash, build, NRF5340_INTERNAL);
  const starts: ExploreQuestion["starts"] = swept.revertOnly
    ? [{ flash: undisturbed.flash, stage: "tried" }]
    : [
        { flash: asked, stage: "asked" },
        ...(options.onlyUpgrade ? [] : cutRequests(swept, uploaded, options.torn ?? [])),
      ];
  const exploration = yield* exploreCuts({
    ...options,
    build,
    starts,
    images,
    leaks,
    timing: swept.timing ?? NRF5340_INTERNAL,
  });
  const { findings, wrong } = findingsOf(exploration, build, images);
  return { exploration, findings, wrong, timelines: [undisturbed, after], images };
}

/** The undisturbed upgrade, and what it is judged by. */
function begun(swept: UpgradeSwept) {
  const { build, permanent = false } = swept;
  const { flash: uploaded, leaks } = uploadedFlash(swept);
  const asked = uploaded.snapshot();
  runSteps(setPending(asked, build, 0, permanent), asked);
  const undisturbed = timeline(asked, build, NRF5340_INTERNAL);
  return { uploaded, asked, undisturbed, leaks, images: imagesOf(swept, uploaded, undisturbed.flash) };
}

/** What is wrong with a flash content of an upgrade once there are no more cuts. */
export function judgeContent(swept: UpgradeSwept, flash: FlashContent, stage: Stage): readonly SweepFinding[] {
  return contentJudge(swept)(flash, stage, { cuts: 0, torn: 0 });
}

/** What is wrong with a content when so many cuts led to it, and no more follow. */
export type ContentJudge = (
  flash: FlashContent,
  stage: Stage,
  spent: { readonly cuts: number; readonly torn: number },
) => readonly SweepFinding[];

/** A judge of many contents of one upgrade. */
export function contentJudge(swept: UpgradeSwept): ContentJudge {
  const { build } = swept;
  const { images } = begun(swept);
  return (flash, stage, { cuts, torn }) => {
    const steps = exploreCuts({ build, starts: [{ flash, stage, cuts, torn }], images, cutsMax: cuts });
    let next = steps.next();
    while (next.done !== true) next = steps.next();
    return findingsOf(next.value, build, images).findings;
  };
}

/** The flash before the application asks for anything. */
export function uploadedFlash({ build, old, next, primary = "old", bootloader }: UpgradeSwept): {
  readonly flash: FlashContent;
  readonly leaks: LeakWatch;
} {
  const [areas] = build.images;
  if (areas === undefined) throw new RangeError("a bootloader build without images");
  const ends = [areas.primary, areas.secondary, build.scratch].map((area) => (area?.offset ?? 0) + (area?.bytes ?? 0));
  const flash = FlashContent.erased(Math.max(...ends), build.sectorBytes);
  if (bootloader !== undefined) flash.load(bootloader.firmware.offset, bootloader.firmware.bytes);
  const stale: Secret[] = [];
  if (primary !== "empty") flash.load(areas.primary.offset, old);
  if (primary === "stale") {
    const from = roundUp(old.length, build.writeBytes);
    // Two sectors of another image's body: bytes that occur in no image of this upgrade.
    const tail = Uint8Array.from({ length: 2 * build.sectorBytes }, (_, at) => (at * 167 + (at >> 4) * 59 + 13) & 0xff);
    flash.load(areas.primary.offset + from, tail);
    stale.push({ plainBody: tail, key: undefined }, ...shifted(tail, (16 - (from % 16)) % 16));
  }
  flash.load(areas.secondary.offset + uploadOffset(build), next);
  if (newestRuns(build.mode)) runSteps(confirm(flash, build, 0), flash);
  return { flash, leaks: new LeakWatch(build, [...secretsIn(flash, build), ...stale]) };
}

/** The flash when power comes: the application has asked for the upgrade. */
export function askedFlash(swept: UpgradeSwept): FlashContent {
  const { flash } = uploadedFlash(swept);
  runSteps(setPending(flash, swept.build, 0, swept.permanent ?? false), flash);
  return flash;
}

/** The same bytes as seen from the blocks that a sector is looked through in. */
function shifted(tail: Uint8Array, by: number): Secret[] {
  return by === 0 ? [] : [{ plainBody: tail.subarray(by), key: undefined }];
}

function imagesOf(
  { build, permanent = false, primary, bootloader }: UpgradeSwept,
  uploaded: FlashContent,
  after: FlashContent,
): ImagesAsked {
  const entries = imageListOf(uploaded, build);
  const hashIn = (slot: 0 | 1): string | undefined => entries.find((entry) => entry.slot === slot)?.hash;
  if (bootloader !== undefined) {
    return { old: hashIn(PRIMARY), new: "", permanent, fallback: undefined, bootloader: bootloader.versions };
  }
  const keepsFallback = build.mode !== "overwrite" && !newestRuns(build.mode) && primary !== "empty";
  return {
    old: hashIn(PRIMARY),
    new: hashIn(SECONDARY) ?? "",
    permanent,
    fallback: keepsFallback ? imageBytesIn(after, build, 0, SECONDARY) : undefined,
  };
}

/** Contents that a cut of the application leaves while it asks for the new image. */
function cutRequests(
  { build, timing, permanent = false }: UpgradeSwept,
  uploaded: FlashContent,
  torn: readonly Torn[],
): ExploreQuestion["starts"] {
  const flash = uploaded.snapshot();
  const starts: { flash: FlashContent; stage: "asking"; request: CutPoint }[] = [];
  let index = 0;
  for (const step of setPending(flash, build, 0, permanent)) {
    if (!isOperation(step)) continue;
    for (const kind of [undefined, ...torn.filter((half) => canTear(timing, step, half))]) {
      const cut = flash.snapshot();
      if (kind !== undefined) cut.apply(step, kind);
      starts.push({ flash: cut, stage: "asking", request: { operation: index, torn: kind } });
    }
    flash.apply(step);
    index += 1;
  }
  return starts;
}
