import { ALL_MODES, EXCHANGING_MODES, type FaultColumns } from "./fault-needs.ts";
import { UPSTREAM_DEFECTS } from "./upstream-defects.ts";

/** Faults that no release had: what a harness must find all the same. */
export const INVENTED_DEFECTS = [
  {
    name: "forget-resume",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "cut"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "An interrupted swap is never resumed: the status source is always none. A board shows 'Boot source: none' after a cut, then a half-moved image: no bootable image, or the swap begun anew over moved sectors.",
    source: "MCUboot swap_move.c swap_status_source, result ignored",
  },
  {
    name: "forget-keys",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "encrypted", "cut"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "Image keys are not read back from the trailer when a swap resumes, and sectors are copied as they are. A board shows 'Image in the primary slot is not valid!' after a cut, or the old image in clear in the secondary slot.",
    source: "MCUboot loader.c boot_swap_image, boot_read_enc_key left out",
  },
  {
    name: "skip-copy-done",
    modes: EXCHANGING_MODES,
    needs: ["application upload"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "The last write of a swap, copy_done, is left out. A board shows copy_done=0x3 after an upgrade and 'Boot source: primary slot' on each boot; an unconfirmed image never reverts.",
    source: "MCUboot loader.c boot_perform_update, swap_set_copy_done left out",
  },
  {
    name: "no-revert",
    modes: [...EXCHANGING_MODES, "direct-xip", "ram-load"],
    needs: ["application upload", "revert"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "Row 3 of the swap table is missing. A board shows 'Swap type: none' for an unconfirmed image: it stays for ever.",
    source: "MCUboot bootutil_public.c boot_swap_tables, last row left out",
  },
  {
    name: "lose-fallback",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "cut"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "The secondary slot is erased once a resumed swap has ended. A board shows no image in slot 1 after a cut; an unconfirmed new image cannot be taken back.",
    source: "invented; what U1 looks like to a user",
  },
  {
    name: "skip-image-ok",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "confirmed swap"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "image_ok is not written for permanent and revert swaps, neither at their start nor at their end. A board shows image_ok=0x3 and 'Swap type: revert' on the boot after a permanent upgrade or a revert.",
    source: "MCUboot loader.c boot_perform_update, swap_set_image_ok left out",
  },
  {
    name: "revert-at-once",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "test request", "cut"],
    shownBy: { scenario: "encrypted-upgrade", board: "twin" },
    what: "After a resumed test swap the bootloader starts the revert in the same boot. A board shows the old version right after a cut that should have ended in the new one.",
    source: "invented; MCUboot loader.c boot_prepare_image_for_update without 'swap type := none'",
  },
  {
    name: "swap-unvalidated",
    modes: ALL_MODES,
    needs: ["image in pieces"],
    shownBy: { scenario: "damaged-image", board: "twin" },
    what: "A requested image is swapped in without a check of its hash and signature. A board shows 'Image in the primary slot is not valid!' after the upgrade of a damaged image, and boots only after a revert.",
    source: "MCUboot loader.c boot_validated_swap_type, boot_validate_slot left out",
  },
  {
    name: "own-update-in-place",
    modes: EXCHANGING_MODES,
    needs: ["bootloader image"],
    shownBy: { scenario: "bootloader-upgrade", board: "twin-nsib" },
    what: "Behind NSIB, an update of MCUboot is moved into the half that runs instead of the other, for which it was linked. A board shows 'No bootable image found. Aborting boot.' after the move, and after a cut in it: it is dead.",
    source: "invented; sdk-mcuboot swap_nsib.c nsib_swap_run with the active half",
  },
] as const satisfies readonly (FaultColumns & { readonly source: string })[];

/** Faults that can be switched on in the model, to see whether a harness finds them. */
export const DEFECTS = [...INVENTED_DEFECTS, ...UPSTREAM_DEFECTS] as const;

export type DefectName = (typeof DEFECTS)[number]["name"];
