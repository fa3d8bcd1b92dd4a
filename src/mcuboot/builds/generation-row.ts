import type { NetCoreRuleName } from "./net-core-rules.ts";
import type { Release, ReleaseRange } from "./release.ts";

/**
 * What becomes of a failed assertion. `off`: nothing, the boot goes on (minimal C library without CONFIG_ASSERT);
 * `abort`: "abort()" is printed and the boot ends (picolibc); `on`: the boot ends, and what is printed then is not known
 * (CONFIG_ASSERT, host builds).
 */
export const ASSERTIONS = ["off", "abort", "on"] as const;

export type Assertions = (typeof ASSERTIONS)[number];

/**
 * A release of MCUboot as the model tells it apart: what it does differently is a column, never a branch on its name.
 */
export interface GenerationRow {
  readonly name: string;
  readonly release: Release;
  /** Releases of nRF Connect SDK that carry it; "-" for MCUboot's own release, as plain Zephyr takes it. */
  readonly ncs: string;
  /** The same as releases to compare with; "3.4.99" is 3.4.1 and later. */
  readonly sdk?: ReleaseRange;
  /** What the bootloader prints first under Zephyr. */
  readonly banner: readonly string[];
  /** Row 3 of the swap table asks for an erased magic in the secondary slot (R19). */
  readonly revertNeedsSecondaryUnset: boolean;
  /** Swap using move: an erased secondary slot under a due revert also clears the primary trailer (R20). */
  readonly clearsStuckRevert: boolean;
  /** Swap using move: on resume the number of sectors is read from the trailer; it was lost with RAM before (R11). */
  readonly readsSwapSizeForHeaders: boolean;
  /** One erase call covers a whole range instead of one sector. */
  readonly erasesRanges: boolean;
  /** The trailer of swap using offset keeps the sizes of the unprotected TLVs (R29). */
  readonly savesTlvSizes: boolean;
  /** The trailer in the scratch area has the status of one sector group only (R10). */
  readonly shortScratchTrailer: boolean;
  /** Swap using scratch: the secondary trailer goes before the top group is copied, not after it. */
  readonly clearsSecondaryTrailerFirst: boolean;
  /** Bodies are decrypted on their way into the primary slot. Before, whatever left the secondary slot was (R17). */
  readonly decryptsIntoPrimary: boolean;
  /** Where header and end of a body lie in one chunk, as many bytes too many are encrypted as the header has (R28). */
  readonly cryptsPastTinyBody: boolean;
  /**
   * Then, if that runs over the copy buffer, the table of primary sectors behind it is spoiled. Measured on a host
   * build; what lies behind the buffer on a board is another matter.
   */
  readonly overrunSpoilsSectors: boolean;
  /** Function named by the assertion that a copy needs a key it has not. */
  readonly cryptAssert: "boot_encrypt" | "boot_enc_encrypt";
  /** The check of a header against the slot's size counts the protected TLVs. */
  readonly headerCountsProtectedTlvs: boolean;
  /** Headers with flags that the build does not support are refused. */
  readonly refusesForeignFlags: boolean;
  /** Up to where an image may reach: anywhere, to the status entries, or as far as the mode can swap. */
  readonly imageLimit: "none" | "status" | "swap";
  /** A refused image is erased first, and "Image in the … slot is not valid!" is printed when that is done. */
  readonly refusalErasesFirst: boolean;
  /** What a failed assertion does in a build with nothing else said; the C library decides. */
  readonly assertions: Assertions;
  /** Downgrade prevention is there in the swap modes, too; before only in overwrite mode. */
  readonly preventsSwapDowngrades: boolean;
  /** An application's request on a damaged magic erases the slot (R33). */
  readonly badMagicErasesSlot: boolean;
  /** An application's request carries the image number (R13). */
  readonly requestNamesImage: boolean;
  /**
   * CONFIG_MCUBOOT_CLEANUP_UNUSABLE_SECONDARY, default on the nRF5340: a secondary slot whose image fits no primary
   * slot is erased.
   */
  readonly cleansUnusable: boolean;
  /** Serial recovery takes the image number from every chunk of an upload, not from the first alone. */
  readonly recoveryImageInEachChunk: boolean;
  /** Serial recovery can be built to tell its buffer (CONFIG_BOOT_MGMT_MCUMGR_PARAMS). */
  readonly recoveryTellsBuffer: boolean;
  /** The same for packets without frames (CONFIG_BOOT_SERIAL_RAW_PROTOCOL). */
  readonly recoverySpeaksRaw: boolean;
  /** The same for ending when nothing comes (CONFIG_BOOT_SERIAL_INACTIVITY_TIMEOUT, MCUboot PR 2830). */
  readonly recoveryEndsIdle: boolean;
  /** Its log says at each start whether it looks at the life cycle, and in which it is (CONFIG_NCS_MCUBOOT_LCS_AWARE). */
  readonly tellsLifeCycle: boolean;
  /**
   * CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS is there, and on in builds that overwrite, have several images and decrypt
   * nothing. Source: MCUboot e829e9d9, boot/zephyr/Kconfig; where headers' load addresses are looked at, it is off
   * (7a8a218e).
   */
  readonly verifiesResetAddress: boolean;
  /**
   * Which word of a body it takes for the reset vector there: 1, or by mistake 2, which is the NMI's (MCUboot 1035cc01;
   * mended by f48e87ed, in nRF Connect SDK from 3.4.0 on).
   */
  readonly resetVectorWord: 1 | 2;
  /** The first address behind the slot still counts as in it there. */
  readonly resetVectorMayBeEnd: boolean;
  /**
   * Bootstrap in the swap modes copies the image, and the secondary slot's first sector stays; before, the whole slot
   * was copied, and the ends of the secondary one erased (080e1bcd; 2.4.0 itself copied as many sectors as the
   * secondary slot has).
   */
  readonly bootstrapCopiesImage: boolean;
  /** nRF5340: how it decides that an image is for the network core (R35); another one by bootloader.network_core_rule. */
  readonly netCoreRule: NetCoreRuleName;
  /**
   * Behind NSIB: an update of MCUboot itself is moved into the half that does not run, and the board is reset. Before,
   * it went through the mode's own swap, which may overwrite the other half (af9d2860): not modelled.
   */
  readonly movesOwnUpdate: boolean;
  /** Such an update may be as long as that half; before, as the mode has it of the slot that it comes through. */
  readonly ownUpdateFillsSlot: boolean;
  readonly source: string;
}
