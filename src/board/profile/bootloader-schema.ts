import { z } from "zod";
import {
  ASSERTIONS,
  CRYPTO_TIMES,
  FIX_NAMES,
  GENERATIONS,
  LIFE_CYCLES,
  MODE_NAMES,
  NET_CORE_RULES,
  RECOVERY_WAYS,
} from "../../mcuboot/index.ts";

/** Milliseconds, from 0. */
export const ms = (max: number) => z.number().min(0).max(max);
/** Names of the rows of a table. */
export const namesOf = <T extends string>(rows: readonly { readonly name: T }[]) => rows.map((row) => row.name);
/** 1, 2, 4 … */
export const powerOfTwo = (most: number) =>
  z
    .int()
    .min(1)
    .max(most)
    .refine((value) => (value & (value - 1)) === 0, { error: "expected a power of two" });

/** How a bootloader was built: its section of a profile. */
export const BOOTLOADER_SECTION = z.strictObject({
  generation: z.enum(namesOf(GENERATIONS)).default("current").describe("Which MCUboot; docs/commands.md lists them."),
  mode: z.enum(MODE_NAMES).default("swap-move"),
  max_align: z.literal([8, 16, 32]).default(8).describe("BOOT_MAX_ALIGN"),
  write_bytes: powerOfTwo(32).default(4).describe("Write unit of the flash."),
  max_image_sectors: z.int().min(1).max(4096).default(128).describe("CONFIG_BOOT_MAX_IMG_SECTORS"),
  tlv_allow_list: z
    .boolean()
    .default(true)
    .describe(
      "CONFIG_MCUBOOT_USE_TLV_ALLOW_LIST: unlisted TLVs outside the protected area are refused; on by default.",
    ),
  validate_primary: z.boolean().default(true).describe("CONFIG_BOOT_VALIDATE_SLOT0"),
  validate_once: z
    .boolean()
    .default(false)
    .describe("CONFIG_BOOT_VALIDATE_SLOT0_ONCE: single-slot with validate_primary: false; found valid once is valid."),
  image_ram: z
    .strictObject({ offset: z.int().min(0), bytes: z.int().min(1) })
    .default({ offset: 0x2000_0000, bytes: 0x8_0000 })
    .describe("ram-load: CONFIG_BOOT_IMAGE_EXECUTABLE_RAM_START and _SIZE; default: all RAM of the application core."),
  save_enctlv: z.boolean().default(false).describe("CONFIG_BOOT_SWAP_SAVE_ENCTLV"),
  fixes: z.array(z.enum(FIX_NAMES)).default([]).describe("Known bugs that this build of it has no more."),
  downgrade_prevention: z.boolean().default(false).describe("CONFIG_MCUBOOT_DOWNGRADE_PREVENTION, by version"),
  assertions: z
    .enum(ASSERTIONS)
    .optional()
    .describe(
      "What a failed assertion does: off (nothing: minimal libc), abort (prints abort(), picolibc), on (ends the boot); " +
        "default: as its generation is built.",
    ),
  crypto: z
    .enum(namesOf(CRYPTO_TIMES))
    .default("tinycrypt")
    .describe("What it computes hashes, signatures and ciphers with: how long that takes. Only tinycrypt is measured."),
  network_core_upgrade: z
    .boolean()
    .default(false)
    .describe("CONFIG_NRF53_UPGRADE_NETWORK_CORE: updates of the network core go through the application's slots."),
  network_core_rule: z
    .enum(namesOf(NET_CORE_RULES))
    .optional()
    .describe("How it tells such an update from an application; default: as its generation does."),
  recovery: z
    .array(z.enum(namesOf(RECOVERY_WAYS)))
    .default(["boot-mode"])
    .describe(
      `Ways into serial recovery that it is built with: ${RECOVERY_WAYS.map(({ name, option }) => `${name} is ${option}`).join(", ")}.`,
    ),
  recovery_params: z
    .boolean()
    .optional()
    .describe("CONFIG_BOOT_MGMT_MCUMGR_PARAMS: serial recovery tells its buffer; default: where its generation can."),
  recovery_inactivity_ms: ms(3_600_000)
    .default(0)
    .describe(
      "CONFIG_BOOT_SERIAL_INACTIVITY_TIMEOUT: recovery entered by boot-mode or wait resets the board after so long without a command; 0: never.",
    ),
  recovery_wait_ms: ms(60_000).default(500).describe("CONFIG_BOOT_SERIAL_WAIT_FOR_DFU_TIMEOUT, for recovery: [wait]."),
  check_load_address: z
    .boolean()
    .optional()
    .describe(
      "CONFIG_MCUBOOT_CHECK_HEADER_LOAD_ADDRESS (nRF Connect SDK 3.4): images whose header names another slot are erased; " +
        "default: with network_core_rule load-address and one pair of slots.",
    ),
  verify_image_address: z
    .boolean()
    .optional()
    .describe(
      "CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS: updates whose reset vector lies outside their slot are refused; default: as its " +
        "generation is built: overwrite only, several images, no decryption, no check_load_address.",
    ),
  life_cycle: z
    .enum(namesOf(LIFE_CYCLES))
    .optional()
    .describe(
      "CONFIG_NCS_MCUBOOT_LCS_AWARE (nRF Connect SDK 3.4, with second_stage): the state that the board's life is in; default: MCUboot does not look.",
    ),
  second_stage: z.boolean().default(false).describe("nRF5340: MCUboot is itself started by NSIB."),
});
