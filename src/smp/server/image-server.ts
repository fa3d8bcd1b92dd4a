import { IMAGE_GROUP } from "../groups/image.ts";
import { type ServerGenerationName, serverGeneration } from "../packet/generations.ts";
import { SmpFault } from "./faults.ts";
import { slotList, stateList } from "./image-list.ts";
import { imageHandlers2021 } from "./image-server-2021.ts";
import { GROUP_CODES, PLAIN_CODES, stateChangeByFlags } from "./image-state-flags.ts";
import { stateChange, stateChangeInPlace } from "./image-state-rules.ts";
import { type ImageStore, otherSlot, planOf, type StoredSlot } from "./image-store.ts";
import { UploadState } from "./image-upload-state.ts";
import type { SmpHandlers } from "./server.ts";

export interface ImageServerOptions {
  /** CONFIG_MCUMGR_GRP_IMG_ALLOW_ERASE_PENDING: an upload or erase may destroy a pending image. Default: the generation's. */
  readonly allowErasePending?: boolean;
  /** CONFIG_MCUMGR_GRP_IMG_FRUGAL_LIST: leave out flags that are false. Default false. */
  readonly frugalList?: boolean;
  /** CONFIG_MCUMGR_GRP_IMG_SLOT_INFO; default true when there is more than one image. */
  readonly slotInfo?: boolean;
  /** Whose rules for states and lists; default the newest. */
  readonly generation?: ServerGenerationName | undefined;
}

/**
 * Handlers of group 1 as Zephyr's behave, over the slots of `store`. The state of an upload lives here and ends with it:
 * make new handlers when the board resets.
 * Source: Zephyr img_mgmt.c, img_mgmt_state.c; measured on Zephyr 4.4.0.
 */
export function imageHandlers(store: ImageStore, options: ImageServerOptions = {}): SmpHandlers {
  const generation = serverGeneration(options.generation);
  const { slotInfo = store.images > 1, frugalList = false } = options;
  if (generation.isLibrary) return imageHandlers2021(store, { slotInfo });
  const { erasesPending, stateRules, refusesBlankErase, anyUploadLength } = generation;
  const { allowErasePending = erasesPending } = options;
  const isInUse = (slots: readonly StoredSlot[], slot: number) => inUse(slots, slot, allowErasePending);
  const upload = new UploadState(store, isInUse, { anyLength: anyUploadLength ?? false });
  const list = async () => {
    const slots = await store.slots();
    const shown = generation.oneActive
      ? slots.map((slot) => ({ ...slot, active: slot.active && slot.slot < 2 }))
      : slots;
    return stateList(shown, store.images, frugalList);
  };
  const codes = generation.groupErrorKey ? GROUP_CODES : PLAIN_CODES;
  const byFlags = { runningConfirms: stateRules === "running confirms" };
  const changeOf = (slots: readonly StoredSlot[], request: Parameters<typeof stateChange>[1]) => {
    if (store.requests === "in place") return stateChangeInPlace(slots, request);
    return stateRules === "next boot"
      ? stateChange(slots, request)
      : stateChangeByFlags(slots, request, codes, byFlags);
  };
  const write: SmpHandlers = {
    setImageState: async (request) => {
      const change = changeOf(await store.slots(), request);
      if (change.kind === "pending") await store.setPending(change.slot, change.permanent);
      if (change.kind === "confirm") await store.confirm(change.slot);
      return list();
    },
  };
  return {
    imageState: list,
    ...(store.requests === "none" ? {} : write),
    imageUpload: (request) => upload.chunk(request),
    imageErase: async ({ slot: named }) => {
      const slots = await store.slots();
      const slot = named ?? slots.find((candidate) => candidate.slot < 2 && !candidate.active)?.slot ?? 1;
      if (!slots.some((candidate) => candidate.slot === slot)) throw new SmpFault({ group: IMAGE_GROUP, code: 10 });
      if (isInUse(slots, slot)) throw new SmpFault({ group: IMAGE_GROUP, code: 9 });
      upload.drop();
      if (refusesBlankErase && (await store.isBlank(slot))) throw new SmpFault({ group: IMAGE_GROUP, code: 1 });
      await store.erase(slot);
      return {};
    },
    ...(slotInfo ? { slotInfo: async () => slotList(await store.slots()) } : {}),
  };
}

/** True for a slot whose image is needed: the running one, the fallback of a revert, and (by option) a pending one. */
function inUse(slots: readonly StoredSlot[], slot: number, erasesPending: boolean): boolean {
  const found = slots.find((candidate) => candidate.slot === slot);
  if (!found?.image) return false;
  if (found.active || otherSlot(slots.filter((candidate) => candidate.slot >> 1 === slot >> 1)) !== found) return true;
  const plan = planOf(slots, slot >> 1);
  if (plan === "revert") return true;
  return plan !== "none" && !erasesPending;
}
