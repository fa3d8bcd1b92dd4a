import { describe, expect, test } from "@jest/globals";
import { isKind } from "../../core/index.ts";
import { buildCommands, type FirmwareRequest } from "./plan.ts";
import type { Sdk } from "./sdk.ts";
import { FIRMWARE_BOARDS, FIRMWARE_VARIANTS, type FirmwareVariant } from "./variants.ts";

const [DK, THINGY] = FIRMWARE_BOARDS;

function sdkWith(
  known: Partial<Record<"sysbuild" | "mcuboot" | "app", readonly string[]>>,
  hasQualifiers = false,
): Sdk {
  const symbols = {
    sysbuild: new Set(known.sysbuild),
    mcuboot: new Set(known.mcuboot),
    app: new Set(known.app),
  };
  return { zephyr: "/sdk/zephyr", mcuboot: "/sdk/bootloader/mcuboot", version: "3.4.0+0", hasQualifiers, symbols };
}

function variant(name: string): FirmwareVariant {
  const row = FIRMWARE_VARIANTS.find((candidate) => candidate.name === name);
  if (row === undefined) throw new RangeError(name);
  return row;
}

function request(name: string, more: Partial<FirmwareRequest> = {}): FirmwareRequest {
  return {
    variant: variant(name),
    board: DK,
    selfTest: "waits",
    padKib: undefined,
    networkVersion: 3,
    extras: [],
    keys: { signing: "/keys/signing.pem", encryption: "/keys/encryption.pem" },
    sources: "/fixture",
    build: "/out/build",
    ...more,
  };
}

/** Options of the first command, by image. */
function told(name: string, sdk: Sdk, more: Partial<FirmwareRequest> = {}): readonly string[] {
  return (buildCommands(request(name, more), sdk)[0] ?? []).filter((word) => word.startsWith("-D"));
}

/** Everything that a variant may ask of images, as an old tree knows it. */
const IMAGES_ONLY = sdkWith({
  mcuboot: FIRMWARE_VARIANTS.flatMap(({ mode, encryption }) => [
    ...mode.mcuboot.map(([name]) => name),
    ...(encryption ? [encryption.mcuboot, "BOOT_ENCRYPTION_KEY_FILE"] : []),
  ]),
});
const BY_SYSBUILD = sdkWith(
  {
    sysbuild: [
      ...FIRMWARE_VARIANTS.flatMap(({ mode }) => (mode.sysbuild ? [mode.sysbuild[0]] : [])),
      "BOOT_ENCRYPTION",
      "BOOT_ENCRYPTION_KEY_FILE",
    ],
  },
  true,
);

describe("the command lines of a firmware build", () => {
  test("configure sysbuild with the fixture, then build", () => {
    const [configure = [], build] = buildCommands(request("swap-move-plain"), IMAGES_ONLY);
    expect(configure.slice(0, 6)).toEqual(["cmake", "-GNinja", "-B", "/out/build", "-S", "/sdk/zephyr/share/sysbuild"]);
    expect(configure).toContain("-DAPP_DIR=/fixture/app");
    expect(configure).toContain('-DSB_CONFIG_BOOT_SIGNATURE_KEY_FILE="/keys/signing.pem"');
    expect(configure).toContain("-Dhil_net_CONFIG_HIL_NET_VERSION=3");
    expect(build).toEqual(["cmake", "--build", "/out/build"]);
  });

  test.each(FIRMWARE_VARIANTS.map(({ name }) => name))(
    "tell the images what %s is, where sysbuild does not know",
    (name) => {
      const { mode, encryption } = variant(name);
      const words = told(name, IMAGES_ONLY);
      for (const [symbol, value] of mode.mcuboot) expect(words).toContain(`-Dmcuboot_CONFIG_${symbol}=${value}`);
      expect(words.some((word) => word.startsWith("-DSB_CONFIG_MCUBOOT_MODE"))).toBe(false);
      expect(words.includes(`-Dmcuboot_CONFIG_${encryption?.mcuboot}=y`)).toBe(encryption !== undefined);
      expect(words.some((word) => word.includes("ENCRYPTION_KEY_FILE"))).toBe(encryption !== undefined);
    },
  );

  test.each(FIRMWARE_VARIANTS.map(({ name }) => name))(
    "leave %s to sysbuild where that knows it: said once",
    (name) => {
      const { mode, encryption } = variant(name);
      const words = told(name, BY_SYSBUILD);
      expect(words).toContain(`-DSB_CONFIG_${mode.sysbuild?.[0]}=y`);
      expect(words.filter((word) => word.startsWith("-Dmcuboot_CONFIG_"))).toEqual([]);
      expect(words.includes("-DSB_CONFIG_BOOT_ENCRYPTION=y")).toBe(encryption !== undefined);
    },
  );

  test("refuse a variant that this MCUboot does not have, naming the option", () => {
    const old = sdkWith({ mcuboot: ["BOOT_ENCRYPT_EC256", "BOOT_ENCRYPTION_KEY_FILE"] });
    let refusal: unknown;
    try {
      buildCommands(request("swap-offset"), old);
    } catch (error) {
      refusal = error;
    }
    expect(isKind(refusal, "usage")).toBe(true);
    expect(String(refusal)).toMatch(/has no CONFIG_BOOT_SWAP_USING_OFFSET, which swap-offset needs/);
  });

  test("name the board as the tree does", () => {
    expect(told("swap-move", IMAGES_ONLY)).toContain("-DBOARD=nrf5340dk_nrf5340_cpuapp");
    expect(told("swap-move", BY_SYSBUILD)).toContain("-DBOARD=nrf5340dk/nrf5340/cpuapp");
    expect(told("swap-move", BY_SYSBUILD, { board: THINGY })).toContain("-DBOARD=thingy53/nrf5340/cpuapp");
  });

  test("tell the application of a mode only what its tree knows", () => {
    const knows = sdkWith({ mcuboot: ["BOOT_UPGRADE_ONLY", "BOOT_ENCRYPT_EC256", "BOOT_ENCRYPTION_KEY_FILE"] });
    const option = "MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY";
    expect(told("overwrite-only", knows)).not.toContain(`-Dapp_CONFIG_${option}=y`);
    const newer = { ...knows, symbols: { ...knows.symbols, app: new Set([option]) } };
    expect(told("overwrite-only", newer)).toContain(`-Dapp_CONFIG_${option}=y`);
  });

  test("build the firmware that is bad on purpose, padded, and with the parts that are asked for", () => {
    const words = told("swap-scratch", IMAGES_ONLY, { selfTest: "hangs", padKib: 96, extras: ["store", "supply"] });
    expect(words).toContain("-Dapp_CONFIG_HIL_SELF_TEST_HANGS=y");
    expect(words).toContain("-Dapp_CONFIG_HIL_PADDING_KIB=96");
    expect(words).toContain("-Dapp_EXTRA_CONF_FILE=/fixture/app/store.conf;/fixture/app/supply.conf");
    const scratch = "/fixture/sysbuild/scratch.overlay";
    expect(words).toContain(`-Dapp_EXTRA_DTC_OVERLAY_FILE=${scratch};/fixture/app/supply.overlay`);
    expect(words).toContain(`-Dmcuboot_EXTRA_DTC_OVERLAY_FILE=${scratch}`);
  });
});
