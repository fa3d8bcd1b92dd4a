/**
 * Ways into MCUboot's serial recovery, each an option of its build. The first two are looked at before any image is, so
 * a swap that was interrupted stays so; the others once images are checked and swapped.
 * Source: MCUboot boot/zephyr/main.c, Kconfig.serial_recovery.
 */
export const RECOVERY_WAYS = [
  { name: "button", option: "CONFIG_BOOT_SERIAL_ENTRANCE_GPIO", what: "a button that is held while it starts" },
  { name: "pin-reset", option: "CONFIG_BOOT_SERIAL_PIN_RESET", what: "a reset by the reset pin" },
  { name: "boot-mode", option: "CONFIG_BOOT_SERIAL_BOOT_MODE", what: "a reset command with boot mode 1" },
  { name: "wait", option: "CONFIG_BOOT_SERIAL_WAIT_FOR_DFU", what: "an SMP request in the first moments of a boot" },
  { name: "no-application", option: "CONFIG_BOOT_SERIAL_NO_APPLICATION", what: "no image that can be booted" },
] as const satisfies readonly { readonly name: string; readonly option: string; readonly what: string }[];

export type RecoveryWay = (typeof RECOVERY_WAYS)[number]["name"];

/** Serial recovery as it is built in. */
export interface BuildRecovery {
  readonly ways: ReadonlySet<RecoveryWay>;
  /** CONFIG_BOOT_SERIAL_WAIT_FOR_DFU_TIMEOUT, in milliseconds; checking images counts. */
  readonly waitMs: number;
  /**
   * CONFIG_BOOT_SERIAL_INACTIVITY_TIMEOUT, in milliseconds: entered by boot mode or wait, it resets the board after so
   * long without a command; 0, the default: never. Its unit is taken from the option above (MCUboot PR 2830, read in
   * part).
   */
  readonly inactivityMs?: number;
  /** CONFIG_BOOT_MGMT_MCUMGR_PARAMS; default: where the generation has it. */
  readonly tellsBuffer?: boolean;
}
