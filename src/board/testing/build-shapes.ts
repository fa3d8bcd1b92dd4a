export interface ShapeArea {
  readonly label: string;
  readonly offset: number;
  readonly bytes: number;
  readonly device: "internal" | "qspi" | "ram";
}

/** A kind of build folder, and what is true of it, written down by hand. */
export interface BuildShape {
  readonly name: string;
  /** The path that the build's files call the folder by: another machine's. */
  readonly builtIn: string;
  /** Before sysbuild: no domains.yaml. */
  readonly childImages?: boolean;
  readonly mcuboot: readonly string[];
  readonly app: readonly string[];
  /** Partitions of the devicetree; where the Partition Manager is on they are other ones. */
  readonly devicetree: readonly ShapeArea[];
  readonly files: Readonly<Record<string, string>>;
  readonly keys: "p256" | "ed25519";
  readonly encrypts: boolean;
  /** The encryption key stands in MCUboot's keys.c. */
  readonly compiledInKey?: boolean;
  /** Images are copied to RAM, and linked for this address. */
  readonly ramAddress?: number;
  /** The network core's log begins with this name and version. */
  readonly netBanner?: string;
  readonly network?: { readonly secondary: boolean };
  readonly headerBytes: number;
  /** Images carry the slot's address (imgtool --rom-fixed). */
  readonly loadAddress?: boolean;
  readonly appBaud: string;
  readonly netBaud: string;
  readonly comments?: boolean;
  readonly usb?: boolean;
  /** Where images really go: what the generated profile must say. */
  readonly primary: { readonly offset: number; readonly bytes: number };
  readonly secondary: { readonly offset: number; readonly bytes: number; readonly device: "internal" | "qspi" };
  readonly expected: Readonly<Record<string, unknown>>;
  /** NSIB is built with it. */
  readonly firstStage?: boolean;
  /** MCUboot's, behind it. */
  readonly halves?: Readonly<Record<"s0" | "s1", { readonly offset: number; readonly bytes: number }>>;
  /** The buffer that updates of the network core are copied to. */
  readonly networkRamBytes?: number;
}

export const slot = (label: string, offset: number, bytes: number, device: ShapeArea["device"] = "internal") => ({
  label,
  offset,
  bytes,
  device,
});
/** Plain Zephyr's map of the nRF5340-DK. */
const PLAIN = [slot("slot0_partition", 0x1_0000, 0x4_0000), slot("slot1_partition", 0x8_0000, 0x4_0000)];
const PLAIN_SLOTS = {
  primary: { offset: 0x1_0000, bytes: 0x4_0000 },
  secondary: { offset: 0x8_0000, bytes: 0x4_0000, device: "internal" },
} as const;
export const COMMON = {
  builtIn: "/home/someone/ws/build",
  files: {},
  keys: "p256",
  encrypts: false,
  headerBytes: 512,
  appBaud: "0x1c200",
  netBaud: "0x1c200",
  devicetree: PLAIN,
  ...PLAIN_SLOTS,
} as const;

export const version = (text: string) =>
  `#ifndef _APP_VERSION_H_\n#define _APP_VERSION_H_\n\n#define APP_VERSION_NUMBER  0x0\n#define APP_VERSION_STRING  "${text}"\n#endif\n`;
export const sdk = (text: string) => `#define NCS_VERSION_NUMBER 0x0\n#define NCS_VERSION_STRING           "${text}"\n`;
export const APP_VERSION = "mcuboot/zephyr/include/generated/app_version.h";
export const NCS_VERSION = "mcuboot/zephyr/include/generated/ncs_version.h";

export const MCUBOOT = [
  "CONFIG_MCUBOOT=y",
  "CONFIG_SOC_NRF5340_CPUAPP=y",
  "CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256=y",
  "CONFIG_BOOT_USE_TINYCRYPT=y",
  "CONFIG_MINIMAL_LIBC=y",
  "CONFIG_BOOT_VALIDATE_SLOT0=y",
];
export const SERVER = [
  "CONFIG_ROM_START_OFFSET=0x200",
  "CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE=1024",
  "CONFIG_MCUMGR_TRANSPORT_NETBUF_COUNT=3",
];
export const MANAGED = [
  "CONFIG_ROM_START_OFFSET=0",
  "CONFIG_PARTITION_MANAGER_ENABLED=y",
  "CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE=2475",
];
export const SECTORS = "CONFIG_BOOT_MAX_IMG_SECTORS=128";

interface Row {
  readonly address: number;
  readonly size: number;
  readonly region?: string;
}

/** As the Partition Manager writes it: with spans that are anchors and aliases. */
export function partitionsYml(rows: Readonly<Record<string, Row>>): string {
  const texts = Object.entries(rows).map(
    ([name, { address, size, region = "flash_primary" }]) =>
      `${name}:\n  address: 0x${address.toString(16)}\n  end_address: 0x${(address + size).toString(16)}\n  region: ${region}\n  size: 0x${size.toString(16)}\n`,
  );
  const span =
    "mcuboot_span:\n  address: 0x0\n  orig_span: &id001\n  - mcuboot_pad\n  - app\n  size: 0x0\n  span: *id001\n";
  return texts.join("") + span;
}

export const pad = (address: number): Row => ({ address, size: 0x200 });

/**
 * Build folders of different shape. Source: real builds of Zephyr 3.4.0, published build folders of nRF Connect SDK.
 */
export const SWAPPING_SHAPES: readonly BuildShape[] = [
  {
    ...COMMON,
    name: "dk-move",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_SWAP_USING_MOVE=y",
      SECTORS,
      "# CONFIG_MCUBOOT_SERIAL is not set",
      "# CONFIG_BOOT_UPGRADE_ONLY is not set",
    ],
    app: SERVER,
    files: { [APP_VERSION]: version("1.11.99-dev") },
    expected: { generation: "1.10.0", mode: "swap-move", tlvAllowList: false, assertions: "off", recovery: [] },
  },
  {
    ...COMMON,
    name: "dk-move-encrypted",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_SWAP_USING_MOVE=y",
      SECTORS,
      "CONFIG_BOOT_ENCRYPT_EC256=y",
      "CONFIG_BOOT_SWAP_SAVE_ENCTLV=y",
    ],
    app: SERVER,
    appBaud: "0xf4240",
    encrypts: true,
    files: { [APP_VERSION]: version("2.1.0-dev") },
    expected: { generation: "2.1.0", mode: "swap-move", saveEnctlv: true },
  },
  {
    ...COMMON,
    name: "dk-single-slot",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_SINGLE_APPLICATION_SLOT=y",
      "CONFIG_BOOT_MAX_IMG_SECTORS_AUTO=y",
      "CONFIG_MCUBOOT_SERIAL=y",
      "CONFIG_BOOT_SERIAL_WAIT_FOR_DFU=y",
      "CONFIG_BOOT_SERIAL_WAIT_FOR_DFU_TIMEOUT=800",
      "CONFIG_BOOT_SERIAL_NO_APPLICATION=y",
    ],
    app: SERVER,
    files: { [APP_VERSION]: version("2.1.0-dev") },
    // A devicetree may have a second slot that this mode does not use.
    secondary: { offset: 0x5_0000, bytes: 0, device: "internal" },
    expected: {
      generation: "2.1.0",
      mode: "single-slot",
      recovery: ["wait", "no-application"],
      recoveryWaitMs: 800,
      maxImageSectors: 64,
    },
  },
  {
    ...COMMON,
    name: "dk-offset",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_SWAP_USING_OFFSET=y",
      "CONFIG_BOOT_MAX_IMG_SECTORS_AUTO=y",
      "CONFIG_MCUBOOT_SERIAL=y",
      "CONFIG_BOOT_SERIAL_BOOT_MODE=y",
    ],
    app: SERVER,
    comments: true,
    devicetree: [slot("slot0_partition", 0x1_0000, 0x6_f000), slot("slot1_partition", 0x7_f000, 0x7_0000)],
    primary: { offset: 0x1_0000, bytes: 0x6_f000 },
    secondary: { offset: 0x7_f000, bytes: 0x7_0000, device: "internal" },
    files: { "mcuboot/zephyr/include/generated/zephyr/app_version.h": version("2.1.0-dev") },
    expected: {
      generation: "2.2.0",
      mode: "swap-offset",
      maxImageSectors: 112,
      recovery: ["boot-mode"],
    },
  },
  {
    ...COMMON,
    name: "dk-scratch",
    mcuboot: [...MCUBOOT, "CONFIG_BOOT_SWAP_USING_SCRATCH=y", SECTORS],
    app: SERVER,
    devicetree: [
      slot("slot0_partition", 0x1_0000, 0x6_8000),
      slot("slot1_partition", 0x7_8000, 0x6_8000),
      slot("scratch_partition", 0xe_0000, 0xa000),
    ],
    primary: { offset: 0x1_0000, bytes: 0x6_8000 },
    secondary: { offset: 0x7_8000, bytes: 0x6_8000, device: "internal" },
    files: { [APP_VERSION]: version("2.3.0") },
    expected: { mode: "swap-scratch" },
  },
  {
    ...COMMON,
    name: "dk-overwrite-ed25519",
    mcuboot: [
      "CONFIG_MCUBOOT=y",
      "CONFIG_SOC_NRF5340_CPUAPP=y",
      "CONFIG_BOOT_SIGNATURE_TYPE_ED25519=y",
      "CONFIG_BOOT_UPGRADE_ONLY=y",
      SECTORS,
      "CONFIG_BOOT_ENCRYPT_X25519=y",
      "CONFIG_BOOT_ENCRYPT_IMAGE=y",
      "CONFIG_MCUBOOT_DOWNGRADE_PREVENTION=y",
      "CONFIG_PICOLIBC=y",
      "# CONFIG_BOOT_VALIDATE_SLOT0 is not set",
      "CONFIG_MCUBOOT_USE_TLV_ALLOW_LIST=y",
    ],
    app: SERVER,
    keys: "ed25519",
    encrypts: true,
    // A devicetree may have a scratch partition that this mode does not use.
    devicetree: [...PLAIN, slot("scratch_partition", 0xe_0000, 0xa000)],
    files: { [APP_VERSION]: version("2.4.0") },
    expected: {
      mode: "overwrite-only",
      downgradePrevention: true,
      validatePrimary: false,
      tlvAllowList: true,
      assertions: "abort",
    },
  },
  {
    ...COMMON,
    name: "dk-qspi-partition-manager",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_SWAP_USING_MOVE=y",
      "CONFIG_BOOT_MAX_IMG_SECTORS=256",
      "CONFIG_BOOT_ENCRYPT_IMAGE=y",
      "CONFIG_PARTITION_MANAGER_ENABLED=y",
      "CONFIG_NORDIC_QSPI_NOR_FLASH_LAYOUT_PAGE_SIZE=4096",
    ],
    app: MANAGED,
    encrypts: true,
    primary: { offset: 0xc000, bytes: 0xe_c000 },
    secondary: { offset: 0, bytes: 0xe_c000, device: "qspi" },
    files: {
      [NCS_VERSION]: sdk("2.9.0"),
      "partitions.yml": partitionsYml({
        app: { address: 0xc200, size: 0xe_be00 },
        mcuboot: { address: 0, size: 0xc000 },
        mcuboot_pad: pad(0xc000),
        mcuboot_primary: { address: 0xc000, size: 0xe_c000 },
        mcuboot_secondary: { address: 0, size: 0xe_c000, region: "external_flash" },
        settings_storage: { address: 0xf_8000, size: 0x8000 },
        pcd_sram: { address: 0x2000_0000, size: 0x2000, region: "sram_primary" },
      }),
    },
    expected: { generation: "ncs-2.8", mode: "swap-move", maxImageSectors: 256 },
  },
  {
    ...COMMON,
    name: "thingy53-both-cores",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_UPGRADE_ONLY=y",
      "CONFIG_BOOT_MAX_IMG_SECTORS=2048",
      "CONFIG_PARTITION_MANAGER_ENABLED=y",
      "CONFIG_NRF53_MULTI_IMAGE_UPDATE=y",
      "CONFIG_UPDATEABLE_IMAGE_NUMBER=2",
      "CONFIG_MCUBOOT_SERIAL=y",
      "CONFIG_BOOT_SERIAL_ENTRANCE_GPIO=y",
    ],
    app: [...MANAGED, "CONFIG_NRF53_UPGRADE_NETWORK_CORE=y"],
    network: { secondary: true },
    usb: true,
    primary: { offset: 0x1_0000, bytes: 0xe_0000 },
    secondary: { offset: 0, bytes: 0xe_0000, device: "qspi" },
    files: {
      [NCS_VERSION]: sdk("3.0.1"),
      "zephyr/.config":
        'SB_CONFIG_BOARD="thingy53"\nSB_CONFIG_NETCORE_APP_UPDATE=y\n# SB_CONFIG_SECURE_BOOT_APPCORE is not set\n',
      "partitions.yml": partitionsYml({
        mcuboot_pad: pad(0x1_0000),
        mcuboot_primary: { address: 0x1_0000, size: 0xe_0000 },
        mcuboot_primary_1: { address: 0, size: 0x4_0000, region: "ram_flash" },
        mcuboot_secondary: { address: 0, size: 0xe_0000, region: "external_flash" },
        mcuboot_secondary_1: { address: 0xe_0000, size: 0x4_0000, region: "external_flash" },
      }),
    },
    expected: {
      generation: "ncs-3.0",
      mode: "overwrite-only",
      networkCoreUpgrade: true,
      recovery: ["button"],
      maxImageSectors: 2048,
    },
    networkRamBytes: 0x4_0000,
  },
  {
    ...COMMON,
    name: "dk-ncs34-devicetree",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_UPGRADE_ONLY=y",
      "CONFIG_BOOT_MAX_IMG_SECTORS=256",
      "CONFIG_MCUBOOT_CHECK_HEADER_LOAD_ADDRESS=y",
      "CONFIG_UPDATEABLE_IMAGE_NUMBER=2",
    ],
    app: SERVER,
    comments: true,
    loadAddress: true,
    network: { secondary: true },
    devicetree: [
      slot("slot0_partition", 0x1_0000, 0x5_8000),
      slot("slot1_partition", 0x6_8000, 0x5_8000),
      slot("slot2_partition", 0, 0x3_8000, "ram"),
      slot("slot3_partition", 0xc_0000, 0x3_8000),
    ],
    primary: { offset: 0x1_0000, bytes: 0x5_8000 },
    secondary: { offset: 0x6_8000, bytes: 0x5_8000, device: "internal" },
    files: {
      [NCS_VERSION]: sdk("3.4.0"),
      "zephyr/.config": "SB_CONFIG_NETCORE_APP_UPDATE=y\n",
      // Left over from before the move to devicetree.
      "partitions.yml": partitionsYml({
        mcuboot_pad: pad(0xc000),
        mcuboot_primary: { address: 0xc000, size: 0x7_4000 },
        mcuboot_secondary: { address: 0x8_0000, size: 0x7_4000 },
      }),
    },
    expected: { mode: "overwrite-only", networkCoreUpgrade: true, checkLoadAddress: true },
    networkRamBytes: 0x3_8000,
    netBanner: "ipc_radio",
  },
  {
    ...COMMON,
    name: "ncs171-child-images",
    childImages: true,
    mcuboot: [
      "CONFIG_MCUBOOT=y",
      "CONFIG_SOC_NRF5340_CPUAPP=y",
      "CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256=y",
      "CONFIG_BOOT_USE_TINYCRYPT=y",
      "CONFIG_BOOT_VALIDATE_SLOT0=y",
      "CONFIG_BOOT_SWAP_USING_MOVE=y",
      SECTORS,
      "CONFIG_MCUBOOT_SERIAL=y",
      "CONFIG_PARTITION_MANAGER_ENABLED=y",
    ],
    app: [
      "CONFIG_ROM_START_OFFSET=0x200",
      "CONFIG_PARTITION_MANAGER_ENABLED=y",
      "CONFIG_MCUMGR_BUF_SIZE=512",
      "CONFIG_MCUMGR_BUF_COUNT=6",
      "CONFIG_NRF53_UPGRADE_NETWORK_CORE=y",
    ],
    network: { secondary: false },
    netBaud: "0xe100",
    primary: { offset: 0xc000, bytes: 0x7_4000 },
    secondary: { offset: 0x8_0000, bytes: 0x7_4000, device: "internal" },
    files: {
      "mcuboot/zephyr/include/generated/version.h": '#define KERNEL_VERSION_STRING   "2.6.99"\n',
      "partitions.yml": partitionsYml({
        mcuboot_pad: pad(0xc000),
        mcuboot_primary: { address: 0xc000, size: 0x7_4000 },
        mcuboot_secondary: { address: 0x8_0000, size: 0x7_4000 },
        EMPTY_0: { address: 0xf_4000, size: 0x4000 },
      }),
    },
    expected: { generation: "ncs-1.7", mode: "swap-move", networkCoreUpgrade: true, recovery: ["button"] },
  },
];
