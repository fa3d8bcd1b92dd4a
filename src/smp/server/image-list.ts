import type { StoredSlot } from "./image-store.ts";

/** Keys in Zephyr's order: image (only when there are several), slot, version, hash, then the flags. */
export function stateList(slots: readonly StoredSlot[], images: number, frugal: boolean) {
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

/** Sizes of all slots, and the number to name in an upload. */
export function slotList(slots: readonly StoredSlot[]) {
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
