import { B0N_CONTAINER, NET_APP } from "./net-core-map.ts";

/** Which word of a candidate in the secondary slot tells for which core it is. */
type DecidingWord =
  /** Word 1 of the stored body, through a pointer made of the slot's flash offset: right for internal flash only. */
  | "reset vector, by pointer"
  /** The same word, read from the slot with the flash driver. */
  | "reset vector, from slot"
  /** ih_load_addr of the header, which is never encrypted. */
  | "load address";

/** `from` <= word < `end`. */
interface Words {
  readonly from: number;
  readonly end: number;
}

/** How a release of nRF Connect SDK decides "this image is for the network core", one image pair. */
interface NetCoreRuleRow {
  readonly name: string;
  /** Releases of nRF Connect SDK that decide so. */
  readonly ncs: string;
  readonly word: DecidingWord;
  /** For the network core when the word is one of these. */
  readonly words: Words;
  /** MCUboot as second stage drops a candidate that points out of the primary slot, without a word. Not such a one: */
  readonly secondStageKeeps: Words | undefined;
  /** The first address behind the primary slot is still taken for one in it there. */
  readonly secondStageTakesEnd: boolean;
  /** The request goes after the attempt, whatever it came to; before, a failed one stayed and was tried again. */
  readonly alwaysDropsRequest: boolean;
  /** With downgrade prevention, the network core is asked for its version first (CONFIG_PCD_READ_NETCORE_APP_VERSION). */
  readonly asksVersion: boolean;
  /** The check of load addresses lets an image of the network core pass in the application's slot. */
  readonly addressCheckTakesNet: boolean;
  readonly source: string;
}

const END_OF_WORDS = 2 ** 32;
const above = { from: B0N_CONTAINER.address + 1, end: END_OF_WORDS } as const;
const inside = { from: NET_APP.address, end: NET_APP.endAddress } as const;

/** Up to nRF Connect SDK 3.3. */
const byVector = {
  secondStageTakesEnd: true,
  alwaysDropsRequest: false,
  asksVersion: false,
  addressCheckTakesNet: false,
} as const;

const keepsFromB0n = { from: B0N_CONTAINER.address, end: END_OF_WORDS } as const;

/** Oldest first. The first three take an encrypted application image for one of the network core, 255 times of 256. */
export const NET_CORE_RULES = [
  {
    ...byVector,
    name: "vector-by-pointer",
    ncs: "1.5 to 1.9",
    word: "reset vector, by pointer",
    words: above,
    secondStageKeeps: undefined,
    source: "sdk-mcuboot v1.7.99-ncs3 loader.c boot_validated_swap_type",
  },
  {
    ...byVector,
    name: "vector-by-pointer-2.0",
    ncs: "2.0 to 2.2",
    word: "reset vector, by pointer",
    words: above,
    secondStageKeeps: keepsFromB0n,
    source: "sdk-mcuboot 129b6312 (v1.9.99-ncs1)",
  },
  {
    ...byVector,
    name: "vector-from-slot",
    ncs: "2.3 to 2.7",
    word: "reset vector, from slot",
    words: above,
    secondStageKeeps: keepsFromB0n,
    source: "sdk-mcuboot b3cbbb2c (v1.9.99-ncs4)",
  },
  {
    ...byVector,
    name: "vector-in-range",
    ncs: "2.8 to 3.3, and later with Partition Manager",
    word: "reset vector, from slot",
    words: inside,
    secondStageKeeps: inside,
    source: "sdk-mcuboot abf50086 (v2.1.0-ncs2)",
  },
  {
    ...byVector,
    name: "load-address-3.4.0",
    ncs: "3.4.0, without Partition Manager",
    word: "load address",
    words: inside,
    secondStageKeeps: inside,
    secondStageTakesEnd: false,
    source: "sdk-mcuboot tag ncs-v3.4.0: 348bc330, 8c3de1e4. Read, not run",
  },
  {
    name: "load-address",
    ncs: "3.4.1 and later, without Partition Manager",
    word: "load address",
    words: inside,
    secondStageKeeps: inside,
    secondStageTakesEnd: false,
    alwaysDropsRequest: true,
    asksVersion: true,
    addressCheckTakesNet: true,
    source: "sdk-mcuboot 0dedc5ce, 6f5a54c3, 910d0b6a (2026). Read, not run",
  },
] as const satisfies readonly NetCoreRuleRow[];

export type NetCoreRuleName = (typeof NET_CORE_RULES)[number]["name"];

/** The row of a rule. */
export function netCoreRule(name: NetCoreRuleName): NetCoreRuleRow {
  const row = NET_CORE_RULES.find((candidate) => candidate.name === name);
  if (row === undefined) throw new RangeError(`no rule for the network core is named "${name}"`);
  return row;
}

/**
 * What the deciding word makes of a candidate.
 * @param word 32 bits; 0 where nothing could be read.
 */
export function isForNetCore({ words }: Pick<NetCoreRuleRow, "words">, word: number): boolean {
  return isAmong(words, word);
}

export function isAmong({ from, end }: Words, word: number): boolean {
  return word >= from && word < end;
}

/** What of a bootloader build decides about the network core; a build for another chip has none of it. */
export interface NetCoreBuild {
  readonly rule: NetCoreRuleRow;
  /** CONFIG_NRF53_UPGRADE_NETWORK_CORE: b0n and its partition are part of the build. */
  readonly upgrades: boolean;
  /** MCUboot is itself started by another bootloader (NSIB). */
  readonly secondStage: boolean;
  /**
   * The secondary slot lies on external flash, at this offset there. Rules that go by a pointer then read the internal
   * flash at the same offset (DevZone 89742).
   */
  readonly externalSecondaryOffset?: number;
}
