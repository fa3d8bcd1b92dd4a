import { EXCHANGING_MODES, type FaultColumns } from "./fault-needs.ts";
import type { GenerationRow } from "./generation-row.ts";

/** A bug that MCUboot had, or a way to build it wrongly, as a switch of the model. */
export interface UpstreamDefectRow extends FaultColumns {
  /** A number of ours, and the issue, pull request or commit that it is known by. */
  readonly name: string;
  /** Releases that had it. */
  readonly versions: string;
  /** Columns of the bootloader generation that bring it back; rows without any are asked for by name in the model. */
  readonly columns?: Partial<GenerationRow>;
  /** Settings of the build that bring it back. */
  readonly settings?: { readonly maxImgSectors?: number };
  /** What mends it, where no release does: the switch is off in builds with this fix only. */
  readonly fix?: string;
  readonly source: string;
}

/** Each row names its issue, pull request, commit or thread; U rows were measured on MCUboot, and have none. */
export const UPSTREAM_DEFECTS = [
  {
    name: "R1-480",
    modes: ["scratch"],
    needs: ["application upload", "cut", "confirmed swap"],
    shownBy: { scenario: "faults/R1-480", board: "small/scratch" },
    versions: "before 1.3.1",
    what: "The trailer does not keep the swap type, and a resumed swap counts as a test. A board shows an unconfirmed image after a revert that was cut, and the rejected image again on the boot after that.",
    source: "MCUboot #480, PR 485",
  },
  {
    name: "R2-427",
    modes: ["scratch"],
    needs: ["application upload", "cut"],
    shownBy: { scenario: "faults/R2-427", board: "small/scratch" },
    versions: "not traced",
    what: "The status area is one group too small, so that the last group's entries run into what lies above. A board shows 'Image in the primary slot is not valid!' after a cut in the last group of an image that fills the slot.",
    source: "MCUboot #427",
  },
  {
    name: "R4-762",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "refused image", "cut"],
    shownBy: { scenario: "faults/R4-762", board: "small/move" },
    versions: "before 1.7.0",
    what: "The trailer of a secondary slot without an image is left there. A board shows 'Swap type: test' on every boot after a cut while a refused image was erased, and its application refuses the next upload.",
    source: "MCUboot #762",
  },
  {
    name: "R5-829",
    modes: ["move"],
    needs: ["application upload", "padded start"],
    shownBy: { scenario: "faults/R5-829", board: "small/move" },
    versions: "before 1.7.0",
    what: "The primary trailer is trusted while the secondary slot still asks for a swap. A board shows 'Boot source: primary slot' at the first update of an image that was flashed padded and confirmed; cut, it boots no more.",
    source: "MCUboot #829, PR 830",
  },
  {
    name: "R6-855",
    modes: ["move"],
    needs: ["application upload", "cut"],
    shownBy: { scenario: "faults/R6-855", board: "small/move" },
    versions: "1.7.0-rc1",
    what: "The primary trailer is written anew although the swap goes on from it. A board shows the old image and no request after two cuts in the first operations of an upgrade.",
    source: "MCUboot PR 855",
  },
  {
    name: "R9-e38b0afa",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "encrypted"],
    shownBy: { scenario: "faults/R9-e38b0afa", board: "small/move-long-header" },
    versions: "before 1.9.0",
    what: "With a header longer than a copy chunk, what lies before the body is encrypted, too. A board shows no bootable image after an upgrade to an encrypted image.",
    source: "MCUboot commit e38b0afa",
  },
  {
    name: "R10-152cca07",
    modes: ["scratch"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/R10-152cca07", board: "small/scratch-long-trailer" },
    versions: "before 1.9.0",
    what: "The scratch area's trailer is as long as a slot's, also where that is longer than the scratch area. A board shows a boot that ends in the swap, every time.",
    columns: { shortScratchTrailer: false, imageLimit: "status" },
    source: "MCUboot commits 152cca07, ffe4ec9c",
  },
  {
    name: "R11-1588",
    modes: ["move"],
    needs: ["application upload", "cut"],
    shownBy: { scenario: "faults/R11-1588", board: "small/move" },
    versions: "before 1.10.0",
    what: "The number of sectors is not read back when a swap resumes. A board shows 'Failed reading image headers' on each boot, and no bootable image, after a cut between the last move and the first exchange.",
    columns: { readsSwapSizeForHeaders: false },
    source: "MCUboot #1588",
  },
  {
    name: "R12-1645",
    modes: ["scratch"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/R12-1645", board: "small/scratch-whole" },
    versions: "before 1.10.0",
    what: "The scratch area is not erased at the end of a swap that kept its status there. A board shows 'Boot source: scratch' on the boot after an upgrade that was complete.",
    source: "MCUboot PR 1645",
  },
  {
    name: "R18-2ac79767",
    modes: ["scratch"],
    needs: ["application upload", "cut"],
    shownBy: { scenario: "faults/R18-2ac79767", board: "small/scratch" },
    versions: "before 2.2.0",
    what: "After a resumed swap the headers of the two slots are exchanged in RAM. A board shows one boot that fails after a cut; the next is fine.",
    source: "MCUboot commit 2ac79767",
  },
  {
    name: "R19-1966",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "revert cut"],
    shownBy: { scenario: "faults/R19-1966", board: "small/move" },
    versions: "before 2.2.0",
    what: "A revert is not due while anything stands where the secondary slot's magic is. A board shows 'Swap type: none' and the rejected image for ever after a cut inside the write of that magic.",
    columns: { revertNeedsSecondaryUnset: true },
    source: "MCUboot #1966, PR 2100",
  },
  {
    name: "R23-2275",
    modes: ["scratch"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/R23-2275", board: "small/scratch-two" },
    versions: "before 2.2.0",
    what: "The scratch area is erased from its start, so that its trailer outlives its data. A board shows no bootable image after a cut in the last erase of a swap.",
    source: "MCUboot PR 2275",
  },
  {
    name: "R25-1046",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "encrypted", "cut"],
    shownBy: { scenario: "faults/R25-1046", board: "small/move" },
    versions: "before 2.2.0, and with hardware AES before 2.3.0",
    what: "The cipher is not set up when a swap resumes: sectors are crypted with a key of zeros. A board shows 'Image in the primary slot is not valid!' after a cut.",
    source: "MCUboot #1046, #2183",
  },
  {
    name: "R26-7330df7c",
    modes: ["offset"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/R26-7330df7c", board: "small/offset" },
    versions: "2.2.0-rc1",
    what: "One sector too many is asked for. A board shows 'Not enough free space to run swap upgrade' for an image that uses the last sector, and stays with the old one.",
    source: "MCUboot commit 7330df7c",
  },
  {
    name: "R28-0319e91c",
    modes: ["move", "offset", "scratch", "overwrite"],
    needs: ["application upload", "encrypted"],
    shownBy: { scenario: "faults/R28-0319e91c", board: "small/move" },
    versions: "before 2.3.0",
    what: "Where header, body and TLVs lie in one copy chunk, TLVs are encrypted, too. A board shows no bootable image after an upgrade to a tiny encrypted image.",
    columns: { cryptsPastTinyBody: true },
    source: "MCUboot commit 0319e91c",
  },
  {
    name: "R30-9d334f9b",
    modes: ["offset"],
    needs: ["application upload", "refused image"],
    shownBy: { scenario: "faults/R30-9d334f9b", board: "small/offset" },
    versions: "2.2.0 with minimal scrambling",
    what: "Of a refused image the first sector and the trailer are erased, and the image begins in the second. A board shows the refused image still listed in slot 1.",
    source: "MCUboot commit 9d334f9b",
  },
  {
    name: "R31-2341",
    modes: ["overwrite"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/R31-2341", board: "small/overwrite" },
    versions: "before 2.3.0, on devices without erase",
    what: "The secondary slot's header and trailer are not removed after the copy. A board shows the new image still pending, and copies it again on each boot.",
    source: "MCUboot PR 2341, PR 2418",
  },
  {
    name: "R33-68a4c962",
    modes: EXCHANGING_MODES,
    needs: ["application upload", "request cut"],
    shownBy: { scenario: "faults/R33-68a4c962", board: "small/move" },
    versions: "before 2.3.0",
    what: "An application's request erases the whole secondary slot when the magic there is damaged. A board shows an empty slot 1 after a request that was cut and made again.",
    columns: { badMagicErasesSlot: true },
    source: "MCUboot commit 68a4c962",
  },
  {
    name: "DZ-111701",
    modes: ["move", "offset", "scratch", "overwrite"],
    needs: ["application upload", "encrypted"],
    shownBy: { scenario: "faults/DZ-111701", board: "small/move" },
    versions: "nRF Connect SDK 2.5.0 and later, with an immutable first bootloader",
    what: "An encrypted update is passed over without a word: its reset vector, read from cipher text, is not in the slot. A board shows the request still pending, and the old image, on every boot.",
    source: "DevZone 111701; sdk-mcuboot loader.c boot_validated_swap_type (cause inferred)",
  },
  {
    name: "NCSDK-13947",
    modes: ["overwrite"],
    needs: ["application upload", "network image", "downgrade prevention"],
    shownBy: { scenario: "faults/NCSDK-13947", board: "small/net-no-downgrade" },
    versions: "nRF Connect SDK 1.9.0 to 2.4.1",
    what: "Downgrade prevention does not look at the network core's version. A board shows an older version on the network core's UART, after an update that it should have refused.",
    source: "nRF Connect SDK known issue NCSDK-13947",
  },
  {
    name: "SZ-3080",
    modes: ["move", "offset", "scratch", "overwrite"],
    needs: ["application upload"],
    shownBy: { scenario: "faults/SZ-3080", board: "small/move" },
    versions: "any, with CONFIG_BOOT_MAX_IMG_SECTORS below the slot's sectors",
    what: "The bootloader is built for fewer sectors than the slots have. A board shows 'Cannot upgrade: more sectors than allowed', and stays with the old image.",
    settings: { maxImgSectors: 8 },
    source: "sdk-zephyr pull request 3080 (smp_svr on nRF5340-DK)",
  },
  {
    name: "U1",
    modes: ["offset"],
    needs: ["own fix", "application upload", "cut"],
    shownBy: { scenario: "faults/U1", board: "small/offset-mended" },
    versions: "2.2.0 to this day; no issue known",
    what: "When a swap goes on with its last sector, the old image's header is looked for one index short. A board shows the new image, and a fallback that is not the old one any more, after a cut there.",
    fix: "the header of the old image is looked for in the secondary slot up to the last index",
    source: "measured on MCUboot 2d4bacc3 (unmodified bootutil, compiled for the host)",
  },
  {
    name: "U11",
    modes: ["move"],
    needs: ["own fix", "downgrade prevention", "application upload", "revert cut"],
    shownBy: { scenario: "faults/U11", board: "small/move-no-downgrade" },
    versions: "to this day; no issue known",
    what: "A revert that was cut looks like an upgrade to an older version, and downgrade prevention erases the fallback. A board shows 'erased due to downgrade prevention', and the rejected image for ever.",
    fix: "the secondary trailer of a revert names its type, and downgrade prevention lets a revert pass",
    source: "measured on MCUboot 2d4bacc3 (unmodified bootutil, compiled for the host)",
  },
] as const satisfies readonly UpstreamDefectRow[];

/** Bugs that every generation so far has, and that a build may have mended (`BootloaderBuild.fixes`). */
export const FIX_NAMES = ["U1", "U11"] as const;
export type FixName = (typeof FIX_NAMES)[number];
