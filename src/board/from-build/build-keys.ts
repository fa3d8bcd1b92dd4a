import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { readInputText } from "../../core/index.ts";
import { type BuildDomain, type BuildFolder, type Found, symbolOf } from "./build-folder.ts";

/** A key file that a build names, and whether it lies on this machine. */
export interface BuildKey extends Found<string> {
  /** Absolute, where it was found; as the build spells it otherwise. */
  readonly value: string;
  readonly isHere: boolean;
  /** Further keys that the bootloader takes. */
  readonly others: readonly OtherKey[];
}

interface OtherKey {
  /** Absolute, where it was found; as the build spells it otherwise. */
  readonly value: string;
  readonly isHere: boolean;
}

const CACHE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The key that images of a build are signed with; undefined where its bootloader checks hashes only.
 * Source: MCUboot boot/zephyr/CMakeLists.txt (a list, the first signs), Zephyr cmake/mcuboot.cmake.
 */
export function signingKeyOf(build: BuildFolder): BuildKey | undefined {
  if (symbolOf(build.bootloader, "BOOT_SIGNATURE_TYPE_NONE")) return undefined;
  return keyOf(build, [
    [build.bootloader, "BOOT_SIGNATURE_KEY_FILE"],
    [build.application, "MCUBOOT_SIGNATURE_KEY_FILE"],
    ...(build.sysbuild ? ([[{ kconfig: build.sysbuild }, "SB_CONFIG_BOOT_SIGNATURE_KEY_FILE"]] as const) : []),
  ]);
}

/**
 * The private key that the bootloader of a build decrypts with; undefined where it decrypts nothing, or says no file.
 */
export function encryptionKeyOf(build: BuildFolder): BuildKey | undefined {
  if (!decrypts(build)) return undefined;
  return keyOf(build, [
    [build.bootloader, "BOOT_ENCRYPTION_KEY_FILE"],
    ...(build.sysbuild ? ([[{ kconfig: build.sysbuild }, "SB_CONFIG_BOOT_ENCRYPTION_KEY_FILE"]] as const) : []),
  ]);
}

/** The option that builds decryption in; several names, by release. */
export function decrypts({ bootloader }: Pick<BuildFolder, "bootloader">): Found<string> | undefined {
  const names = ["BOOT_ENCRYPT_IMAGE", "BOOT_ENCRYPT_EC256", "BOOT_ENCRYPT_RSA", "BOOT_ENCRYPT_X25519"];
  return names.map((name) => symbolOf(bootloader, name)).find((found) => found !== undefined);
}

type Place = readonly [Pick<BuildDomain, "kconfig">, string];

function keyOf(build: BuildFolder, places: readonly Place[]): BuildKey | undefined {
  const named = places.map(([domain, name]) => symbolOf(domain, name)).find((found) => found !== undefined);
  if (named === undefined) return undefined;
  const [first = "", ...others] = named.value.split(",").map((path) => path.trim());
  const found = (path: string): OtherKey => {
    const file = candidates(path, build).find((candidate) => existsSync(candidate));
    return { value: file ?? path, isHere: file !== undefined };
  };
  return { ...found(first), others: others.map(found), from: named.from };
}

/**
 * A relative path starts at the file that sets it, or at MCUboot's own folder. Source: MCUboot
 * boot/zephyr/CMakeLists.txt
 */
function candidates(path: string, { bootloader, application, folder }: BuildFolder): readonly string[] {
  if (isAbsolute(path)) return [path];
  const source = cached(bootloader, "APPLICATION_SOURCE_DIR");
  const folders = [
    cached(bootloader, "APPLICATION_CONFIG_DIR"),
    // boot/zephyr of MCUboot.
    source && resolve(source, "..", ".."),
    source,
    cached(application, "APPLICATION_CONFIG_DIR"),
    cached(application, "APPLICATION_SOURCE_DIR"),
    dirname(folder),
  ];
  return folders.flatMap((start) => (start === undefined ? [] : [resolve(start, path)]));
}

/** A path in CMake's cache of an image. */
export function cached(domain: BuildDomain, name: string): string | undefined {
  const file = join(domain.folder, "CMakeCache.txt");
  if (!existsSync(file)) return undefined;
  const line = readInputText(file, CACHE_BYTES_MAX)
    .split("\n")
    .find((text) => text.startsWith(`${name}:`));
  return line === undefined ? undefined : /^\w+:\w+=(.+)$/.exec(line.trimEnd())?.[1];
}
