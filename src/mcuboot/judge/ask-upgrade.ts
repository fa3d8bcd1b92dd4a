import { API_CODE, setPending, uploadOffset } from "../boot/app-api.ts";
import { MODE_TEXTS } from "../boot/image-check.ts";
import { imageListOf } from "../boot/image-state.ts";
import { runSteps } from "../boot/run-boot.ts";
import { type Timeline, timeline } from "../boot/timeline.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { type Fault, refusalText } from "../builds/refusal-table.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { PRIMARY, SECONDARY, type Slot } from "../loader/loader-state.ts";
import { recogniseBootLine } from "../steps/log-lines.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { strategyOf } from "../swap/strategies.ts";

/** What a bootloader makes of an image when it is not cut. */
export interface UpgradeAnswer {
  /** `refused`: the bootloader, or already the application's request, turns it away and what ran before runs on. */
  readonly does: "installs" | "refused" | "no boot";
  /** Why, in numbers. */
  readonly because: string;
  /** What the model's boot saw; undefined where it installs, or where no image was turned away. */
  readonly fault: Fault | undefined;
  /** The line about it that a board would print, with its level; undefined when it prints none. */
  readonly line: string | undefined;
  /** It never gets to the bootloader: the application refuses the upload, or the request for it. */
  readonly byApplication?: boolean;
  /** What the flash holds then. */
  readonly flash: FlashContent;
}

/** Lines below level warning that tell all the same that an image was turned away. */
const TELLING: ReadonlySet<string> = new Set(["downgrade prevented", "no slot"]);

/** An image that is longer than the slot it is to be written to; undefined for one that fits there. */
export function longerThanSlot(
  build: BootloaderBuild,
  image: number,
  slot: Slot,
  fileBytes: number,
): Fault | undefined {
  const areas = areasOf(build, image);
  const start = slot === PRIMARY || image > 0 ? 0 : uploadOffset(build);
  const area = slot === PRIMARY ? areas.primary : areas.secondary;
  return start + fileBytes > area.bytes ? tooLong(build, image, fileBytes) : undefined;
}

/**
 * What the next boot does with the image in the secondary slot once it is asked for, and it is left undisturbed.
 * @param uploaded the flash with that image uploaded and nothing asked for; it stays as it is.
 * @param wanted hash of the image that is to run, and what is asked for.
 */
export function askUpgrade(
  uploaded: FlashContent,
  build: BootloaderBuild,
  wanted: {
    readonly hash: string;
    readonly fileBytes: number;
    readonly permanent: boolean;
    readonly image?: number;
    /** Where it was uploaded to; default: the secondary slot. */
    readonly slot?: Slot;
  },
): UpgradeAnswer {
  const { hash, permanent, image = 0, slot = SECONDARY } = wanted;
  const flash = uploaded.snapshot();
  // Images that run in place and are never taken back need no request: the newest runs.
  const isAsked = !newestRuns(build.mode) || build.xipRevert;
  if (isAsked && runSteps(setPending(flash, build, image, permanent, slot), flash) !== API_CODE.done) {
    const fault = tooLong(build, image, wanted.fileBytes);
    const because = `${refusalText(fault)}: it lies where the request for it is written`;
    return { does: "refused", because, fault, line: undefined, byApplication: true, flash };
  }
  return askBoot(flash, build, { hash, image });
}

/** What the next boot does, and whether the image with this hash runs then. Of the network core: that it is taken. */
export function askBoot(
  flash: FlashContent,
  build: BootloaderBuild,
  { hash, image = 0 }: { readonly hash: string; readonly image?: number },
): UpgradeAnswer {
  const before = running(flash, build);
  const boot = timeline(flash, build, NRF5340_INTERNAL);
  const refusal = boot.refusals.find((entry) => entry.image === image);
  const end = { fault: refusal, line: tellingLine(boot), flash: boot.flash };
  if (boot.result.kind !== "run") {
    const told = refusal === undefined ? boot.result.reason : `${refusalText(refusal)}; ${boot.result.reason}`;
    return { ...end, does: "no boot", because: told };
  }
  if (areasOf(build, image).primary.inRam === true) {
    if (refusal !== undefined) return { ...end, does: "refused", because: refusalText(refusal) };
    const events = boot.log.map(({ text }) => recogniseBootLine(text)?.event);
    if (events.includes("net core off")) return { ...end, does: "installs", because: "it is taken" };
    const because = events.includes("net core on") ? "b0n refuses it" : "the bootloader passes it over";
    return { ...end, does: "refused", because };
  }
  const slot = areasOf(build, image).primary.offset === boot.result.slots[image] ? PRIMARY : 1;
  const runs = boot.images.find((entry) => entry.image === image && entry.slot === slot)?.hash;
  if (runs === hash) return { ...end, does: "installs", because: "it runs" };
  if (refusal !== undefined) return { ...end, does: "refused", because: refusalText(refusal) };
  const because = runs === before ? "the bootloader passes it over" : "another image runs";
  return { ...end, does: "refused", because };
}

function running(flash: FlashContent, build: BootloaderBuild): string | undefined {
  return imageListOf(flash, build).find((entry) => entry.image === 0 && entry.slot === PRIMARY)?.hash;
}

/** The last line that says what went wrong. */
function tellingLine({ log }: Timeline): string | undefined {
  const line = log.findLast(({ level, text }) => {
    return level === "E" || level === "W" || TELLING.has(recogniseBootLine(text)?.event ?? "");
  });
  return line && `${line.level}: ${line.text}`;
}

/** The length that a mode takes, also where a generation does not look at it before it swaps. */
function tooLong(build: BootloaderBuild, image: number, fileBytes: number): Fault {
  const { primary, secondary } = areasOf(build, image);
  const swaps = build.mode !== "overwrite" && !newestRuns(build.mode);
  const slot = swaps ? PRIMARY : 1;
  const limit = Math.max(0, strategyOf(build.mode).imageBytesMax(build, [primary, secondary], slot));
  const [found, most] = [fileBytes, limit].map((bytes) => `0x${bytes.toString(16)}`);
  return { reason: "too long", values: { found: found ?? "", limit: most ?? "", mode: MODE_TEXTS[build.mode] } };
}

function areasOf(build: BootloaderBuild, image: number): BootloaderBuild["images"][number] {
  const areas = build.images[image];
  if (areas === undefined) throw new RangeError(`this bootloader has ${build.images.length} images, no image ${image}`);
  return areas;
}
