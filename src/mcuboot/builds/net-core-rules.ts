import { B0N_CONTAINER, NET_APP } from "./net-core-map.ts";

/** Which word of a candidate in the secondary slot tells for which core it is. */
type DecidingWord =
  /** Word 1 of the stored body, through a pointer made of the slot's flash offset: right for internal flash only. */
  | "reset vector, by pointer"
  /** The same word, read from the slot with the flash driver. */
  | "reset vector, from slot"
  /** ih_load_addr of the header, which is never encrypted. */
  | "load address";

/** How a release of nRF Connect SDK decides "this image is for the network core", one image pair. */
interface NetCoreRuleRow {
  readonly name: string;
  /** Releases of nRF Connect SDK that decide so. */
  readonly ncs: string;
  readonly word: DecidingWord;
  /** For the network core when `from` <= word < `end`. */
  readonly from: number;
  readonly end: number;
  /** MCUboot as second stage drops a candidate that points out of the primary slot, without a word: also one for the
   * network core (true), or not such a one (false). */
  readonly secondStageDropsNet: boolean;
  /** The candidate is erased after the attempt, whatever it came to; before, a failed one stayed and was tried again. */
  readonly erasesCandidate: boolean;
  readonly source: string;
}

const END_OF_WORDS = 2 ** 32;
const above = { from: B0N_CONTAINER.address + 1, end: END_OF_WORDS } as const;
const inside = { from: NET_APP.address, end: NET_APP.endAddress } as const;

/** Oldest first. The first three take an encrypted application image for one of the network core, 255 times of 256. */
export const NET_CORE_RULES = [
  {
    name: "vector-by-pointer",
    ncs: "1.5 to 1.9",
    word: "reset vector, by pointer",
    ...above,
    secondStageDropsNet: true,
    erasesCandidate: false,
    source: "sdk-mcuboot v1.7.99-ncs3 loader.c boot_validated_swap_type",
  },
  {
    name: "vector-by-pointer-2.0",
    ncs: "2.0 to 2.2",
    word: "reset vector, by pointer",
    ...above,
    secondStageDropsNet: false,
    erasesCandidate: false,
    source: "sdk-mcuboot 129b6312 (v1.9.99-ncs1)",
  },
  {
    name: "vector-from-slot",
    ncs: "2.3 to 2.7",
    word: "reset vector, from slot",
    ...above,
    secondStageDropsNet: false,
    erasesCandidate: false,
    source: "sdk-mcuboot b3cbbb2c (v1.9.99-ncs4)",
  },
  {
    name: "vector-in-range",
    ncs: "2.8 to 3.3",
    word: "reset vector, from slot",
    ...inside,
    secondStageDropsNet: false,
    erasesCandidate: false,
    source: "sdk-mcuboot abf50086 (v2.1.0-ncs2)",
  },
  {
    name: "load-address",
    ncs: "3.4 and later, without Partition Manager",
    word: "load address",
    ...inside,
    secondStageDropsNet: false,
    erasesCandidate: true,
    source: "sdk-mcuboot 348bc330 and 6f5a54c3 (2026). Read, not run",
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
export function isForNetCore({ from, end }: Pick<NetCoreRuleRow, "from" | "end">, word: number): boolean {
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
