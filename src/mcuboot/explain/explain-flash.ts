import { messageOf } from "../../core/index.ts";
import { endText } from "../boot/assertion-text.ts";
import { type ImageEntry, imageListOf } from "../boot/image-state.ts";
import { type Timeline, timeline } from "../boot/timeline.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import { recogniseBootLine } from "../steps/log-lines.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { swapRules } from "../swap/swap-decision.ts";
import { swapRow } from "../trailer/swap-table.ts";
import { readTrailer } from "../trailer/trailer.ts";
import { type Action, actionRow } from "./actions.ts";
import { bootEffect } from "./boot-effect.ts";
import { faultIn, faultText } from "./refusal.ts";
import type { Told } from "./told.ts";
import { trailerText } from "./trailer-line.ts";

/** What a flash content comes to: the trailers, and the next boot as the model runs it. */
export interface FlashExplained {
  readonly images: readonly Told[];
  readonly before: readonly ImageEntry[];
  /** Undefined: the model cannot follow this content to its end. */
  readonly after: readonly ImageEntry[] | undefined;
  readonly log: readonly string[];
  readonly operations: number;
  readonly result: string;
}

/** The next boot of a flash content, carried through on a copy; every headline is taken from that boot. */
export function explainFlash(flash: FlashContent, build: BootloaderBuild): FlashExplained {
  const before = imageListOf(flash, build);
  const boot = carriedThrough(flash, build);
  if (typeof boot === "string") {
    const result = `cannot be followed: ${boot}`;
    const images = build.images.map((_, image) => untold(flash, build, image, boot));
    return { images, before, after: undefined, log: [], operations: 0, result };
  }
  const done = effectOf(flash, build, boot);
  const then = boot.result.kind === "run" ? thenOf(boot.flash, build) : [];
  return {
    images: build.images.map((_, image) => tellImage({ flash, build, boot, before, image }, done[image], then[image])),
    before,
    after: boot.images,
    log: boot.log.map((line) => `${line.level} ${line.text}`.trim()),
    operations: boot.operations.length,
    result: endText(flash, build, boot.result),
  };
}

/** Numbers in a damaged trailer may lead out of the flash: that is told, it is no error of ours. */
function carriedThrough(flash: FlashContent, build: BootloaderBuild): Timeline | string {
  try {
    return timeline(flash, build, NRF5340_INTERNAL);
  } catch (error) {
    if (error instanceof RangeError) return messageOf(error);
    throw error;
  }
}

function effectOf(flash: FlashContent, build: BootloaderBuild, boot: Timeline): readonly (Action | undefined)[] {
  return bootEffect(flash, build, { ...boot, operations: boot.operations.length });
}

function thenOf(flash: FlashContent, build: BootloaderBuild): readonly (Action | undefined)[] {
  const next = carriedThrough(flash, build);
  return typeof next === "string" ? [] : effectOf(flash, build, next);
}

interface Seen {
  readonly flash: FlashContent;
  readonly build: BootloaderBuild;
  readonly boot: Timeline;
  readonly before: readonly ImageEntry[];
  readonly image: number;
}

function tellImage(seen: Seen, does: Action | undefined, then: Action | undefined): Told {
  const { boot, image } = seen;
  const starts = boot.result.kind === "run";
  const may: readonly Action[] = does === undefined ? [] : [does];
  return {
    image,
    when: "at the next boot",
    next: starts ? movesText(seen, does) : deadText(seen, does),
    may,
    tells: true,
    starts,
    because: `${becauseText(seen)}.`,
    after: thenText(seen, then),
    afterMay: then === undefined ? [] : [then],
    open: [],
    lines: [],
    source: actionRow(does ?? "stays").source,
  };
}

const NOTHING_ASKED = "nothing is asked for";

/** What the boot does, with what stood in the slots and stands there after it. */
function movesText(seen: Seen, does: Action | undefined): string {
  const { boot, before, image, build } = seen;
  const [old, candidate] = [versionIn(before, image, PRIMARY), versionIn(before, image, SECONDARY)];
  const now = versionIn(boot.images, image, PRIMARY) ?? "what is in slot 0";
  if (does === "test") return `validates slot 1, ${candidate} is fit, and swaps it in for a test: ${now} runs`;
  if (does === "perm") return `validates slot 1, ${candidate} is fit, and swaps it in for good: ${now} runs`;
  if (does === "copy")
    return `validates slot 1, ${candidate} is fit, and copies it over slot 0: ${now} runs; no way back`;
  if (does === "revert" || does === "resume") return `${actionRow(does).will}: ${now} runs`;
  if (does === "refused") return `${refusalText(seen)}, ${old ?? "slot 0"} stays`;
  if (does === "stays") return `validates slot 0 and, if it is fit, runs it: ${now} is fit; ${NOTHING_ASKED}`;
  if (does === undefined) return "does what no row of hil names";
  const slot = does === "runs slot 1" ? SECONDARY : PRIMARY;
  const version = versionIn(before, image, slot);
  return newestRuns(build.mode) ? `${actionRow(does).will}: ${version ?? "its image"} runs` : actionRow(does).will;
}

/** Why slot 1 is not taken, and what becomes of it. */
function refusalText(seen: Seen): string {
  const { flash, build, boot, before, image } = seen;
  const candidate = versionIn(before, image, SECONDARY);
  const left = boot.images.some((entry) => entry.image === image && entry.slot === SECONDARY);
  const erased = candidate !== undefined && !left ? "slot 1 is erased" : "slot 1 stays as it is";
  const found = faultIn(flash, build, image, SECONDARY);
  const fault = found === undefined ? LINE_FAULTS.find(([event]) => printed(boot, event))?.[1] : found.text;
  if (found?.empty === true || candidate === undefined) {
    const areas = build.images[image];
    const asks = areas !== undefined && readTrailer(boot.flash, build, areas.secondary).magic === "good";
    const why = found === undefined ? "no image can be read in slot 1" : faultText(SECONDARY, found);
    return `takes nothing from slot 1, for ${why}; the request ${asks ? "stays" : "is dropped"}`;
  }
  return `refuses slot 1: its image, ${candidate}, ${fault ?? "needs another image that is not there"}; ${erased}`;
}

/** What only a line of the boot tells: the image itself is fit. */
const LINE_FAULTS = [
  ["insufficient version", "has a version lower than slot 0's (downgrade prevention)"],
  ["downgrade prevented", "has a version lower than slot 0's (downgrade prevention)"],
  ["wrong reset address", "has a reset vector that lies in no primary slot"],
  ["wrong upload address", "lies in the first sector, where swap using offset wants none"],
  ["no space", "has no room to be swapped"],
  ["incompatible slots", "cannot be moved: the slots do not fit each other"],
  ["net core update failed", "was not taken by the network core"],
] as const;

function printed(boot: Timeline, event: string): boolean {
  return boot.log.some((line) => recogniseBootLine(line.text)?.event === event);
}

function deadText(seen: Seen, does: Action | undefined): string {
  const { boot, before, build, image } = seen;
  if (boot.result.kind === "run") return "";
  if (boot.result.kind !== "fail") return `stops, on every boot: ${boot.result.reason}`;
  const fault = faultIn(boot.flash, build, image, PRIMARY);
  const why = fault === undefined ? boot.result.reason : faultText(PRIMARY, fault);
  const candidate = versionIn(before, image, SECONDARY);
  const stays = boot.operations.length === 0 && candidate !== undefined ? `; slot 1, ${candidate}, stays as it is` : "";
  const moved =
    does === undefined || does === "stays" || stays !== "" ? "" : `; before that it ${movesText(seen, does)}`;
  return `no boot: ${why}${moved}${stays}`;
}

function thenText({ boot }: Seen, then: Action | undefined): string {
  if (boot.result.kind !== "run") return "the same, until somebody changes a slot";
  if (then === "revert") return "swaps back (revert), unless the application confirms";
  if (then === undefined || then === "stays") return "nothing: the image stays";
  return actionRow(then).will;
}

function becauseText({ flash, build, image }: Pick<Seen, "flash" | "build" | "image">): string {
  const areas = build.images[image];
  if (areas === undefined || areas.primary.inRam === true) return "slot 0 is a buffer in RAM";
  const [primary, secondary] = [readTrailer(flash, build, areas.primary), readTrailer(flash, build, areas.secondary)];
  const row = swapRow(swapRules(build), primary, secondary);
  const rule = row === undefined ? "no row of the swap table: none" : `row ${row.row} of the swap table: ${row.result}`;
  const table = newestRuns(build.mode) ? [] : [rule];
  return [`slot 0's trailer says ${trailerText(primary)}`, `slot 1's says ${trailerText(secondary)}`, ...table].join(
    "; ",
  );
}

function versionIn(images: readonly ImageEntry[], image: number, slot: number): string | undefined {
  return images.find((entry) => entry.image === image && entry.slot === slot)?.version;
}

function untold(flash: FlashContent, build: BootloaderBuild, image: number, why: string): Told {
  return {
    image,
    when: "at the next boot",
    next: "meets a damaged number in a trailer: what it does then is not told here",
    may: [],
    tells: false,
    because: `${becauseText({ flash, build, image })}; ${why}.`,
    after: "that is not told either",
    afterMay: [],
    open: ["what the next boot does"],
    lines: [],
    source: "MCUboot bootutil_misc.c boot_read_swap_size",
  };
}
