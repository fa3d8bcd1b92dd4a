import {
  type BootloaderBuild,
  type FlashContent,
  type ImageEntry,
  isOperation,
  type LegalOutcome,
  outcomeOf,
  recoveryList,
  recoveryUploadSteps,
  runSteps,
} from "../../mcuboot/index.ts";
import type { CampaignImage } from "../request/images.ts";

/** What a bootloader may make of an upload that was cut. */
export interface RecoveryOutcome {
  /** Who is there then; nobody: it boots nothing, and stays nowhere. */
  readonly who: "application" | "recovery" | "nobody";
  /** The image that runs is whole: every check of it holds. Of an application only. */
  readonly isWhole: boolean;
  /** As the checks of other boots have it. */
  readonly outcome: LegalOutcome;
}

/** So many chunks may be in the flash beyond the last that was answered: one in work, and the one behind it. */
const CHUNKS_AHEAD = 2;

/** How far an upload had come. */
interface Progress {
  /** Offsets at which its chunks end. */
  readonly chunkEnds: readonly number[];
  readonly takenBytes: number;
}

/**
 * Contents that an upload may have left when power went, from the last answer on; each as it is between two operations.
 * What lies between them, a torn one, is no image at all: its hash is neither the old nor the new one's.
 */
export function contentsInUpload(
  before: FlashContent,
  build: BootloaderBuild,
  image: CampaignImage,
  { chunkEnds, takenBytes }: Progress,
): readonly FlashContent[] {
  const flash = before.snapshot();
  const done = chunkEnds.filter((end) => end <= takenBytes).length;
  const contents = takenBytes === 0 ? [flash.snapshot()] : [];
  let written = 0;
  for (const step of recoveryUploadSteps(flash, build, image.file, chunkEnds)) {
    if (!isOperation(step)) continue;
    if (written >= done && contents.length === 0) contents.push(flash.snapshot());
    flash.apply(step);
    if (step.kind === "write") written += 1;
    if (written >= done) contents.push(flash.snapshot());
    if (written > done + CHUNKS_AHEAD && written < chunkEnds.length) break;
  }
  return contents.length === 0 ? [flash] : contents;
}

/** What the whole of an upload does: the flash after it, and the pages (device offsets) that it erases. */
export function wholeUpload(
  before: FlashContent,
  build: BootloaderBuild,
  image: CampaignImage,
): { readonly flash: FlashContent; readonly pages: readonly number[] } {
  const flash = before.snapshot();
  const pages: number[] = [];
  runSteps(recoveryUploadSteps(flash, build, image.file), flash, (step) => {
    if (step.kind === "erase") pages.push(step.offset);
  });
  return { flash, pages };
}

/**
 * What the next boot makes of contents, equal ends once. After a cut an end without an image is always among them.
 * @param images of both directions, by their hashes.
 */
export function recoveryOutcomes(
  contents: readonly FlashContent[],
  build: BootloaderBuild,
  images: { readonly from: CampaignImage; readonly to: CampaignImage },
): readonly RecoveryOutcome[] {
  const ends = new Map<string, RecoveryOutcome>();
  for (const content of contents) {
    const end = endOf(content, build, images);
    const name = `${end.who} ${JSON.stringify(end.outcome.images)}`;
    if (!ends.has(name)) ends.set(name, end);
  }
  return [...ends.values()];
}

/** Nothing whole lies in the slot: as a torn operation leaves it. */
export function nothingWhole(content: FlashContent, build: BootloaderBuild): RecoveryOutcome {
  const stays = build.recovery?.ways.has("no-application") === true;
  const because = stays
    ? "slot 0 holds no whole image, so none is booted, and serial recovery waits for one (CONFIG_BOOT_SERIAL_NO_APPLICATION)"
    : "slot 0 holds no whole image, so none is booted; serial recovery has to be entered again";
  const result = { kind: "fail", reason: "no bootable image in the slot", swapTypes: [] } as const;
  return {
    who: stays ? "recovery" : "nobody",
    isWhole: false,
    outcome: { ending: "failed", because, result, images: [], flash: content, knownDefect: undefined, operations: [] },
  };
}

function endOf(
  content: FlashContent,
  build: BootloaderBuild,
  { from, to }: { readonly from: CampaignImage; readonly to: CampaignImage },
): RecoveryOutcome {
  const { result, images, flash } = outcomeOf(content, build);
  if (result.kind !== "run") return nothingWhole(flash, build);
  const own = images.filter(isOfSlot0);
  const isWhole = runSteps(recoveryList(flash, build), flash).some(
    (entry) => isOfSlot0(entry) && entry.found !== undefined,
  );
  const hash = own[0]?.hash;
  const because =
    hash === from.hash && hash !== to.hash
      ? `nothing of slot 0 was erased, and ${from.version} in it is whole`
      : `every byte of ${to.version} is in slot 0, and the bootloader finds it valid`;
  const half = `the bootloader starts what lies in slot 0 without looking at it (${optionOf(build)}), and it is not whole`;
  const ending = hash === to.hash ? "upgraded" : "kept";
  const outcome: LegalOutcome = {
    ending,
    because: isWhole ? because : half,
    result,
    images: own,
    flash,
    knownDefect: undefined,
    operations: [],
  };
  return { who: "application", isWhole, outcome };
}

function optionOf({ validatesOnce }: BootloaderBuild): string {
  return validatesOnce === true ? "CONFIG_BOOT_VALIDATE_SLOT0_ONCE" : "without CONFIG_BOOT_VALIDATE_SLOT0";
}

function isOfSlot0({ image, slot }: Pick<ImageEntry, "image" | "slot">): boolean {
  return image === 0 && slot === 0;
}
