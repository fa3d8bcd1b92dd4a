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
  /** A raw binary holds nothing of it. */
  readonly hexOnly?: boolean;
}

/**
 * The flash of a new board: what the profile's images say, and ones. What they hold elsewhere is not its.
 * @throws ConfigurationError when an image is not there, cannot be read, or does not fit the machine.
 */
export function factoryFlash(loaded: LoadedProfile, machine: Factory): Uint8Array {
  const flash = new Uint8Array(machine.flashBytes).fill(ERASED);
  for (const image of machine.images) put(flash, loaded, machine, image);
  return flash;
}

function put(flash: Uint8Array, { profile, wrong }: LoadedProfile, machine: Factory, image: string): void {
  const { field, start = 0, hexOnly = false } = machine;
  const path = cachedFile(profile.file, image);
  if (!existsSync(path)) throw wrong(field, `names ${path}, which is not there.`, FETCH_HINT);
  try {
    const bytes = readInput(path);
    const isHex = bytes[0] === ":".charCodeAt(0);
    if (hexOnly && !isHex) return;
    const segments = isHex ? parseIntelHex(textOf(bytes)) : [{ address: start, bytes: Uint8Array.from(bytes) }];
    for (const { address, bytes: data } of segments) {
      // Registers that are programmed like flash lie far from it; an emulated board has them as it comes.
      if (address >= start && address < start + machine.flashBytes) flash.set(data, address - start);
    }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const text = `names ${path}, which does not fit the flash of ${machine.name}: ${messageOf(error)}`;
    throw wrong(field, text, "Name the merged image of bootloader and application.", { cause: error });
  }
}
