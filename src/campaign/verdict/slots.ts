import type { SlotState } from "../record/facts.ts";

const SLOT_FLAGS = ["active", "confirmed", "pending", "permanent"] as const;
type SlotFlag = (typeof SLOT_FLAGS)[number];

/** mcumgr's flags of a slot, by name. */
export function flagsOf(slot: Readonly<Record<SlotFlag, boolean>>): readonly SlotFlag[] {
  return SLOT_FLAGS.filter((flag) => slot[flag]);
}

/** The other slot of a pair. */
export function slotBeside(slot: number): 0 | 1 {
  return slot === 0 ? 1 : 0;
}

/** Slots of one image of the list, of the application's when no other is named: another image has slots 0 and 1, too. */
export function slotsOfImage(slots: readonly SlotState[], image = 0): readonly SlotState[] {
  return slots.filter((entry) => entry.image === image);
}

/** The application's slot that holds an image with this hash. */
export function slotOf(slots: readonly SlotState[], image: { readonly hash: string }): SlotState | undefined {
  return slotsOfImage(slots).find((entry) => entry.hash === image.hash);
}

/** The application's running slot. */
export function activeSlot(slots: readonly SlotState[]): SlotState | undefined {
  return slotsOfImage(slots).find((entry) => entry.flags.includes("active"));
}

/** "2.0.0 running, unconfirmed; 1.0.0 in slot 1". Of other images than the application's: "image 1: 9.9.9 in slot 0". */
export function describeSlots(slots: readonly SlotState[]): string {
  const own = slotsOfImage(slots);
  const running = activeSlot(slots);
  const others = own.filter((slot) => slot !== running);
  const parts = [running ? `${running.version} running, ${stateOf(running)}` : "no image is active"];
  for (const slot of others) parts.push(`${slot.version} in slot ${slot.slot}${extras(slot)}`);
  if (running && others.length === 0) parts.push(`slot ${slotBeside(running.slot)} empty`);
  for (const slot of slots) {
    if (slot.image !== 0) parts.push(`image ${slot.image}: ${slot.version} in slot ${slot.slot}${extras(slot)}`);
  }
  return parts.join("; ");
}

function stateOf(slot: SlotState): string {
  return slot.flags.includes("confirmed") ? "confirmed" : "unconfirmed";
}

/** What deserves a word in the slot that does not run: it is pending. (Confirmed there only says: it may come back.) */
function extras(slot: SlotState): string {
  if (slot.flags.includes("permanent")) return ", pending for good";
  return slot.flags.includes("pending") ? ", pending a test" : "";
}
