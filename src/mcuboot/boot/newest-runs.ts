import { compareVersions, FLAG, formatVersion } from "../../image/index.ts";
import { type ImagePair, type LoaderState, log, PRIMARY, SECONDARY, type Slot } from "../loader/loader-state.ts";
import { eraseSlot } from "../loader/regions.ts";
import { writeFlag } from "../loader/trailer-writes.ts";
import type { BootResult, Steps } from "../steps/steps.ts";
import { readTrailer } from "../trailer/trailer.ts";
import { dependenciesMet } from "./dependencies.ts";
import { readHeaders } from "./headers.ts";
import { isHeaderValid } from "./image-check.ts";
import { loadIntoRam, type RamRange, ramRangeOf, removeFromRam } from "./ram-load.ts";
import { validateSlot } from "./validate-slot.ts";

/** One image of a build whose newest one runs: what may run, and what was chosen. */
interface Choice {
  readonly image: ImagePair;
  readonly available: [boolean, boolean];
  active: Slot | undefined;
}

const SLOT_NAMES = ["primary", "secondary"] as const;

/**
 * A boot that runs the newest image of two slots, where it lies or out of RAM. Source: MCUboot loader.c context_boot_go
 * for MCUBOOT_DIRECT_XIP and MCUBOOT_RAM_LOAD.
 */
export function* bootNewest(loader: LoaderState): Steps<BootResult> {
  const choices: Choice[] = [];
  for (const image of loader.images) choices.push(yield* findImages(loader, image));
  const swapTypes = loader.images.map((image) => image.swapType);
  do {
    for (const choice of choices) {
      if (yield* choose(loader, choice, choices)) continue;
      yield* log(loader, "no slot", { image: choice.image.index });
      return { kind: "fail", reason: `no slot to load for image ${choice.image.index}`, swapTypes };
    }
  } while (loader.images.length > 1 && (yield* dropUnmet(loader, choices)));
  for (const { image, active = PRIMARY } of choices) {
    yield* log(loader, "loaded from", { image: image.index, slot: SLOT_NAMES[active] });
  }
  return { kind: "run", slots: choices.map(({ image, active = PRIMARY }) => image.areas[active].offset), swapTypes };
}

function* findImages(loader: LoaderState, image: ImagePair): Steps<Choice> {
  const available: [boolean, boolean] = [false, false];
  yield* readHeaders(loader, image);
  for (const slot of [PRIMARY, SECONDARY] as const) {
    available[slot] = isHeaderValid(loader, image, slot);
    if (available[slot])
      yield* log(loader, "slot version", { version: formatVersion(image.headers[slot].version) }, slot);
    else yield* log(loader, "no image", { image: image.index, slot: SLOT_NAMES[slot] });
  }
  return { image, available, active: undefined };
}

/** Tries slots, the newest image first, until one holds; false when none is left. */
function* choose(loader: LoaderState, choice: Choice, choices: readonly Choice[]): Steps<boolean> {
  while (choice.active === undefined) {
    const slot = newest(loader, choice);
    if (slot === undefined) return false;
    if (yield* isFit(loader, choice.image, slot, choices)) choice.active = slot;
    else choice.available[slot] = false;
  }
  return true;
}

function newest({ build }: LoaderState, { image, available }: Choice): Slot | undefined {
  const slots = ([PRIMARY, SECONDARY] as const).filter((slot) => available[slot]);
  const [first, second] = slots;
  if (first === undefined || second === undefined) return first;
  const [a, b] = [image.headers[first].version, image.headers[second].version];
  return compareVersions(b, a, { useBuildNumber: build.versionCmpUsesBuild }) > 0 ? second : first;
}

/** What other images of this boot have loaded into RAM by now. */
function loadedBy(loader: LoaderState, choices: readonly Choice[], own: ImagePair): readonly RamRange[] {
  return choices.flatMap(({ image, active }) => {
    const range = image === own || active === undefined ? undefined : ramRangeOf(loader, image, active);
    return range === undefined ? [] : [range];
  });
}

function* isFit(loader: LoaderState, image: ImagePair, slot: Slot, choices: readonly Choice[]): Steps<boolean> {
  const header = image.headers[slot];
  const { offset } = image.areas[slot];
  const inRam = loader.build.mode === "ram-load";
  if (!inRam && (header.flags & FLAG.ROM_FIXED) !== 0 && header.loadAddress !== offset) {
    const place = { value: `0x${offset.toString(16)}`, offset: `0x${header.loadAddress.toString(16)}` };
    yield* log(loader, "wrong rom address", { slot: SLOT_NAMES[slot], ...place });
    return false;
  }
  if (loader.build.xipRevert && !(yield* selectOrErase(loader, image, slot))) return false;
  if (inRam && !(yield* loadIntoRam(loader, image, slot, loadedBy(loader, choices, image)))) return false;
  if (loader.build.defects.has("swap-unvalidated") || (yield* validateSlot(loader, image, slot))) return true;
  if (inRam) yield* removeFromRam(loader, image, slot);
  return false;
}

/**
 * An image that was chosen before and has not been confirmed since is erased; one chosen now is marked so.
 * Source: MCUboot loader.c boot_select_or_erase.
 */
function* selectOrErase(loader: LoaderState, image: ImagePair, slot: Slot): Steps<boolean> {
  const { flash, build } = loader;
  const area = image.areas[slot];
  const { magic, copyDone, imageOk } = readTrailer(flash, build, area);
  if (build.lifeCycle?.updates === false) {
    // Nothing is marked or erased: only what is confirmed may run.
    const isConfirmed = magic === "good" && copyDone === "set" && imageOk === "set";
    if (isConfirmed) yield* log(loader, "provisioning image", { slot: SLOT_NAMES[slot] });
    return isConfirmed;
  }
  const mayRevert = !build.defects.has("no-revert");
  if (magic !== "good" || (mayRevert && copyDone === "set" && imageOk !== "set")) {
    yield* eraseSlot(loader, area);
    return false;
  }
  if (copyDone !== "set") yield writeFlag({ build, area }, "copyDone");
  return true;
}

/** Gives up the slot of the first image whose dependencies are not met; true when there was one. */
function* dropUnmet(loader: LoaderState, choices: readonly Choice[]): Steps<boolean> {
  const slotOf = (other: ImagePair): Slot => choices[other.index]?.active ?? PRIMARY;
  const unmet = choices.find(({ image }) => !dependenciesMet(loader, image, slotOf(image), slotOf));
  if (unmet?.active === undefined) return false;
  if (loader.build.mode === "ram-load") yield* removeFromRam(loader, unmet.image, unmet.active);
  unmet.available[unmet.active] = false;
  unmet.active = undefined;
  return true;
}
