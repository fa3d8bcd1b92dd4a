import { join } from "node:path";
import { UsageError } from "../../core/index.ts";
import type { Sdk } from "./sdk.ts";
import type { FirmwareBoard, FirmwareVariant, SelfTest, Setting } from "./variants.ts";

/** What is to be built, with every path absolute. */
export interface FirmwareRequest {
  readonly variant: FirmwareVariant;
  readonly board: FirmwareBoard;
  readonly selfTest: SelfTest;
  readonly padKib: number | undefined;
  readonly networkVersion: number;
  readonly extras: readonly FirmwareExtra[];
  readonly keys: { readonly signing: string; readonly encryption: string | undefined };
  /** Folder of the fixture's sources. */
  readonly sources: string;
  readonly build: string;
}

/** Parts of the application that a build may have or not: `NAME.conf`, and `NAME.overlay` where there is one. */
export const FIRMWARE_EXTRAS = ["store", "files", "supply"] as const;
type FirmwareExtra = (typeof FIRMWARE_EXTRAS)[number];
const WITH_OVERLAY: readonly FirmwareExtra[] = ["files", "supply"];

/** The application's name in the build, after its folder. */
const APP = "app";
const NET = "hil_net";

/**
 * The command lines that build it: CMake with sysbuild, then its build tool.
 * @throws UsageError for a variant that this tree's MCUboot does not have
 * Source: Zephyr, doc/build/sysbuild (`-D<image>_<option>`, `-DSB_CONFIG_…`).
 */
export function buildCommands(request: FirmwareRequest, sdk: Sdk): readonly (readonly string[])[] {
  const { board, sources, build } = request;
  const configure = [
    "cmake",
    "-GNinja",
    "-B",
    build,
    "-S",
    join(sdk.zephyr, "share", "sysbuild"),
    `-DAPP_DIR=${join(sources, "app")}`,
    `-DBOARD=${sdk.hasQualifiers ? board.since : board.before}`,
    ...definitions("SB", sysbuildSettings(request, sdk)),
    ...definitions("mcuboot", mcubootSettings(request, sdk)),
    ...definitions(APP, appSettings(request, sdk)),
    ...definitions(NET, [["HIL_NET_VERSION", String(request.networkVersion)]]),
    ...files(request),
  ];
  return [configure, ["cmake", "--build", build]];
}

function definitions(image: string, settings: readonly Setting[]): readonly string[] {
  return settings.map(([name, value]) => `-D${image}_CONFIG_${name}=${value}`);
}

function text(value: string): string {
  return JSON.stringify(value);
}

function sysbuildSettings({ variant, keys }: FirmwareRequest, { symbols }: Sdk): readonly Setting[] {
  const { mode, signature, encryption } = variant;
  return [
    ["BOOTLOADER_MCUBOOT", "y"],
    [signature.sysbuild, "y"],
    ["BOOT_SIGNATURE_KEY_FILE", text(keys.signing)],
    ...(isKnown(mode.sysbuild, symbols.sysbuild) ? [mode.sysbuild] : []),
    ...(encryption && sysbuildEncrypts(symbols.sysbuild)
      ? ([
          ["BOOT_ENCRYPTION", "y"],
          ["BOOT_ENCRYPTION_KEY_FILE", text(keys.encryption ?? "")],
        ] as const)
      : []),
  ];
}

function isKnown(setting: Setting | undefined, symbols: ReadonlySet<string>): setting is Setting {
  return setting !== undefined && symbols.has(setting[0]);
}

function sysbuildEncrypts(symbols: ReadonlySet<string>): boolean {
  return symbols.has("BOOT_ENCRYPTION") && symbols.has("BOOT_ENCRYPTION_KEY_FILE");
}

function mcubootSettings({ variant, keys }: FirmwareRequest, sdk: Sdk): readonly Setting[] {
  const { mode, encryption } = variant;
  const settings: Setting[] = isKnown(mode.sysbuild, sdk.symbols.sysbuild) ? [] : [...mode.mcuboot];
  if (encryption && !sysbuildEncrypts(sdk.symbols.sysbuild)) {
    settings.push([encryption.mcuboot, "y"], ["BOOT_ENCRYPTION_KEY_FILE", text(keys.encryption ?? "")]);
  }
  const missing = settings.find(([name]) => !sdk.symbols.mcuboot.has(name));
  if (missing === undefined) return settings;
  throw new UsageError(
    `the MCUboot of this SDK (${sdk.mcuboot}) has no CONFIG_${missing[0]}, which ${variant.name} needs.`,
    "Take a newer SDK, or another variant: hil firmware list.",
  );
}

function appSettings(request: FirmwareRequest, { symbols }: Sdk): readonly Setting[] {
  const { variant, selfTest, padKib } = request;
  const told = isKnown(variant.mode.sysbuild, symbols.sysbuild);
  return [
    // What an older tree does not know, its application need not be told.
    ...(told ? [] : variant.mode.app.filter(([name]) => symbols.app.has(name))),
    [`HIL_SELF_TEST_${selfTest.toUpperCase()}`, "y"],
    ...(padKib === undefined
      ? []
      : ([
          ["HIL_PADDING", "y"],
          ["HIL_PADDING_KIB", String(padKib)],
        ] as const)),
  ];
}

/** Files of settings and devicetree overlays. Source: Zephyr 3.4.0 cmake/modules/configuration_files.cmake. */
function files({ variant, extras, sources }: FirmwareRequest): readonly string[] {
  const app = join(sources, "app");
  const confs = extras.map((extra) => join(app, `${extra}.conf`));
  const overlay = variant.overlay === undefined ? [] : [join(sources, "sysbuild", variant.overlay)];
  const overlays = [
    ...overlay,
    ...extras.filter((extra) => WITH_OVERLAY.includes(extra)).map((extra) => join(app, `${extra}.overlay`)),
  ];
  return [
    ...(confs.length > 0 ? [`-D${APP}_EXTRA_CONF_FILE=${confs.join(";")}`] : []),
    ...(overlays.length > 0 ? [`-D${APP}_EXTRA_DTC_OVERLAY_FILE=${overlays.join(";")}`] : []),
    ...(overlay.length > 0 ? [`-Dmcuboot_EXTRA_DTC_OVERLAY_FILE=${overlay.join(";")}`] : []),
  ];
}
