import { ConfigurationError, nearest } from "../../core/index.ts";
import type { NetCoreRuleName } from "./net-core-rules.ts";
import type { Release } from "./release.ts";

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
  /** Releases of nRF Connect SDK that carry it or are nearest to it, by the dates of sdk-mcuboot's tags. */
  readonly ncs: string;
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
  /** nRF5340: how it decides that an image is for the network core (R35). */
  readonly netCoreRule: NetCoreRuleName;
  readonly source: string;
}

const current = {
  revertNeedsSecondaryUnset: false,
  clearsStuckRevert: true,
  readsSwapSizeForHeaders: true,
  erasesRanges: false,
  savesTlvSizes: true,
  shortScratchTrailer: true,
  clearsSecondaryTrailerFirst: true,
  decryptsIntoPrimary: true,
  cryptsPastTinyBody: false,
  overrunSpoilsSectors: false,
  cryptAssert: "boot_enc_encrypt",
  headerCountsProtectedTlvs: true,
  refusesForeignFlags: true,
  imageLimit: "swap",
  refusalErasesFirst: false,
  assertions: "abort",
  badMagicErasesSlot: false,
  requestNamesImage: true,
  cleansUnusable: true,
  recoveryImageInEachChunk: false,
  netCoreRule: "vector-in-range",
} as const;

const before24 = { ...current, refusalErasesFirst: true } as const;

const before23 = {
  ...before24,
  savesTlvSizes: false,
  cryptsPastTinyBody: true,
  badMagicErasesSlot: true,
  assertions: "off",
} as const;

const before22 = {
  ...before23,
  revertNeedsSecondaryUnset: true,
  clearsStuckRevert: false,
  erasesRanges: true,
  clearsSecondaryTrailerFirst: false,
  decryptsIntoPrimary: false,
  cryptAssert: "boot_encrypt",
  headerCountsProtectedTlvs: false,
  refusesForeignFlags: false,
  imageLimit: "status",
} as const;

/** Oldest first. */
export const GENERATIONS = [
  {
    ...before22,
    name: "ncs-1.7",
    release: "1.7.99",
    ncs: "1.7.0 to 1.7.1",
    banner: ["*** Booting Zephyr OS build v2.6.99-ncs1-1  ***"],
    readsSwapSizeForHeaders: false,
    shortScratchTrailer: false,
    imageLimit: "none",
    requestNamesImage: false,
    cleansUnusable: false,
    recoveryImageInEachChunk: true,
    netCoreRule: "vector-by-pointer",
    source: "sdk-mcuboot tag v1.7.99-ncs3",
  },
  {
    ...before22,
    name: "1.10.0",
    release: "1.10",
    ncs: "2.3 to 2.4",
    banner: ["*** Booting Zephyr OS build v3.3.99-ncs1 ***"],
    requestNamesImage: false,
    cleansUnusable: false,
    recoveryImageInEachChunk: true,
    netCoreRule: "vector-from-slot",
    source: "MCUboot tag v1.10.0",
  },
  {
    ...before22,
    name: "2.1.0",
    release: "2.1",
    ncs: "2.7 to 2.9",
    banner: ["*** Booting MCUboot v2.1.0-dev ***", "*** Using nRF Connect SDK v2.7.0 ***"],
    netCoreRule: "vector-from-slot",
    source: "MCUboot tag v2.1.0",
  },
  {
    ...before23,
    name: "2.2.0",
    release: "2.2",
    ncs: "3.0 to 3.1",
    banner: ["*** Booting MCUboot v2.1.0-dev ***", "*** Using nRF Connect SDK v3.0.0 ***"],
    overrunSpoilsSectors: true,
    source: "MCUboot tag v2.2.0; sdk-mcuboot v2.1.0-ncs5 and v2.2.0-rc1-ncs1 have the same columns (read, not run)",
  },
  {
    ...before24,
    name: "2.3.0",
    release: "2.3",
    ncs: "3.2 to 3.3",
    banner: ["*** Booting MCUboot v2.3.0-dev ***", "*** Using nRF Connect SDK v3.3.1 ***"],
    source: "MCUboot tag v2.3.0 (read, not run)",
  },
  {
    ...current,
    name: "current",
    release: "2.4.99",
    ncs: "later than 3.3",
    banner: ["*** Booting MCUboot v2.4.0-dev ***", "*** Using nRF Connect SDK v3.1.99 ***"],
    source:
      "MCUboot 2d4bacc3 (after v2.4.0); sdk-mcuboot e994ef4e refuses as 2.3.0 does: erase, then line (read, not run)",
  },
] as const satisfies readonly GenerationRow[];

export type GenerationName = (typeof GENERATIONS)[number]["name"];

/**
 * The row of a generation.
 * @throws ConfigurationError for an unknown name, listing the known ones.
 */
export function generation(name: string): GenerationRow {
  const row = GENERATIONS.find((candidate) => candidate.name === name);
  if (row !== undefined) return row;
  const names = GENERATIONS.map((candidate) => candidate.name);
  const near = nearest(name, names);
  throw new ConfigurationError(
    `no MCUboot generation is named "${name}".`,
    `${near === undefined ? "" : `Did you mean "${near}"? `}Known are ${names.join(", ")}.`,
  );
}
