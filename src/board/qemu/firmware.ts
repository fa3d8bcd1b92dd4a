import { existsSync } from "node:fs";
import { ConfigurationError, messageOf, readInput, textOf } from "../../core/index.ts";
import { parseIntelHex } from "../../image/index.ts";
import { cachedFile, FETCH_HINT } from "../lease/cached-file.ts";
import type { LoadedProfile } from "../profile/profile.ts";

const ERASED = 0xff;

/** What a new board is made from: the profile's word for it, and the machine it must fit. */
interface Factory {
  readonly name: string;
  readonly flashBytes: number;
  readonly images: readonly string[];
  /** Where the profile names them. */
  readonly field: readonly string[];
  /** Address at which the flash begins; default 0. */
  readonly start?: number;
  /** Images of which only a HEX counts, for it has addresses: a raw binary is another memory's. */
  readonly hexOnly?: readonly string[];
}

/** What an image file holds: its segments by address, or, of a raw binary, the bytes alone. */
interface FirmwareFile {
  readonly bytes: Uint8Array;
  readonly segments?: ReturnType<typeof parseIntelHex>;
}

/** Image files that were read, by their path: several memories of one chip may be filled from the same ones. */
export type FirmwareFiles = Map<string, FirmwareFile>;

/**
 * The flash of a new board: what the profile's images say, and ones. What they hold elsewhere is not its.
 * @param files those that were read before, which are not read again; takes the others
 * @throws ConfigurationError when an image is not there, cannot be read, or does not fit the machine.
 */
export function factoryFlash(loaded: LoadedProfile, machine: Factory, files: FirmwareFiles = new Map()): Uint8Array {
  const flash = new Uint8Array(machine.flashBytes).fill(ERASED);
  for (const image of machine.images) put(flash, { loaded, machine, files }, image);
  return flash;
}

interface Filling {
  readonly loaded: LoadedProfile;
  readonly machine: Factory;
  readonly files: FirmwareFiles;
}

function put(flash: Uint8Array, { loaded: { profile, wrong }, machine, files }: Filling, image: string): void {
  const { field, start = 0, hexOnly = [] } = machine;
  const path = cachedFile(profile.file, image);
  if (!existsSync(path)) throw wrong(field, `names ${path}, which is not there.`, FETCH_HINT);
  try {
    const file = files.get(path) ?? readImage(path);
    files.set(path, file);
    const { bytes, segments } = file;
    if (segments === undefined && hexOnly.includes(image)) return;
    for (const { address, bytes: data } of segments ?? [{ address: start, bytes }]) {
      // Registers that are programmed like flash lie far from it; an emulated board has them as it comes.
      if (address >= start && address < start + machine.flashBytes) flash.set(data, address - start);
    }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const text = `names ${path}, which does not fit the flash of ${machine.name}: ${messageOf(error)}`;
    throw wrong(field, text, "Name the merged image of bootloader and application.", { cause: error });
  }
}

function readImage(path: string): FirmwareFile {
  const bytes = readInput(path);
  return bytes[0] === ":".charCodeAt(0) ? { bytes, segments: parseIntelHex(textOf(bytes)) } : { bytes };
}
