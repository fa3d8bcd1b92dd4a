import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readInputText, UsageError } from "../../core/index.ts";
import { compareVersions, formatVersion, parseVersion, type Version } from "../../image/index.ts";

/** A Zephyr tree with MCUboot beside it, and which options its Kconfig files know. */
export interface Sdk {
  /** `zephyr/` of the workspace, absolute. */
  readonly zephyr: string;
  readonly mcuboot: string;
  readonly version: string;
  /** Boards are named `board/soc/core`, as since Zephyr 3.7 and nRF Connect SDK 2.7. */
  readonly hasQualifiers: boolean;
  readonly symbols: Readonly<Record<"sysbuild" | "mcuboot" | "app", ReadonlySet<string>>>;
}

/** The first whose sysbuild takes EXTRA_CONF_FILE for an image. */
const OLDEST = parseVersion("3.4.0");
const KCONFIG_BYTES_MAX = 1_048_576;
const VERSION_BYTES_MAX = 4_096;
const INSTALL =
  "Get one with: pip install west && west init sdk && cd sdk && west update && west packages pip --install; then: hil firmware build … --sdk sdk";

/**
 * Finds the workspace of `--sdk`, or that of ZEPHYR_BASE.
 * @param named what was named on the command line
 * @throws UsageError where there is none, or where MCUboot is missing in it: with what to install
 */
export function findSdk(named: string | undefined, io: { readonly cwd: string; readonly env: Env }): Sdk {
  const base = io.env["ZEPHYR_BASE"];
  if (named === undefined && (base === undefined || base === "")) {
    throw new UsageError("no SDK is named: --sdk, or ZEPHYR_BASE.", INSTALL);
  }
  const top = named === undefined ? dirname(resolve(io.cwd, base ?? "")) : resolve(io.cwd, named);
  const zephyr = [join(top, "zephyr"), top].find((folder) => existsSync(join(folder, "share", "sysbuild")));
  if (zephyr === undefined) {
    throw new UsageError(`${top} holds no Zephyr tree with sysbuild (zephyr/share/sysbuild).`, INSTALL);
  }
  const mcuboot = join(dirname(zephyr), "bootloader", "mcuboot");
  if (!existsSync(join(mcuboot, "boot", "zephyr", "Kconfig"))) {
    throw new UsageError(`${mcuboot} is not there: the workspace has no MCUboot.`, "In the workspace: west update");
  }
  const version = versionOf(join(zephyr, "VERSION"));
  if (compareVersions(version, OLDEST) < 0) {
    throw new UsageError(`${zephyr} is Zephyr ${formatVersion(version)}; the fixture wants 3.4 or newer.`, INSTALL);
  }
  const sysbuild = join(zephyr, "share", "sysbuild");
  return {
    zephyr,
    mcuboot,
    version: formatVersion(version),
    hasQualifiers: existsSync(join(zephyr, "boards", "nordic", "nrf5340dk")),
    symbols: {
      sysbuild: symbolsIn([sysbuild]),
      mcuboot: symbolsIn([join(mcuboot, "boot", "zephyr")]),
      app: symbolsIn([join(zephyr, "modules")], 1),
    },
  };
}

type Env = Readonly<Record<string, string | undefined>>;

/** Source: Zephyr, VERSION; cmake/modules/version.cmake. */
function versionOf(file: string): Version {
  const text = existsSync(file) ? readInputText(file, VERSION_BYTES_MAX) : "";
  const parts = ["VERSION_MAJOR", "VERSION_MINOR", "PATCHLEVEL"].map(
    (name) => new RegExp(`^${name}\\s*=\\s*(\\d{1,3})\\s*$`, "m").exec(text)?.[1],
  );
  if (parts.includes(undefined)) throw new UsageError(`${file} says no version.`, INSTALL);
  return parseVersion(parts.map(Number).join("."));
}

/** Names that the Kconfig files in these folders define, down to `depth` folders below them. */
function symbolsIn(folders: readonly string[], depth = 4): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of folders.flatMap((folder) => kconfigFiles(folder, depth))) {
    for (const [, name = ""] of readInputText(file, KCONFIG_BYTES_MAX).matchAll(/^\s*(?:menu)?config\s+(\w+)/gm)) {
      names.add(name);
    }
  }
  return names;
}

function kconfigFiles(folder: string, depth: number): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 ? kconfigFiles(path, depth - 1) : [];
    return entry.isFile() && entry.name.startsWith("Kconfig") ? [path] : [];
  });
}
