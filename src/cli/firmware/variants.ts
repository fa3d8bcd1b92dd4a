import type { KeyTypeName } from "../../image/index.ts";

/** A Kconfig option and what it is set to: `y`, a number, or text. */
export type Setting = readonly [name: string, value: string];

/** What one image of the build, or sysbuild itself, is told. */
interface VariantSettings {
  /** Sysbuild's own option, in trees that have it: it then tells the images. */
  readonly sysbuild?: Setting;
  /** The same for the images, where sysbuild does not know it. */
  readonly mcuboot: readonly Setting[];
  readonly app: readonly Setting[];
}

/** A bootloader that `hil firmware build` can make, and the images that go with it. */
export interface FirmwareVariant {
  readonly name: string;
  readonly about: string;
  readonly mode: VariantSettings;
  readonly signature: { readonly key: KeyTypeName; readonly sysbuild: string };
  readonly encryption?: { readonly key: KeyTypeName; readonly mcuboot: string };
  /** Devicetree overlay of both images, in the fixture's folder sysbuild/. */
  readonly overlay?: string;
  /** Settings of both images that go with the overlay. */
  readonly both?: readonly Setting[];
}

const MOVE: VariantSettings = {
  sysbuild: ["MCUBOOT_MODE_SWAP_USING_MOVE", "y"],
  mcuboot: [["BOOT_SWAP_USING_MOVE", "y"]],
  app: [],
};
const P256 = { key: "ecdsa-p256", sysbuild: "BOOT_SIGNATURE_TYPE_ECDSA_P256" } as const;
const ECIES_P256 = { key: "ecdsa-p256", mcuboot: "BOOT_ENCRYPT_EC256" } as const;

/**
 * MCUboot ties encryption to the signature: ECIES-P256 to ECDSA, ECIES-X25519 to Ed25519, RSA-OAEP to RSA.
 * Source: MCUboot boot/zephyr/Kconfig; Zephyr share/sysbuild, Kconfig of its bootloader.
 */
export const FIRMWARE_VARIANTS: readonly FirmwareVariant[] = [
  {
    name: "swap-move",
    about: "swap using move, ECDSA P-256, encrypted with ECIES-P256",
    mode: MOVE,
    signature: P256,
    encryption: ECIES_P256,
  },
  { name: "swap-move-plain", about: "swap using move, ECDSA P-256, no encryption", mode: MOVE, signature: P256 },
  {
    name: "swap-offset",
    about: "swap using offset (MCUboot 2.2 and later), ECDSA P-256, encrypted with ECIES-P256",
    mode: {
      sysbuild: ["MCUBOOT_MODE_SWAP_USING_OFFSET", "y"],
      mcuboot: [["BOOT_SWAP_USING_OFFSET", "y"]],
      app: [],
    },
    signature: P256,
    encryption: ECIES_P256,
  },
  {
    name: "swap-scratch",
    about: "swap using scratch, ECDSA P-256, encrypted with ECIES-P256",
    mode: {
      sysbuild: ["MCUBOOT_MODE_SWAP_SCRATCH", "y"],
      mcuboot: [["BOOT_SWAP_USING_SCRATCH", "y"]],
      app: [["MCUBOOT_BOOTLOADER_MODE_SWAP_SCRATCH", "y"]],
    },
    signature: P256,
    encryption: ECIES_P256,
    overlay: "scratch.overlay",
  },
  {
    name: "overwrite-only",
    about: "overwrite only, ECDSA P-256, encrypted with ECIES-P256",
    mode: {
      sysbuild: ["MCUBOOT_MODE_OVERWRITE_ONLY", "y"],
      mcuboot: [["BOOT_UPGRADE_ONLY", "y"]],
      app: [["MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY", "y"]],
    },
    signature: P256,
    encryption: ECIES_P256,
  },
  {
    name: "rsa",
    about: "swap using move, RSA-2048, encrypted with RSA-OAEP",
    mode: MOVE,
    signature: { key: "rsa-2048", sysbuild: "BOOT_SIGNATURE_TYPE_RSA" },
    encryption: { key: "rsa-2048", mcuboot: "BOOT_ENCRYPT_RSA" },
  },
  {
    name: "ed25519",
    about: "swap using move, Ed25519, encrypted with ECIES-X25519",
    mode: MOVE,
    signature: { key: "ed25519", sysbuild: "BOOT_SIGNATURE_TYPE_ED25519" },
    encryption: { key: "x25519", mcuboot: "BOOT_ENCRYPT_X25519" },
  },
];

/** What the application can be built to do once it runs. Source: firmware-fixtures/app/Kconfig. */
export const SELF_TESTS = ["waits", "confirms", "refuses", "hangs", "crashes", "resets"] as const;
export type SelfTest = (typeof SELF_TESTS)[number];

/** Boards the fixture has an overlay for: by the name before Zephyr 3.7, and since. */
export const FIRMWARE_BOARDS = [
  { name: "nrf5340dk", before: "nrf5340dk_nrf5340_cpuapp", since: "nrf5340dk/nrf5340/cpuapp" },
  { name: "thingy53", before: "thingy53_nrf5340_cpuapp", since: "thingy53/nrf5340/cpuapp" },
] as const;
export type FirmwareBoard = (typeof FIRMWARE_BOARDS)[number];
