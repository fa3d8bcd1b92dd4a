import {
  type AnyKey,
  type HashName,
  keyWrapRow,
  type MaxAlign,
  type PrivateKey,
  type WrappingKey,
} from "../../image/index.ts";
import type { BootMode } from "./boot-mode.ts";
import type { CryptoName } from "./crypto-times.ts";
import type { DefectName } from "./defects.ts";
import type { Assertions, GenerationRow } from "./generation-row.ts";
import type { LifeCycleRow } from "./life-cycle.ts";
import type { NetCoreBuild } from "./net-core-rules.ts";
import type { BuildRecovery } from "./recovery-ways.ts";
import type { FixName } from "./upstream-defects.ts";

/** A part of the flash device. */
export interface Area {
  /** Device offset of its first byte. */
  readonly offset: number;
  readonly bytes: number;
  /**
   * nRF5340, primary slot of the network core's image: a buffer in RAM from which the network core is updated. The
   * offset is an address there. CONFIG_NRF53_MULTI_IMAGE_UPDATE; overwrite mode only.
   */
  readonly inRam?: boolean;
}

/** The two slots of one image; with a single slot, the other one has no bytes. */
export interface ImageAreas {
  readonly primary: Area;
  readonly secondary: Area;
}

/**
 * Where MCUboot lies on a board with NSIB, which starts the newer of two. Each half begins with room for MCUboot's own
 * image header. Source: sdk-nrf partition manager, s0 and s1.
 */
export interface NsibAreas {
  readonly s0: Area;
  readonly s1: Area;
}

/** Encryption built into a bootloader: one kind of wrapped key, one private key. */
export interface BuildEncryption {
  readonly key: PrivateKey | WrappingKey;
  /** TLV type that carries the wrapped image key. */
  readonly tlvType: number;
  readonly aesKeyBytes: 16 | 32;
  /** MCUBOOT_SWAP_SAVE_ENCTLV: the trailer keeps the wrapped key instead of the AES key. */
  readonly saveTlv: boolean;
}

/** The signature check built into a bootloader. */
export interface BuildSignature {
  /** Undefined: no signature is looked for, only the hash. */
  readonly key?: AnyKey | undefined;
  /** Further keys that it takes, all of one type: an image's KEYHASH says which one is meant. */
  readonly others?: readonly AnyKey[] | undefined;
  readonly hash: HashName;
}

/** One build of MCUboot for one board: everything that its behaviour depends on but the flash content. */
export interface BootloaderBuild {
  readonly generation: GenerationRow;
  readonly mode: BootMode;
  readonly images: readonly ImageAreas[];
  /** Swap using scratch only. */
  readonly scratch?: Area;
  /** Erase unit in bytes (nRF5340 app core: 4096). */
  readonly sectorBytes: number;
  /** Write unit in bytes (nRF5340: 4). */
  readonly writeBytes: number;
  readonly maxAlign: MaxAlign;
  /** BOOT_MAX_IMG_SECTORS: sizes the swap status; a swap in progress survives no change of it. */
  readonly maxImgSectors: number;
  readonly signature: BuildSignature;
  readonly encryption?: BuildEncryption;
  /** nRF5340 only: updates of the network core through the application's slots. */
  readonly netCore?: NetCoreBuild;
  /** The halves that NSIB starts MCUboot from; with `netCore.secondStage`. Default: one MCUboot, never updated. */
  readonly nsib?: NsibAreas;
  /** CONFIG_NCS_MCUBOOT_LCS_AWARE, and the state that the board is in; default: it does not look. */
  readonly lifeCycle?: LifeCycleRow;
  /** MCUBOOT_VALIDATE_PRIMARY_SLOT. */
  readonly validatePrimarySlot: boolean;
  /**
   * MCUBOOT_VALIDATE_PRIMARY_SLOT_ONCE, with a single slot and without the above: an image that was found valid is
   * marked so in its trailer, and not looked at again. Default: off.
   */
  readonly validatesOnce?: boolean;
  /** MCUBOOT_OVERWRITE_ONLY_FAST: only the sectors that the image needs. */
  readonly overwriteFast: boolean;
  /** MCUBOOT_DIRECT_XIP_REVERT, MCUBOOT_RAM_LOAD_REVERT. */
  readonly xipRevert: boolean;
  /** RAM load: where images may be loaded to. CONFIG_BOOT_IMAGE_EXECUTABLE_RAM_START and _SIZE; needed by that mode. */
  readonly imageRam?: { readonly offset: number; readonly bytes: number };
  /** MCUBOOT_DOWNGRADE_PREVENTION, by version. */
  readonly downgradePrevention: boolean;
  /** MCUBOOT_VERIFY_IMG_ADDRESS: an image whose reset vector lies outside its primary slot is refused. */
  readonly verifyAddress?: boolean;
  /** MCUBOOT_CHECK_HEADER_LOAD_ADDRESS: the same by the header's load address; takes the place of the other. */
  readonly checksLoadAddress?: boolean;
  /** MCUBOOT_USE_TLV_ALLOW_LIST: only listed types may stand in the unprotected area; default: off. */
  readonly tlvAllowList?: boolean;
  readonly bootstrap: boolean;
  /** MCUBOOT_SERIAL; default: not built in. */
  readonly recovery?: BuildRecovery;
  readonly versionCmpUsesBuild: boolean;
  /** What it computes hashes, signatures and ciphers with: how long that takes. */
  readonly crypto: CryptoName;
  /** What a failed assertion does; default: as in its generation. */
  readonly assertions?: Assertions;
  /** Bugs of the generation that this build has no more. */
  readonly fixes?: ReadonlySet<FixName>;
  /** Faults switched on; empty for a bootloader as it is. */
  readonly defects: ReadonlySet<DefectName>;
  /** False: every image check is carried out, even on a content already known. */
  readonly memoise: boolean;
}

/** What a build is when nothing else is said. */
const BUILD_DEFAULTS = {
  sectorBytes: 4096,
  writeBytes: 4,
  maxAlign: 8,
  maxImgSectors: 128,
  validatePrimarySlot: true,
  overwriteFast: true,
  xipRevert: false,
  downgradePrevention: false,
  bootstrap: false,
  versionCmpUsesBuild: false,
  crypto: "tinycrypt",
  defects: new Set<DefectName>(),
  memoise: true,
} as const satisfies Partial<BootloaderBuild>;

/** A build from what differs from `BUILD_DEFAULTS`. */
export function bootloaderBuild(
  options: Omit<BootloaderBuild, keyof typeof BUILD_DEFAULTS> & Partial<BootloaderBuild>,
): BootloaderBuild {
  return { ...BUILD_DEFAULTS, ...options };
}

/** What a failed assertion does in a build. */
export function assertionsOf(build: BootloaderBuild): Assertions {
  return build.assertions ?? build.generation.assertions;
}

/**
 * Length of the data of the TLV that carries a wrapped key, in bytes. Source: MCUboot enc_key_public.h
 * BOOT_ENC_TLV_SIZE.
 */
export function keyTlvBytes(encryption: BuildEncryption): number {
  const row = keyWrapRow(encryption.tlvType);
  if (row?.method === "RSA-OAEP") return 256;
  if (row?.method === "AES-KW") return encryption.aesKeyBytes + 8;
  return (row?.ephemeralBytes ?? 0) + (row?.macBytes ?? 0) + encryption.aesKeyBytes;
}

/** Bytes of one key slot in the trailer before alignment; 0 without encryption. */
export function keySlotBytes(build: BootloaderBuild): number {
  const { encryption } = build;
  if (encryption === undefined) return 0;
  return encryption.saveTlv ? keyTlvBytes(encryption) : encryption.aesKeyBytes;
}
