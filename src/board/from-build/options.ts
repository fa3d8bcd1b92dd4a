import type { ModeName } from "../../mcuboot/index.ts";
import { type BuildDomain, type BuildFolder, type Found, placeOfSymbol, symbolOf } from "./build-folder.ts";

/** Options that decide how a bootloader upgrades; the first that is set counts. Source: MCUboot boot/zephyr/Kconfig. */
export const MODE_OPTIONS: readonly { readonly symbol: string; readonly mode: ModeName | undefined }[] = [
  { symbol: "BOOT_SWAP_USING_MOVE", mode: "swap-move" },
  { symbol: "BOOT_SWAP_USING_OFFSET", mode: "swap-offset" },
  { symbol: "BOOT_SWAP_USING_SCRATCH", mode: "swap-scratch" },
  { symbol: "BOOT_UPGRADE_ONLY", mode: "overwrite-only" },
  { symbol: "BOOT_DIRECT_XIP_REVERT", mode: "direct-xip-revert" },
  { symbol: "BOOT_DIRECT_XIP", mode: "direct-xip" },
  { symbol: "BOOT_RAM_LOAD_REVERT", mode: "ram-load-revert" },
  { symbol: "BOOT_RAM_LOAD", mode: "ram-load" },
  { symbol: "BOOT_FIRMWARE_LOADER", mode: undefined },
  { symbol: "SINGLE_APPLICATION_SLOT_RAM_LOAD", mode: undefined },
  { symbol: "SINGLE_APPLICATION_SLOT", mode: "single-slot" },
];

/** Whose settings a row is about. */
type Owner = "bootloader" | "application";

interface SwitchRow {
  readonly field: string;
  readonly owner: Owner;
  readonly symbol: string;
  /** What a build says that does not know the option; undefined: the profile's default is right. */
  readonly absent: boolean | undefined;
}

/**
 * Options of a bootloader that are a yes or no of the profile. Source: MCUboot boot/zephyr/Kconfig; sdk-nrf for
 * NRF53.
 */
export const SWITCHES: readonly SwitchRow[] = [
  { field: "validate_primary", owner: "bootloader", symbol: "BOOT_VALIDATE_SLOT0", absent: false },
  { field: "validate_once", owner: "bootloader", symbol: "BOOT_VALIDATE_SLOT0_ONCE", absent: undefined },
  { field: "save_enctlv", owner: "bootloader", symbol: "BOOT_SWAP_SAVE_ENCTLV", absent: false },
  { field: "downgrade_prevention", owner: "bootloader", symbol: "MCUBOOT_DOWNGRADE_PREVENTION", absent: false },
  { field: "check_load_address", owner: "bootloader", symbol: "MCUBOOT_CHECK_HEADER_LOAD_ADDRESS", absent: false },
  { field: "verify_image_address", owner: "bootloader", symbol: "MCUBOOT_VERIFY_IMG_ADDRESS", absent: false },
];

interface ChoiceRow<T extends string> {
  readonly symbol: string;
  readonly value: T;
}

/** What computes hashes and signatures. */
export const CRYPTO_OPTIONS: readonly ChoiceRow<string>[] = [
  { symbol: "BOOT_ECDSA_CC310", value: "cryptocell" },
  { symbol: "BOOT_USE_CC310", value: "cryptocell" },
  { symbol: "BOOT_ECDSA_NRF_OBERON", value: "oberon" },
  { symbol: "BOOT_USE_NRF_OBERON", value: "oberon" },
  { symbol: "BOOT_USE_TINYCRYPT", value: "tinycrypt" },
  { symbol: "BOOT_ECDSA_TINYCRYPT", value: "tinycrypt" },
  { symbol: "BOOT_USE_PSA_CRYPTO", value: "other" },
  { symbol: "BOOT_USE_MBEDTLS", value: "mbedtls" },
];

/** What a failed assertion does, by C library. */
export const ASSERTION_OPTIONS: readonly ChoiceRow<string>[] = [
  { symbol: "ASSERT", value: "on" },
  { symbol: "MINIMAL_LIBC", value: "off" },
  { symbol: "PICOLIBC", value: "abort" },
];

export const HASH_OPTIONS: readonly ChoiceRow<string>[] = [
  { symbol: "BOOT_IMG_HASH_ALG_SHA384", value: "sha384" },
  { symbol: "BOOT_IMG_HASH_ALG_SHA512", value: "sha512" },
];

/** Of the SMP server, newest name first. Source: Zephyr Kconfig of subsys/mgmt/mcumgr, before and after 3.2. */
export const BUFFER_OPTIONS = {
  buffer_bytes: ["MCUMGR_TRANSPORT_NETBUF_SIZE", "MCUMGR_BUF_SIZE"],
  buffer_count: ["MCUMGR_TRANSPORT_NETBUF_COUNT", "MCUMGR_BUF_COUNT"],
} as const;

/** The first of some options that is set. */
export function firstSet<T>(
  domain: BuildDomain,
  rows: readonly { readonly symbol: string; readonly value: T }[],
): Found<T> | undefined {
  for (const { symbol, value } of rows) {
    const found = symbolOf(domain, symbol);
    if (found) return { value, from: found.from };
  }
  return undefined;
}

/** A yes or no of the build; undefined where it knows no such option and the default is right. */
export function switchOf(build: BuildFolder, row: SwitchRow): Found<boolean> | undefined {
  const domain = build[row.owner];
  const known = domain.kconfig.symbols.has(row.symbol);
  if (!known && row.absent === undefined) return undefined;
  const value = known ? symbolOf(domain, row.symbol)?.value === "y" : (row.absent ?? false);
  return { value, from: placeOfSymbol(domain, row.symbol) };
}

/** A number of the build, by the first of some names that is set. */
export function numberSet(domain: BuildDomain, symbols: readonly string[]): Found<number> | undefined {
  const found = symbols.map((symbol) => symbolOf(domain, symbol)).find((known) => known !== undefined);
  const value = Number(found?.value);
  return found && Number.isSafeInteger(value) ? { value, from: found.from } : undefined;
}
