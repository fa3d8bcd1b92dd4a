import type { SlotFlags } from "../boot/image-state.ts";
import { newestRuns } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { isUpgrade, type SwapType } from "../trailer/swap-codes.ts";
import { type Action, actionSet } from "./actions.ts";
import { type Told, toldOf } from "./told.ts";

/** One entry of an image list, as SMP shows it. A missing flag is not set. */
export interface ListedSlot extends Partial<SlotFlags> {
  readonly image: number;
  readonly slot: number;
  readonly version?: string;
}

/** Swap type that the flags of an image list mean. Source: Zephyr img_mgmt_state.c. */
export function typeOfFlags(primary: Partial<SlotFlags>, secondary: Partial<SlotFlags>): SwapType {
  if (secondary.pending) return secondary.permanent ? "perm" : "test";
  return secondary.confirmed || primary.confirmed !== true ? "revert" : "none";
}

/** What an image list tells, image by image. */
export function explainList(entries: readonly ListedSlot[], build: BootloaderBuild): readonly Told[] {
  const images = [...new Set([...build.images.keys(), ...entries.map((entry) => entry.image)])].sort((a, b) => a - b);
  return images.map((image) => {
    const slots = entries.filter((entry) => entry.image === image);
    const slot = (number: number) => slots.find((entry) => entry.slot === number);
    return tell(image, slot(0), slot(1), build);
  });
}

function tell(
  image: number,
  primary: ListedSlot | undefined,
  secondary: ListedSlot | undefined,
  build: BootloaderBuild,
): Told {
  const { may, because } = read(primary, secondary, build);
  return toldOf(image, may, "list", because);
}

type Reading = { readonly may: readonly Action[]; readonly because: string };

function read(primary: ListedSlot | undefined, secondary: ListedSlot | undefined, build: BootloaderBuild): Reading {
  const all = [primary, secondary].filter((entry) => entry !== undefined);
  if (all.length === 0) return { may: [], because: "the list shows no slot of this image." };
  if (!all.some((entry) => entry.active || entry.confirmed || entry.pending)) {
    return {
      may: [],
      because: "no slot has a flag: the list is of serial recovery, or of a server that does not tell what runs.",
    };
  }
  if (secondary?.active === true || newestRuns(build.mode)) return readXip(primary, secondary);
  if (primary?.active !== true && secondary?.pending !== true) {
    return { may: [], because: "no slot is marked active: the list does not tell what runs." };
  }
  const type = typeOfFlags(primary ?? {}, secondary ?? {});
  const because = `the flags of both slots mean swap type ${type} (Zephyr img_mgmt_state.c).`;
  if (type === "revert" && secondary === undefined) {
    return { may: ["refused"], because: `${because} Slot 1 is not listed: there is no image to swap back to.` };
  }
  if (!isUpgrade(type)) return { may: ["stays"], because };
  const action: Action = build.mode === "overwrite" ? "copy" : type === "perm" || type === "revert" ? type : "test";
  return { may: actionSet(action, "refused"), because };
}

/** Slot 1 runs only where images run from both slots: nothing is swapped there, and nothing reverted. */
function readXip(primary: ListedSlot | undefined, secondary: ListedSlot | undefined): Reading {
  const runs = secondary?.active === true ? 1 : 0;
  const other = runs === 1 ? primary : secondary;
  const current = runs === 1 ? secondary : primary;
  const now = `slot ${runs} is active: this bootloader runs images where they lie (direct-XIP), it is no swap board`;
  const order: readonly Action[] = runs === 1 ? ["runs slot 1", "runs slot 0"] : ["runs slot 0", "runs slot 1"];
  if (other?.pending === true) {
    return { may: [...order].reverse(), because: `${now}; slot ${1 - runs} is pending.` };
  }
  if (current?.confirmed === true) return { may: order.slice(0, 1), because: `${now}; it is confirmed.` };
  return {
    may: order,
    because: `${now}; it is not confirmed, which counts where MCUBOOT_DIRECT_XIP_REVERT is built in.`,
  };
}
