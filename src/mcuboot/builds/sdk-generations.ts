import { before22, before23, before24, type GenerationColumns } from "./generation-columns.ts";
import type { GenerationRow } from "./generation-row.ts";

/*
 * MCUboot as nRF Connect SDK has it. Columns were read in sdk-mcuboot at the tag that a row names (loader.c, swap_*.c,
 * bootutil_*.c, boot_serial.c, prj.conf), and compared with the tag before it; none of these rows was run. Which tag
 * belongs to which release up to 3.0 goes by dates.
 */

const ncs17 = {
  ...before22,
  readsSwapSizeForHeaders: false,
  shortScratchTrailer: false,
  imageLimit: "none",
  preventsSwapDowngrades: false,
  requestNamesImage: false,
  cleansUnusable: false,
  recoveryImageInEachChunk: true,
  verifiesResetAddress: false,
  netCoreRule: "vector-by-pointer",
} as const satisfies GenerationColumns;

const ncs19 = { ...ncs17, shortScratchTrailer: true, verifiesResetAddress: true } as const;
const ncs20 = { ...ncs19, netCoreRule: "vector-by-pointer-2.0" } as const;
const ncs22 = { ...ncs20, imageLimit: "status", preventsSwapDowngrades: true } as const;
const ncs23 = { ...ncs22, netCoreRule: "vector-from-slot" } as const;
const ncs24 = { ...ncs23, readsSwapSizeForHeaders: true } as const;
const ncs25 = { ...ncs24, requestNamesImage: true, recoveryImageInEachChunk: false } as const;
const ncs26 = { ...ncs25, cleansUnusable: true } as const;

const ncs28 = {
  ...ncs26,
  decryptsIntoPrimary: true,
  cryptAssert: "boot_enc_encrypt",
  headerCountsProtectedTlvs: true,
  refusesForeignFlags: true,
  netCoreRule: "vector-in-range",
  movesOwnUpdate: true,
} as const satisfies GenerationColumns;

const ncs30 = {
  ...before23,
  erasesRanges: true,
  imageLimit: "status",
  movesOwnUpdate: true,
} as const satisfies GenerationColumns;

/** Behind NSIB; source: sdk-mcuboot af9d2860, in tag ncs-v3.1.1 bootutil_max_image_size. */
const ownUpdates = { movesOwnUpdate: true, ownUpdateFillsSlot: true } as const;

const ncs31 = { ...before23, ...ownUpdates, assertions: "abort" } as const satisfies GenerationColumns;
const ncs32 = { ...before24, ...ownUpdates } as const satisfies GenerationColumns;

/** Oldest first. */
export const SDK_GENERATIONS = [
  {
    ...ncs17,
    name: "ncs-1.7",
    release: "1.7.99",
    ncs: "1.7",
    sdk: { from: "1.7", to: "1.7.99" },
    banner: ["*** Booting Zephyr OS build v2.6.99-ncs1-1  ***"],
    source: "sdk-mcuboot tag v1.7.99-ncs3 (b514a319)",
  },
  {
    ...ncs17,
    name: "ncs-1.8",
    release: "1.7.99",
    ncs: "1.8",
    sdk: { from: "1.8", to: "1.8.99" },
    banner: ["*** Booting Zephyr OS build v2.7.0-ncs1  ***"],
    source: "sdk-mcuboot tag v1.7.99-ncs4 (800d4756): the files that this models are those of ncs-1.7",
  },
  {
    ...ncs19,
    name: "ncs-1.9",
    release: "1.8.99",
    ncs: "1.9",
    sdk: { from: "1.9", to: "1.9.99" },
    banner: ["*** Booting Zephyr OS build v2.7.99-ncs1  ***"],
    source: "sdk-mcuboot tag v1.8.99-ncs1 (17f6d045)",
  },
  {
    ...ncs20,
    name: "ncs-2.0",
    release: "1.9.99",
    ncs: "2.0 to 2.1",
    sdk: { from: "2.0", to: "2.1.99" },
    banner: ["*** Booting Zephyr OS build v3.0.99-ncs1  ***"],
    source: "sdk-mcuboot tags v1.9.99-ncs1 (129b6312) and v1.9.99-ncs2 (bf00840a)",
  },
  {
    ...ncs22,
    name: "ncs-2.2",
    release: "1.9.99",
    ncs: "2.2",
    sdk: { from: "2.2", to: "2.2.99" },
    banner: ["*** Booting Zephyr OS build v3.2.99-ncs1 ***"],
    source: "sdk-mcuboot tag v1.9.99-ncs3 (78fd7ff9)",
  },
  {
    ...ncs23,
    name: "ncs-2.3",
    release: "1.9.99",
    ncs: "2.3",
    sdk: { from: "2.3", to: "2.3.99" },
    banner: ["*** Booting Zephyr OS build v3.2.99-ncs2 ***"],
    source: "sdk-mcuboot tag v1.9.99-ncs4 (9c58609b): swap_move.c is that of 2.0, with R11",
  },
  {
    ...ncs24,
    name: "ncs-2.4",
    release: "1.10",
    ncs: "2.4",
    sdk: { from: "2.4", to: "2.4.99" },
    banner: ["*** Booting Zephyr OS build v3.3.99-ncs1 ***"],
    source: "sdk-mcuboot tag v1.10.0-ncs1 (d5d451ec)",
  },
  {
    ...ncs25,
    name: "ncs-2.5",
    release: "1.10.99",
    ncs: "2.5",
    sdk: { from: "2.5", to: "2.5.99" },
    banner: ["*** Booting nRF Connect SDK v2.5.2 ***"],
    source: "sdk-mcuboot tag v1.10.99-ncs1 (28916642)",
  },
  {
    ...ncs26,
    name: "ncs-2.6",
    release: "2.0.99",
    ncs: "2.6",
    sdk: { from: "2.6", to: "2.6.99" },
    banner: ["*** Booting mcuboot v3.5.99-ncs1-1 ***"],
    source: "sdk-mcuboot tag v2.0.99-ncs1 (3c2f2ff1); banner: DevZone 118101",
  },
  {
    ...ncs26,
    name: "ncs-2.7",
    release: "2.1",
    ncs: "2.7",
    sdk: { from: "2.7", to: "2.7.99" },
    banner: [
      "*** Booting MCUboot v2.1.0-dev ***",
      "*** Using nRF Connect SDK v2.7.0 ***",
      "*** Using Zephyr OS v3.6.99 ***",
    ],
    source: "sdk-mcuboot tag v2.1.0-ncs1 (daf2946a)",
  },
  {
    ...ncs28,
    name: "ncs-2.8",
    release: "2.1.99",
    ncs: "2.8 to 2.9",
    sdk: { from: "2.8", to: "2.9.99" },
    banner: [
      "*** Booting MCUboot v2.1.0-dev ***",
      "*** Using nRF Connect SDK v2.9.0 ***",
      "*** Using Zephyr OS v3.7.99 ***",
    ],
    source: "sdk-mcuboot tags v2.1.0-ncs2 (4594a869) and v2.1.0-ncs3 (12e5ee10)",
  },
  {
    ...ncs30,
    name: "ncs-3.0",
    release: "2.2",
    ncs: "3.0",
    sdk: { from: "3.0", to: "3.0.99" },
    banner: [
      "*** Booting MCUboot v2.1.0-dev ***",
      "*** Using nRF Connect SDK v3.0.0 ***",
      "*** Using Zephyr OS v4.0.99 ***",
    ],
    source: "sdk-mcuboot tag v2.1.0-ncs5 (ae1ee57f)",
  },
  {
    ...ncs31,
    name: "ncs-3.1",
    release: "2.2",
    ncs: "3.1",
    sdk: { from: "3.1", to: "3.1.99" },
    banner: [
      "*** Booting MCUboot v2.1.0-dev ***",
      "*** Using nRF Connect SDK v3.1.1 ***",
      "*** Using Zephyr OS v4.1.99 ***",
    ],
    source: "sdk-mcuboot tag ncs-v3.1.1; banner: DevZone 126603",
  },
  {
    ...ncs32,
    name: "ncs-3.2",
    release: "2.2.99",
    ncs: "3.2",
    sdk: { from: "3.2", to: "3.2.99" },
    banner: [
      "*** Booting MCUboot v2.3.0-dev ***",
      "*** Using nRF Connect SDK v3.2.1 ***",
      "*** Using Zephyr OS v4.2.99 ***",
    ],
    source: "sdk-mcuboot tags ncs-v3.2.0 to ncs-v3.2.5",
  },
  {
    ...ncs32,
    name: "ncs-3.3",
    release: "2.2.99",
    ncs: "3.3",
    sdk: { from: "3.3", to: "3.3.99" },
    banner: [
      "*** Booting MCUboot v2.3.0-dev ***",
      "*** Using nRF Connect SDK v3.3.1 ***",
      "*** Using Zephyr OS v4.3.99 ***",
    ],
    source: "sdk-mcuboot tags ncs-v3.3.0 to ncs-v3.3.2",
  },
  {
    ...ncs32,
    name: "ncs-3.4.0",
    release: "2.2.99",
    ncs: "3.4.0",
    sdk: { from: "3.4", to: "3.4" },
    banner: [
      "*** Booting MCUboot v2.3.0-dev ***",
      "*** Using nRF Connect SDK v3.4.0 ***",
      "*** Using Zephyr OS v4.4.0 ***",
    ],
    netCoreRule: "load-address-3.4.0",
    resetVectorWord: 1,
    tellsLifeCycle: true,
    source: "sdk-mcuboot tag ncs-v3.4.0 (c1d2d128)",
  },
  {
    ...ncs32,
    name: "ncs-3.4",
    release: "2.2.99",
    ncs: "3.4.1 and later",
    sdk: { from: "3.4.99", to: "3.4.99" },
    banner: [
      "*** Booting MCUboot v2.3.0-dev ***",
      "*** Using nRF Connect SDK v3.4.1 ***",
      "*** Using Zephyr OS v4.4.2 ***",
    ],
    netCoreRule: "load-address",
    resetVectorWord: 1,
    tellsLifeCycle: true,
    source: "sdk-mcuboot branch ncs-v3.4-branch (579b35f8, 17 August 2026)",
  },
  {
    ...ncs32,
    name: "ncs-main",
    release: "2.2.99",
    ncs: "main, towards 3.5",
    sdk: { from: "3.5" },
    banner: [
      "*** Booting MCUboot v2.3.0-dev ***",
      "*** Using nRF Connect SDK v3.4.99 ***",
      "*** Using Zephyr OS v4.4.99 ***",
    ],
    netCoreRule: "load-address",
    resetVectorWord: 1,
    tellsLifeCycle: true,
    source: "sdk-mcuboot main (e994ef4e, 21 August 2026)",
  },
] as const satisfies readonly GenerationRow[];
