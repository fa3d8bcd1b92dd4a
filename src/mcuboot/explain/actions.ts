/** What one boot does with one image. Several of them in a set: what is known does not tell which. */
const ACTIONS = [
  {
    action: "stays",
    will: "validates slot 0 and, if it is fit, runs it; nothing is asked for",
    did: "nothing was asked for; slot 0 stays",
    source: "MCUboot bootutil_public.c boot_swap_tables; loader.c context_boot_go",
  },
  {
    action: "test",
    will: "validates slot 1 and, if it is fit, swaps it in for a test; if not, erases slot 1 and runs slot 0",
    did: "the image of slot 1 is swapped in for a test",
    source: "MCUboot bootutil_public.c boot_swap_tables; loader.c context_boot_go",
  },
  {
    action: "perm",
    will: "validates slot 1 and, if it is fit, swaps it in for good; if not, erases slot 1 and runs slot 0",
    did: "the image of slot 1 is swapped in for good",
    source: "MCUboot bootutil_public.c boot_swap_tables; loader.c context_boot_go",
  },
  {
    action: "revert",
    will: "swaps the two images back: the one in slot 0 was not confirmed",
    did: "the two images are swapped back: the one that was on trial was not confirmed",
    source: "MCUboot bootutil_public.c boot_swap_tables; loader.c context_boot_go",
  },
  {
    action: "resume",
    will: "goes on with the swap that was interrupted, where its last status entry stands; slot 1 is not validated again",
    did: "a swap that was interrupted is gone on with",
    source: "MCUboot swap_status_source; loader.c boot_complete_partial_swap",
  },
  {
    action: "copy",
    will: "validates slot 1 and, if it is fit, copies it over slot 0, there is no way back; if not, erases slot 1 and runs slot 0",
    did: "the image of slot 1 is copied over slot 0",
    source: "MCUboot loader.c boot_copy_image",
  },
  {
    action: "network",
    will: "validates slot 1 and, if it is fit, hands it to the network core; slot 0 stays",
    did: "the image of slot 1 is handed to the network core; slot 0 stays",
    source: "sdk-mcuboot loader.c boot_validated_swap_type; sdk-nrf pcd.c",
  },
  {
    action: "refused",
    will: "does not take the image in slot 1, or finds none to take; slot 0 stays",
    did: "slot 1 was refused; slot 0 stays",
    source: "MCUboot loader.c boot_validate_slot",
  },
  {
    action: "runs slot 0",
    will: "runs slot 0 (direct-XIP: where it lies; RAM load: out of RAM); nothing is swapped",
    did: "slot 0 runs (direct-XIP: where it lies; RAM load: out of RAM); nothing is swapped",
    source: "MCUboot loader.c context_boot_go, MCUBOOT_DIRECT_XIP",
  },
  {
    action: "runs slot 1",
    will: "runs slot 1 (direct-XIP: where it lies; RAM load: out of RAM); nothing is swapped",
    did: "slot 1 runs (direct-XIP: where it lies; RAM load: out of RAM); nothing is swapped",
    source: "MCUboot loader.c context_boot_go, MCUBOOT_DIRECT_XIP",
  },
  {
    action: "runs the only slot",
    will: "runs slot 0, the only one, if the image in it is whole",
    did: "slot 0 runs, the only one",
    source: "MCUboot boot/zephyr/single_loader.c boot_go",
  },
  {
    action: "recovery",
    will: "serves SMP in serial recovery; it starts no application before a reset",
    did: "serial recovery was entered; no application runs",
    source: "MCUboot boot_serial.c, boot/zephyr/main.c",
  },
  {
    action: "stops",
    will: 'stops with "panic!", on every boot',
    did: 'it stopped with "panic!"',
    source: "MCUboot bootutil_public.c boot_read_swap_state; loader.c BOOT_SWAP_TYPE_PANIC",
  },
] as const satisfies readonly ActionRow[];

interface ActionRow {
  readonly action: string;
  /** What the bootloader will do, as the end of "MCUboot …". */
  readonly will: string;
  /** The same of a boot that is over. */
  readonly did: string;
  readonly source: string;
}

export type Action = (typeof ACTIONS)[number]["action"];

export function actionRow(action: Action): (typeof ACTIONS)[number] {
  const row = ACTIONS.find((entry) => entry.action === action);
  if (row === undefined) throw new RangeError(`no row for the action ${action}`);
  return row;
}

/** Each action once, the likeliest first. */
export function actionSet(...actions: readonly (Action | readonly Action[])[]): readonly Action[] {
  return [...new Set(actions.flat())];
}

/**
 * True when a set comes to one decision: whether the image in slot 1 is fit (`refused`) is nothing that a log, a list
 * or a trailer can tell beforehand.
 */
export function tells(may: readonly Action[]): boolean {
  return may.length === 1 || (may.length === 2 && may[1] === "refused");
}

/** A set as one sentence after "MCUboot": the likeliest first, the others after it. */
export function willText(may: readonly Action[]): string {
  const [first, ...others] = may;
  if (first === undefined) return "does something that nothing here tells";
  if (tells(may)) return actionRow(first).will;
  const rest = others.filter((action) => action !== "refused").map((action) => actionRow(action).will);
  return `${actionRow(first).will}; or ${rest.join("; or ")}`;
}
