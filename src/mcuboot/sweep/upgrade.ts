import { roundUp } from "../../core/index.ts";
import { confirm, setPending, uploadOffset } from "../app-api.ts";
import type { BootloaderBuild } from "../build.ts";
import { FlashImage } from "../flash-image.ts";
import type { Torn } from "../flash-rules.ts";
import { imageBytesIn, imageState } from "../image-state.ts";
import { PRIMARY, SECONDARY } from "../loader.ts";
import { outcomeOf, runSteps } from "../run-boot.ts";
import { isOperation } from "../steps.ts";
import type { Timeline } from "../timeline.ts";
import { timeline } from "../timeline.ts";
import { NRF5340_INTERNAL } from "../timing.ts";
import { type Exploration, type ExploreQuestion, exploreCuts } from "./explore.ts";
import type { ImagesAsked } from "./facts.ts";
import { type Finding, findingsOf } from "./findings.ts";
import { LeakWatch, type Secret, secretsIn } from "./leak-watch.ts";

/**
 * What the primary slot holds before the upgrade. `old`: the old image over erased flash; `stale`: behind it the tail of
 * a longer image that once lay there; `empty`: nothing.
 */
export type PrimaryHolds = "old" | "stale" | "empty";

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
  /** Starts where the new image runs unconfirmed: only the revert is cut. */
  readonly revertOnly?: boolean;
}

export interface SweepOptions extends Pick<ExploreQuestion, "cutsMax" | "torn" | "tornMax" | "stop" | "whole"> {}

export interface Sweep {
  readonly exploration: Exploration;
  readonly findings: readonly Finding[];
  /** The upgrade undisturbed, and the boot after it. */
  readonly timelines: readonly [Timeline, Timeline];
  readonly images: ImagesAsked;
}

/** Explores all cuts of an upgrade and of what follows it, and judges how each sequence ends. */
export function sweepUpgrade(swept: UpgradeSwept, options: SweepOptions = {}): Sweep {
  const { build, permanent = false } = swept;
  const { flash: uploaded, stale } = uploadedFlash(swept);
  const asked = uploaded.snapshot();
  runSteps(setPending(asked, build, 0, permanent), asked);
  const undisturbed = timeline(asked, build, NRF5340_INTERNAL);
  const after = timeline(undisturbed.flash, build, NRF5340_INTERNAL);
  const images = imagesOf(swept, uploaded, undisturbed.flash);
  const starts: ExploreQuestion["starts"] = swept.revertOnly
    ? [{ flash: undisturbed.flash, stage: "tried" }]
    : [{ flash: asked, stage: "asked" }, ...cutRequests(swept, uploaded, options.torn ?? [])];
  const leaks = new LeakWatch(build, [...secretsIn(uploaded, build), ...stale]);
  const exploration = exploreCuts({ ...options, build, starts, images, leaks });
  return { exploration, findings: findingsOf(exploration, build, images), timelines: [undisturbed, after], images };
}

/** The flash before the application asks for anything. */
export function uploadedFlash({ build, old, next, primary = "old" }: UpgradeSwept): {
  readonly flash: FlashImage;
  readonly stale: readonly Secret[];
} {
  const [areas] = build.images;
  if (areas === undefined) throw new RangeError("a bootloader build without images");
  const ends = [areas.primary, areas.secondary, build.scratch].map((area) => (area?.offset ?? 0) + (area?.bytes ?? 0));
  const flash = FlashImage.erased(Math.max(...ends), build.sectorBytes);
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
  if (build.mode === "direct-xip") runSteps(confirm(flash, build, 0), flash);
  return { flash, stale };
}

/** The same bytes as seen from the blocks that a sector is looked through in. */
function shifted(tail: Uint8Array, by: number): Secret[] {
  return by === 0 ? [] : [{ plainBody: tail.subarray(by), key: undefined }];
}

function imagesOf(
  { build, permanent = false, primary }: UpgradeSwept,
  uploaded: FlashImage,
  after: FlashImage,
): ImagesAsked {
  const entries = imageState(uploaded, build);
  const hashIn = (slot: 0 | 1): string | undefined => entries.find((entry) => entry.slot === slot)?.hash;
  const keepsFallback = build.mode !== "overwrite" && build.mode !== "direct-xip" && primary !== "empty";
  return {
    old: hashIn(PRIMARY),
    new: hashIn(SECONDARY) ?? "",
    permanent,
    fallback: keepsFallback ? imageBytesIn(after, build, 0, SECONDARY) : undefined,
  };
}

/** Contents that a cut of the application leaves while it asks for the new image. */
function cutRequests(
  { build, permanent = false }: UpgradeSwept,
  uploaded: FlashImage,
  torn: readonly Torn[],
): ExploreQuestion["starts"] {
  const flash = uploaded.snapshot();
  const starts: { flash: FlashImage; stage: "asking"; how: string }[] = [];
  let index = 0;
  for (const step of setPending(flash, build, 0, permanent)) {
    if (!isOperation(step)) continue;
    for (const kind of [undefined, ...torn]) {
      const cut = flash.snapshot();
      if (kind !== undefined) cut.apply(step, kind);
      const how = kind === undefined ? "" : `, torn (${typeof kind === "string" ? kind : `${kind.prefixBytes} bytes`})`;
      starts.push({ flash: cut, stage: "asking", how: `the request is cut at its operation ${index}${how}` });
    }
    flash.apply(step);
    index += 1;
  }
  return starts;
}

/** The flash with the request, before the first boot. */
export function requestedFlash(swept: UpgradeSwept): FlashImage {
  const { flash } = uploadedFlash(swept);
  runSteps(setPending(flash, swept.build, 0, swept.permanent ?? false), flash);
  return swept.revertOnly ? outcomeOf(flash, swept.build).flash : flash;
}
