import type { CampaignImage } from "../request/images.ts";
import { slotOf } from "../verdict/slots.ts";
import type { Trial } from "./trial.ts";

/** Puts `to` into the slot that does not run unless it is there already: there the bootloader looks for an update. */
export async function ensureSecondary({ recorded, expected }: Trial, to: CampaignImage): Promise<void> {
  const slots = await recorded.imageState();
  if (slotOf(slots, to)?.slot === expected.otherSlot) {
    // From an earlier run, perhaps: the board has it, so the model has it, too.
    if (!expected.holds(to)) expected.put(to);
    if (expected.takes(to)) return;
  }
  await recorded.upload(to);
  expected.uploaded(to);
}
