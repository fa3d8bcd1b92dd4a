import { equalBytes } from "../../core/index.ts";
import { IMAGE_GROUP } from "../groups/image.ts";
import { SmpFault } from "./faults.ts";
import { planOf, type StoredSlot, type SwapPlan } from "./image-store.ts";

/** What a state write leads to. */
export type StateChange =
  | { readonly kind: "nothing" }
  | { readonly kind: "pending"; readonly slot: number; readonly permanent: boolean }
  | { readonly kind: "confirm"; readonly slot: number };

interface Rule {
  readonly plan: SwapPlan;
  readonly request: "test" | "confirm";
  /** The slot that was named: the running one or the other of the pair. */
  readonly slot: "running" | "other";
  readonly does: StateChange["kind"] | "already pending";
}

/**
 * What Zephyr does for a request, by what the next boot would do. Testing the running slot is refused before these.
 * Source: Zephyr img_mgmt_state.c (swap modes); many rows measured on Zephyr 4.4.0.
 */
const RULES: readonly Rule[] = [
  { plan: "none", request: "confirm", slot: "running", does: "nothing" },
  { plan: "none", request: "test", slot: "other", does: "pending" },
  { plan: "none", request: "confirm", slot: "other", does: "pending" },
  { plan: "test", request: "test", slot: "other", does: "nothing" },
  { plan: "test", request: "confirm", slot: "other", does: "already pending" },
  { plan: "test", request: "confirm", slot: "running", does: "already pending" },
  { plan: "permanent", request: "confirm", slot: "other", does: "nothing" },
  { plan: "permanent", request: "confirm", slot: "running", does: "already pending" },
  { plan: "permanent", request: "test", slot: "other", does: "already pending" },
  { plan: "revert", request: "confirm", slot: "other", does: "nothing" },
  { plan: "revert", request: "confirm", slot: "running", does: "confirm" },
  { plan: "revert", request: "test", slot: "other", does: "already pending" },
];

const SHA256_BYTES = 32;

const fault = (code: number) => new SmpFault({ group: IMAGE_GROUP, code });

/**
 * What a state write must do, or the refusal.
 * @param request.hash hash TLV of an image; none or an empty one means the running image, for `confirm` only.
 * @throws SmpFault of group 1: 8 unknown hash, 24 no or malformed hash, 28 already pending, 32 not this image's slot,
 * 33 test of the running slot.
 */
export function stateChange(
  slots: readonly StoredSlot[],
  request: { hash?: Uint8Array | undefined; confirm?: boolean | undefined },
): StateChange {
  const confirm = request.confirm ?? false;
  const named = namedSlot(slots, request.hash, confirm);
  const image = named.slot >> 1;
  const running = slots.find((slot) => slot.active && slot.slot >> 1 === 0)?.slot ?? 0;
  // CONFIG_MCUMGR_GRP_IMG_ALLOW_CONFIRM_NON_ACTIVE_IMAGE_SECONDARY is on by default, ..._ANY is not.
  if (confirm && image !== running >> 1 && named.slot % 2 === 0) throw fault(32);
  const isRunning = named.active || (image !== running >> 1 && named.slot % 2 === 0);
  if (!confirm && isRunning) throw fault(33);
  const plan = planOf(slots, image);
  const asked = confirm ? "confirm" : "test";
  const place = isRunning ? "running" : "other";
  const rule = RULES.find((row) => row.plan === plan && row.request === asked && row.slot === place);
  if (!rule || rule.does === "already pending") throw fault(28);
  if (rule.does === "pending") return { kind: "pending", slot: named.slot, permanent: confirm };
  return rule.does === "confirm" ? { kind: "confirm", slot: named.slot } : { kind: "nothing" };
}

/**
 * The same where images run in place and unconfirmed ones are taken back: any slot but the running one may be asked
 * for, again and again, and the running one be confirmed.
 * @throws SmpFault of group 1, as `stateChange`.
 * Source: Zephyr img_mgmt_state.c img_mgmt_set_next_boot_slot (direct-XIP with revert; read, not run).
 */
export function stateChangeInPlace(
  slots: readonly StoredSlot[],
  { hash, confirm = false }: { hash?: Uint8Array | undefined; confirm?: boolean | undefined },
): StateChange {
  const named = namedSlot(slots, hash, confirm);
  if (!named.active) return { kind: "pending", slot: named.slot, permanent: confirm };
  if (!confirm) throw fault(33);
  return { kind: "confirm", slot: named.slot };
}

/** The slot a request names: the first whose image has that hash, so one image in both slots means slot 0. */
function namedSlot(slots: readonly StoredSlot[], hash: Uint8Array | undefined, confirm: boolean): StoredSlot {
  if (hash === undefined || hash.length === 0) {
    const active = slots.find((slot) => slot.active);
    if (!confirm || !active) throw fault(24);
    return active;
  }
  // A server knows one hash, that of its bootloader. Source: Zephyr img_mgmt.h, IMAGE_SHA_LEN.
  const hashBytes = slots.find((slot) => slot.image)?.image?.hash.length ?? SHA256_BYTES;
  if (hash.length !== hashBytes) throw fault(24);
  const found = slots.find((slot) => slot.image && equalBytes(slot.image.hash, hash));
  if (!found) throw fault(8);
  return found;
}
