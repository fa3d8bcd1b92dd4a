import {
  type BuildShape,
  COMMON,
  MANAGED,
  MCUBOOT,
  NCS_VERSION,
  pad,
  partitionsYml,
  SECTORS,
  sdk,
} from "./build-shapes.ts";

/** MCUboot behind NSIB. Source: sdk-nrf partition manager, published build folders. */
export const NSIB_SHAPES: readonly BuildShape[] = [
  {
    ...COMMON,
    name: "dk-ncs33-nsib",
    mcuboot: [
      ...MCUBOOT,
      "CONFIG_BOOT_SWAP_USING_MOVE=y",
      SECTORS,
      "CONFIG_PARTITION_MANAGER_ENABLED=y",
      "CONFIG_SECURE_BOOT=y",
      "CONFIG_UPDATEABLE_IMAGE_NUMBER=2",
      "CONFIG_MCUBOOT_MCUBOOT_IMAGE_NUMBER=1",
    ],
    app: MANAGED,
    firstStage: true,
    primary: { offset: 0x2_0000, bytes: 0x6_c000 },
    secondary: { offset: 0x8_c000, bytes: 0x6_c000, device: "internal" },
    halves: { s0: { offset: 0x8000, bytes: 0xc000 }, s1: { offset: 0x1_4000, bytes: 0xc000 } },
    files: {
      [NCS_VERSION]: sdk("3.3.0"),
      "zephyr/.config": "SB_CONFIG_SECURE_BOOT_APPCORE=y\n",
      "partitions.yml": partitionsYml({
        app: { address: 0x2_0200, size: 0x6_be00 },
        b0: { address: 0, size: 0x8000 },
        b0_container: { address: 0, size: 0x8000 },
        mcuboot: { address: 0x8200, size: 0xbe00 },
        mcuboot_pad: pad(0x2_0000),
        mcuboot_primary: { address: 0x2_0000, size: 0x6_c000 },
        mcuboot_secondary: { address: 0x8_c000, size: 0x6_c000 },
        provision: { address: 0xff_8100, size: 0x280, region: "otp" },
        s0: { address: 0x8000, size: 0xc000 },
        s0_image: { address: 0x8200, size: 0xbe00 },
        s0_pad: pad(0x8000),
        s1: { address: 0x1_4000, size: 0xc000 },
        s1_image: { address: 0x1_4200, size: 0xbe00 },
        s1_pad: pad(0x1_4000),
      }),
    },
    expected: { generation: "ncs-3.3", mode: "swap-move", secondStage: true },
  },
];
