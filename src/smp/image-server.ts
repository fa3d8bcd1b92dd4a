import { SmpFault } from "./faults.ts";
import { IMAGE_GROUP } from "./groups/image.ts";
import { stateChange } from "./image-state-rules.ts";
import { type ImageStore, planOf, type StoredSlot } from "./image-store.ts";
import { UploadState } from "./image-upload-state.ts";
import type { SmpHandlers } from "./server.ts";

export interface ImageServerOptions {
  /** CONFIG_MCUMGR_GRP_IMG_ALLOW_ERASE_PENDING: an upload or erase may destroy a pending image. Default true. */
  readonly allowErasePending?: boolean;
  /** CONFIG_MCUMGR_GRP_IMG_FRUGAL_LIST: leave out flags that are false. Default false. */
  readonly frugalList?: boolean;
  /** CONFIG_MCUMGR_GRP_IMG_SLOT_INFO; default true when there is more than one image. */
  readonly slotInfo?: boolean;
}

/**
 * Handlers of group 1 as Zephyr's behave, over the slots of `store`. The state of an upload lives here and ends with it:
 * make new handlers when the board resets.
 * Source: Zephyr img_mgmt.c, img_mgmt_state.c; measured on Zephyr 4.4.0.
 */
export function imageHandlers(store: ImageStore, options: ImageServerOptions = {}): SmpHandlers {
  const upload = new UploadState(store, (slots, slot) => inUse(slots, slot, options));
  const list = async () => stateList(await store.slots(), store.images, options.frugalList ?? false);
  return {
    imageState: list,
    setImageState: async (request) => {
      const change = stateChange(await store.slots(), request);
      if (change.kind === "pending") await store.setPending(change.slot, change.permanent);
      if (change.kind === "confirm") await store.confirm(change.slot);
      return list();
    },
    imageUpload: (request) => upload.chunk(request),
    imageErase: async ({ slot: named }) => {
      const slots = await store.slots();
      const slot = named ?? slots.find((candidate) => candidate.slot < 2 && !candidate.active)?.slot ?? 1;
      if (!slots.some((candidate) => candidate.slot === slot)) throw new SmpFault({ group: IMAGE_GROUP, code: 10 });
      if (inUse(slots, slot, options)) throw new SmpFault({ group: IMAGE_GROUP, code: 9 });
      upload.drop();
      await store.erase(slot);
      return {};
    },
    ...((options.slotInfo ?? store.images > 1) ? { slotInfo: async () => slotList(await store.slots()) } : {}),
  };
}

/** True for a slot whose image is needed: the running one, the fallback of a revert, and (by option) a pending one. */
function inUse(slots: readonly StoredSlot[], slot: number, options: ImageServerOptions): boolean {
  const found = slots.find((candidate) => candidate.slot === slot);
  if (!found?.image) return false;
  if (found.active || slot % 2 === 0) return true;
  const plan = planOf(slots, slot >> 1);
  if (plan === "revert") return true;
  return plan !== "none" && options.allowErasePending === false;
}

/** Keys in Zephyr's order: image (only when there are several), slot, version, hash, then the flags. */
function stateList(slots: readonly StoredSlot[], images: number, frugal: boolean) {
  const flag = (value: boolean) => (frugal && !value ? undefined : value);
  return {
    images: slots.flatMap((entry) => {
      if (!entry.image) return [];
      const { version, hash, bootable } = entry.image;
      return {
        image: images > 1 ? entry.slot >> 1 : undefined,
        slot: entry.slot & 1,
        version,
        hash,
        bootable: flag(bootable),
        pending: flag(entry.pending),
        confirmed: flag(entry.confirmed),
        active: flag(entry.active),
        permanent: flag(entry.permanent),
      };
    }),
    splitStatus: frugal ? undefined : 0,
  };
}

function slotList(slots: readonly StoredSlot[]) {
  const images = [...new Set(slots.map((slot) => slot.slot >> 1))];
  return {
    images: images.map((image) => ({
      image,
      slots: slots
        .filter((slot) => slot.slot >> 1 === image)
        .map((slot) => ({
          slot: slot.slot & 1,
          size: slot.slotBytes,
          // The number to name in an upload, on the slot that it goes to.
          upload_image_id: slot.slot % 2 === 1 ? image : undefined,
        })),
    })),
  };
}
