import { equalBytes } from "../../core/index.ts";
import { imageBytesIn, imageListOf, nextSwapType } from "../boot/image-state.ts";
import { swapUnderWay } from "../boot/prepare.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import type { RunningBootloader } from "../steps/steps.ts";
import { readTrailer } from "../trailer/trailer.ts";
import type { CachedBoot } from "./boot-memory.ts";
import type { Stage, SweepState } from "./state.ts";

/** Which upgrade is looked at. */
export interface ImagesAsked {
  /** Hashes of the images, in hex; no old one: the primary slot was empty. */
  readonly old: string | undefined;
  readonly new: string;
  readonly permanent: boolean;
  /** The fallback image as the secondary slot must hold it while the new image is on trial. */
  readonly fallback: Uint8Array | undefined;
  /** Of an update of MCUboot itself: the versions that NSIB starts, which are the old and the new then. */
  readonly bootloader?: { readonly old: number; readonly new: number };
}

/** What an end is worth to a user. */
export interface EndState {
  readonly running: "old" | "new" | "other" | "none";
  /** The next boot will not take it back. */
  readonly confirmed: boolean;
  /** The old image lies whole in the secondary slot. */
  readonly fallbackKept: boolean;
}

/** Where undisturbed boots lead to, one after the other. */
export interface Fate {
  /** What runs when nothing changes any more. */
  readonly running: EndState["running"];
  /** False: boots go on changing the flash for ever. */
  readonly settles: boolean;
}

interface Known extends EndState {
  readonly operations: number;
  readonly next: string;
}

/** Boots that follow each other settle soon, or never. */
const CHAIN_MAX = 64;

/** What is known of flash contents by what an undisturbed boot makes of them. */
export class KnownStates {
  readonly #build: BootloaderBuild;
  readonly #images: ImagesAsked;
  readonly #ends = new Map<string, EndState>();
  /** The same by the flash that a boot left: boots that were merged share it. */
  readonly #byFlash = new WeakMap<FlashContent, EndState>();
  readonly #known = new Map<string, Known>();

  constructor(build: BootloaderBuild, images: ImagesAsked) {
    this.#build = build;
    this.#images = images;
  }

  /** An undisturbed boot of a content ended so. */
  note(identity: string, end: CachedBoot): void {
    const { running, confirmed, fallbackKept } = this.of(end);
    this.#known.set(identity, { running, confirmed, fallbackKept, operations: end.operations, next: end.identity });
  }

  isKnown(identity: string): boolean {
    return this.#known.has(identity);
  }

  of(end: CachedBoot): EndState {
    const known = this.#byFlash.get(end.flash);
    if (known !== undefined) return known;
    const facts = this.#ofContent(end);
    this.#byFlash.set(end.flash, facts);
    return facts;
  }

  #ofContent({ result, flash, identity }: CachedBoot): EndState {
    if (result.kind !== "run") return { running: "none", confirmed: false, fallbackKept: false };
    const name = `${identity} ${result.slots.join()} ${result.bootloader?.version}`;
    const known = this.#ends.get(name);
    if (known !== undefined) return known;
    const own = this.#images.bootloader;
    const facts = own ? ofBootloader(own, result.bootloader) : this.#factsOf(flash, result.slots[0] ?? 0);
    this.#ends.set(name, facts);
    return facts;
  }

  #factsOf(left: FlashContent, offset: number): EndState {
    const flash = left.still();
    const { old, new: next, fallback } = this.#images;
    const slot = this.#build.images[0]?.secondary.offset === offset ? SECONDARY : PRIMARY;
    const entry = imageListOf(flash, this.#build).find((candidate) => candidate.slot === slot);
    const running = entry?.hash === next ? "new" : entry?.hash === old ? "old" : "other";
    const kept = imageBytesIn(flash, this.#build, 0, SECONDARY);
    const fallbackKept = fallback === undefined || (kept !== undefined && equalBytes(kept, fallback));
    return { running, confirmed: !this.#mayRevert(flash), fallbackKept };
  }

  /** Of a content at rest: looking at it must not turn bits in doubt. */
  #mayRevert(flash: FlashContent): boolean {
    const { mode, images, xipRevert } = this.#build;
    if (!newestRuns(mode)) return nextSwapType(flash, this.#build, 0) === "revert";
    const slot = images[0]?.secondary;
    return xipRevert && slot !== undefined && readTrailer(flash, this.#build, slot).imageOk !== "set";
  }

  /** True when this bootloader takes an image back that nobody confirms. */
  get reverts(): boolean {
    const { mode, xipRevert } = this.#build;
    const { permanent, old, bootloader } = this.#images;
    if (permanent || old === undefined || mode === "overwrite" || bootloader !== undefined) return false;
    return !newestRuns(mode) || xipRevert;
  }

  /** True when the old image is gone once the new one runs: there is nothing to take back. */
  get isOverwrite(): boolean {
    return this.#build.mode === "overwrite" || this.#images.bootloader !== undefined;
  }

  /** The stage of the boot after one that went through; undefined: nothing runs that could be reset. */
  stageAfter({ stage }: SweepState, end: CachedBoot): Stage | undefined {
    const { running } = this.of(end);
    if (running === "none") return stage;
    if (running === "new") return "tried";
    // Half a request may read as a whole one later.
    if (running === "old" && stage === "asking" && end.flash.isDoubtful()) return "asking";
    if (running === "old") return (stage === "asked" || stage === "asking") && this.isAsked(end) ? "asked" : "back";
    return stage;
  }

  /** A request stands, or a swap is to be gone on with; else it was taken back, or never stood. */
  isAsked({ flash }: Pick<CachedBoot, "flash">): boolean {
    const still = flash.still();
    return nextSwapType(still, this.#build, 0) !== "none" || swapUnderWay(still, this.#build, 0);
  }

  /** A swap is complete that has not been tried. A look at the content as it reads at this moment. */
  isTaken(flash: FlashContent): boolean {
    const content = flash.still();
    const { mode, xipRevert, images } = this.#build;
    const secondary = images[0]?.secondary;
    if (!newestRuns(mode)) return nextSwapType(content, this.#build, 0) === "revert";
    if (secondary === undefined || !xipRevert) return false;
    const { copyDone, imageOk } = readTrailer(content, this.#build, secondary);
    return copyDone === "set" && imageOk !== "set";
  }

  /** What becomes of a content when it is left undisturbed; undefined when that was not followed. */
  fate(identity: string): Fate | undefined {
    let at = identity;
    const seen: string[] = [];
    /** Carried out before each of those. */
    const before: number[] = [];
    let operations = 0;
    for (let boots = 0; boots < CHAIN_MAX; boots += 1) {
      const known = this.#known.get(at);
      if (known === undefined) return undefined;
      const first = seen.indexOf(at);
      if (first >= 0) return { running: known.running, settles: operations === before[first] };
      seen.push(at);
      before.push(operations);
      operations += known.operations;
      at = known.next;
    }
    return { running: "other", settles: false };
  }
}

/** NSIB starts the new MCUboot for good, or goes on with the old one. */
function ofBootloader(
  versions: NonNullable<ImagesAsked["bootloader"]>,
  started: RunningBootloader | undefined,
): EndState {
  const is = (version: number) => started?.version === version;
  const running = is(versions.new) ? "new" : is(versions.old) ? "old" : "other";
  return { running, confirmed: true, fallbackKept: true };
}
