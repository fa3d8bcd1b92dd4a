import { equalBytes } from "../../core/index.ts";
import { IMAGE_GROUP } from "../groups/image.ts";
import { SmpFault } from "./faults.ts";
import type { StateChange } from "./image-state-rules.ts";
import { planOf, type StoredSlot } from "./image-store.ts";

/** How servers that went by flags say no. */
interface FlagRuleCodes {
  /** A test without a hash, or a hash of another length. */
  readonly badHash: SmpFault;
  readonly unknownHash: SmpFault;
  /** The slot is the fallback of a test, or a confirm comes while something is pending. */
  readonly notNow: SmpFault;
  /** Only secondary slots can be made pending. */
  readonly notSecondary: SmpFault;
}

const rc = (code: number) => new SmpFault({ code });
const image = (code: number) => new SmpFault({ group: IMAGE_GROUP, code });

/** Before groups had errors of their own: EINVAL, EINVAL, EBADSTATE, EUNKNOWN. */
export const PLAIN_CODES: FlagRuleCodes = {
  badHash: rc(3),
  unknownHash: rc(3),
  notNow: rc(6),
  notSecondary: rc(1),
};

/** Zephyr 3.4: INVALID_HASH, HASH_NOT_FOUND, IMAGE_ALREADY_PENDING, INVALID_SLOT. */
export const GROUP_CODES: FlagRuleCodes = {
  badHash: image(24),
  unknownHash: image(8),
  notNow: image(28),
  notSecondary: image(14),
};

/**
 * What a state write does on servers up to Zephyr 3.4: confirming slot 0 is refused while slot 0 or 1 is pending; any
 * other slot is made pending unless it is confirmed, again and again, whatever was asked for before.
 * @param options.anyHashLength the library did not look at the length of a hash.
 * @param options.runningConfirms Zephyr 3.4.0: a request for the image that runs confirms it, whatever was asked, and
 * a fallback can be made pending again.
 * @throws SmpFault of `codes`.
 * Source: zephyrproject-rtos/mcumgr (October 2021) img_mgmt_state.c, zephyr_img_mgmt.c; Zephyr img_mgmt_state.c of 2023
 * before img_mgmt_set_next_boot_slot (read, not run).
 */
export function stateChangeByFlags(
  slots: readonly StoredSlot[],
  request: { hash?: Uint8Array | undefined; confirm?: boolean | undefined },
  codes: FlagRuleCodes,
  options: { readonly anyHashLength?: boolean; readonly runningConfirms?: boolean } = {},
): StateChange {
  const { hash = new Uint8Array(), confirm = false } = request;
  const { runningConfirms = false } = options;
  const slot = namedSlot(slots, hash, confirm, codes, options.anyHashLength ?? false);
  if (slot === 0 && (confirm || runningConfirms)) {
    const plan = planOf(slots, 0);
    if (plan === "test" || plan === "permanent") throw codes.notNow;
    return plan === "revert" ? { kind: "confirm", slot } : { kind: "nothing" };
  }
  // In a revert the secondary slot is confirmed; so is, in the library's eyes, the primary one of another image.
  if (slot !== 0 && !runningConfirms && planOf(slots, slot >> 1) === "revert") throw codes.notNow;
  if (slot % 2 === 0) throw codes.notSecondary;
  return { kind: "pending", slot, permanent: confirm };
}

function namedSlot(
  slots: readonly StoredSlot[],
  hash: Uint8Array,
  confirm: boolean,
  codes: FlagRuleCodes,
  anyLength: boolean,
): number {
  if (hash.length === 0) {
    if (!confirm) throw codes.badHash;
    return 0;
  }
  if (hash.length !== 32 && !anyLength) throw codes.badHash;
  const wanted = hash.subarray(0, 32);
  const found = slots.find((slot) => slot.image && equalBytes(slot.image.hash.subarray(0, 32), wanted));
  if (!found) throw codes.unknownHash;
  return found.slot;
}
