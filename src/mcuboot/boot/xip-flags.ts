import { compareVersions, type Version } from "../../image/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Slot } from "../loader/loader-state.ts";
import type { TrailerState } from "../trailer/trailer.ts";

/** What a slot's trailer means where images run in place and unconfirmed ones are taken back. */
type SlotState = "unset" | "once" | "unconfirmed" | "forever";

/** What is known of a slot: its trailer, and the version of the image in it, if one can be read. */
interface SlotSeen {
  readonly trailer: TrailerState;
  readonly version: Version | undefined;
}

/** What an application tells of the next boot. */
interface NextBoot {
  readonly slot: Slot;
  readonly kind: "normal" | "test" | "revert";
}

function stateOf({ magic, imageOk, copyDone }: TrailerState): SlotState {
  if (magic !== "good") return "unset";
  if (imageOk === "set") return "forever";
  return copyDone === "set" ? "unconfirmed" : "once";
}

/**
 * Which slot the next boot takes, in the eyes of the application that runs in `active`: by versions, and with reverts
 * by trailers, too. The bootloader itself knows more: it checks.
 * Source: Zephyr img_mgmt_state.c img_mgmt_get_next_boot_slot (direct-XIP).
 */
function nextBoot(build: BootloaderBuild, slots: readonly [SlotSeen, SlotSeen], active: Slot): NextBoot {
  const other: Slot = active === 0 ? 1 : 0;
  const [runs, waits] = [slots[active], slots[other]];
  const stays: NextBoot = { slot: active, kind: "normal" };
  if (runs.version === undefined || waits.version === undefined) return stays;
  const isNewer = compareVersions(waits.version, runs.version, { useBuildNumber: false }) > 0;
  if (!build.xipRevert) return isNewer ? { slot: other, kind: "normal" } : stays;
  const [own, others] = [stateOf(runs.trailer), stateOf(waits.trailer)];
  if (own === "unconfirmed") return { slot: other, kind: "revert" };
  if (others === "unset") return { slot: active, kind: own === "once" ? "test" : "normal" };
  if (isNewer && others === "forever") return { slot: other, kind: "normal" };
  if (isNewer && others === "once") return { slot: other, kind: "test" };
  return stays;
}

const NONE = { pending: false, confirmed: false, active: false, permanent: false };

/**
 * Flags of both slots as an application lists them that runs in slot `active` of a direct-XIP build.
 * Source: Zephyr img_mgmt_state.c img_mgmt_state_read.
 */
export function xipFlags(build: BootloaderBuild, slots: readonly [SlotSeen, SlotSeen], active: Slot) {
  const { slot, kind } = nextBoot(build, slots, active);
  const runs = { ...NONE, active: true, confirmed: kind !== "revert" };
  const leaves = slot !== active;
  const waits = {
    ...NONE,
    pending: leaves && kind !== "revert",
    permanent: leaves && kind === "normal",
    confirmed: leaves && kind === "revert",
  };
  return active === 0 ? ([runs, waits] as const) : ([waits, runs] as const);
}
