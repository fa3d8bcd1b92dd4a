import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, isHilError, messageOf, readInput } from "../../core/index.ts";
import { type ParsedImage, parseSigned, readFirmwareFile } from "../../image/index.ts";
import type { BuildFolder } from "./build-folder.ts";

/** A signed image that a build left behind. */
export interface BuildImage {
  /** From the build folder on; with the file's name in it, for a package. */
  readonly file: string;
  /** 0 the application, 1 the network core's. */
  readonly imageIndex: number;
  readonly bytes: Uint8Array;
  readonly parsed: ParsedImage;
  /** `load_address` of the package's manifest: where the image's code begins. */
  readonly loadAddress?: number | undefined;
}

/**
 * Where builds leave them. Source: Zephyr cmake/mcuboot.cmake; nRF Connect SDK image_signing.cmake, before 2.7
 * modules/mcuboot.
 */
const SIGNED = ["zephyr/zephyr.signed.bin", "zephyr/zephyr.signed.encrypted.bin", "zephyr/app_update.bin"] as const;
/**
 * The files that a programmer writes, the first that is there: all of a core in one, or image by image. Source: Zephyr
 * cmake/mcuboot.cmake; nRF Connect SDK, output build files ("merged.hex", "merged_domains.hex", "merged_CPUNET.hex").
 */
const MERGED = ["merged.hex", "zephyr/merged.hex"] as const;
const MERGED_NETWORK = ["merged_CPUNET.hex", "zephyr/net_core_merged.hex"] as const;
const PACKAGE = "dfu_application.zip";

/** Intel HEX files of a build as a programmer writes them, absolute; empty where the build has left none. */
export interface ProgrammedFiles {
  readonly firmware: readonly string[];
  readonly network: readonly string[];
}

/** What of a build is programmed: merged files where there are such, else bootloader, application and network core. */
export function programmedFiles({ folder, bootloader, application, network }: BuildFolder): ProgrammedFiles {
  const merged = firstThere(MERGED.map((name) => join(folder, name)));
  const images = [
    join(bootloader.folder, "zephyr", "zephyr.hex"),
    join(application.folder, "zephyr", "zephyr.signed.hex"),
  ];
  return {
    firmware: merged.length > 0 || !images.every((path) => existsSync(path)) ? merged : images,
    network: firstThere([
      ...MERGED_NETWORK.map((name) => join(folder, name)),
      ...(network === undefined ? [] : [join(network.folder, "zephyr", "zephyr.hex")]),
    ]),
  };
}

function firstThere(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => existsSync(path)).slice(0, 1);
}

/**
 * The files of a build that an upgrade moves: its DFU package where it made one (it holds all cores' images), else the
 * application's signed image: as it is, for the firmware that is flashed, and encrypted where the build encrypts, for
 * the one that is uploaded. Absolute.
 * @throws ConfigurationError for a build without any.
 */
export function upgradeFiles({ folder, application }: BuildFolder): {
  readonly flashed: string;
  readonly uploaded: string;
} {
  const archive = join(folder, PACKAGE);
  if (existsSync(archive)) return { flashed: archive, uploaded: archive };
  const [plain, encrypted, update] = SIGNED.map(
    (name) => firstThere([join(application.folder, name), join(folder, name)])[0],
  );
  const flashed = plain ?? update ?? encrypted;
  const uploaded = encrypted ?? update ?? plain;
  if (flashed === undefined || uploaded === undefined) {
    const names = [PACKAGE, ...SIGNED].join(", ");
    throw new ConfigurationError(
      `${folder} holds no signed image of its application (${names}).`,
      "Was its build finished?",
    );
  }
  return { flashed, uploaded };
}

/**
 * The signed images of a build: the application's files and those of its DFU package.
 * @throws ConfigurationError for a file that holds something else, naming it.
 */
export async function signedImagesOf({ folder, application }: BuildFolder): Promise<readonly BuildImage[]> {
  const images: BuildImage[] = [];
  for (const name of SIGNED) {
    const file = [join(application.folder, name), join(folder, name)].find((path) => existsSync(path));
    if (file === undefined || images.some((image) => image.file === relativeTo(folder, file))) continue;
    const bytes = readInput(file);
    const shown = relativeTo(folder, file);
    images.push({ file: shown, imageIndex: 0, bytes, parsed: parsed(bytes, shown) });
  }
  const archive = join(folder, PACKAGE);
  if (!existsSync(archive)) return images;
  const held = await readFirmwareFile(readInput(archive));
  if (held.kind !== "dfu_zip") throw new ConfigurationError(`${PACKAGE} of the build is no DFU package.`);
  for (const { name, bytes, imageIndex, entry } of held.files) {
    const file = `${PACKAGE} ${name}`;
    const loadAddress = Number(entry["load_address"]);
    const address = Number.isSafeInteger(loadAddress) ? { loadAddress } : {};
    images.push({ file, imageIndex, bytes, parsed: parsed(bytes, file), ...address });
  }
  return images;
}

function relativeTo(folder: string, file: string): string {
  return file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;
}

function parsed(bytes: Uint8Array, file: string): ParsedImage {
  try {
    return parseSigned(bytes);
  } catch (error) {
    if (!isHilError(error)) throw error;
    throw new ConfigurationError(`${file} of the build is no signed image: ${messageOf(error)}`, error.hint, {
      cause: error,
    });
  }
}
