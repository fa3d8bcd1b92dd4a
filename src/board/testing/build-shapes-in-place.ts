import { APP_VERSION, type BuildShape, COMMON, MCUBOOT, SECTORS, SERVER, slot, version } from "./build-shapes.ts";

/** Builds that swap nothing: images run in place or out of RAM; and one whose key stands in MCUboot's source. */
export const OTHER_SHAPES: readonly BuildShape[] = [
  {
    ...COMMON,
    name: "dk-direct-xip-revert",
    mcuboot: [...MCUBOOT, "CONFIG_BOOT_DIRECT_XIP=y", "CONFIG_BOOT_DIRECT_XIP_REVERT=y", SECTORS],
    app: SERVER,
    files: { [APP_VERSION]: version("2.4.0") },
    expected: { mode: "direct-xip-revert" },
  },
  {
    ...COMMON,
    name: "dk-ram-load",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_RAM_LOAD=y",
      "CONFIG_BOOT_IMAGE_EXECUTABLE_RAM_START=0x20010000",
      "CONFIG_BOOT_IMAGE_EXECUTABLE_RAM_SIZE=393216",
      SECTORS,
    ],
    app: SERVER,
    ramAddress: 0x2002_0000,
    files: { [APP_VERSION]: version("2.4.0") },
    expected: { mode: "ram-load", imageRam: { offset: 0x2001_0000, bytes: 0x6_0000 } },
  },
  {
    ...COMMON,
    name: "dk-key-in-source",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_UPGRADE_ONLY=y",
      "CONFIG_BOOT_ENCRYPT_X25519=y",
      'CONFIG_BOOT_ENCRYPTION_KEY_FILE=""',
      SECTORS,
    ],
    app: SERVER,
    devicetree: [slot("slot0_partition", 0x1_0000, 0x4_0000), slot("slot1_partition", 0x8_0000, 0x4_0000)],
    keys: "ed25519",
    encrypts: true,
    compiledInKey: true,
    files: { [APP_VERSION]: version("1.8.0") },
    expected: { mode: "overwrite-only" },
  },
];
