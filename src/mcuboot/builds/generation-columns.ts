import type { GenerationRow } from "./generation-row.ts";

/** What a release does, without who it is. */
export type GenerationColumns = Omit<GenerationRow, "name" | "release" | "ncs" | "sdk" | "banner" | "source">;

/** MCUboot after 2.4.0; each of the others says what differs from the one before it. */
export const current = {
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
  preventsSwapDowngrades: true,
  badMagicErasesSlot: false,
  requestNamesImage: true,
  cleansUnusable: true,
  recoveryImageInEachChunk: false,
  recoveryTellsBuffer: true,
  recoverySpeaksRaw: true,
  recoveryEndsIdle: true,
  tellsLifeCycle: false,
  verifiesResetAddress: true,
  resetVectorWord: 1,
  resetVectorMayBeEnd: false,
  bootstrapCopiesImage: true,
  netCoreRule: "vector-in-range",
  // NSIB is of nRF Connect SDK alone.
  movesOwnUpdate: false,
  ownUpdateFillsSlot: false,
} as const satisfies GenerationColumns;

export const before24 = {
  ...current,
  refusalErasesFirst: true,
  recoveryTellsBuffer: false,
  recoverySpeaksRaw: false,
  recoveryEndsIdle: false,
  resetVectorWord: 2,
  bootstrapCopiesImage: false,
} as const satisfies GenerationColumns;

export const before23 = {
  ...before24,
  resetVectorWord: 1,
  resetVectorMayBeEnd: true,
  savesTlvSizes: false,
  cryptsPastTinyBody: true,
  badMagicErasesSlot: true,
  assertions: "off",
} as const satisfies GenerationColumns;

export const before22 = {
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
} as const satisfies GenerationColumns;
