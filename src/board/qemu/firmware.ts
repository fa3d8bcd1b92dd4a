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
  readonly image: string;
  /** Where the profile names it. */
  readonly field: readonly string[];
}

/**
 * The flash of a new board: what the profile's image says, and ones.
 * @throws ConfigurationError when the image is not there, cannot be read, or does not fit the machine.
 */
export function factoryFlash({ profile, wrong }: LoadedProfile, machine: Factory): Uint8Array {
  const { field } = machine;
  const path = cachedFile(profile.file, machine.image);
  if (!existsSync(path)) throw wrong(field, `names ${path}, which is not there.`, FETCH_HINT);
  const flash = new Uint8Array(machine.flashBytes).fill(ERASED);
  try {
    const bytes = readInput(path);
    const segments =
      bytes[0] === ":".charCodeAt(0) ? parseIntelHex(textOf(bytes)) : [{ address: 0, bytes: Uint8Array.from(bytes) }];
    for (const { address, bytes: data } of segments) {
      // Registers that are programmed like flash lie far above it; an emulated board has them as it comes.
      if (address < machine.flashBytes) flash.set(data, address);
    }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const text = `names ${path}, which does not fit the flash of ${machine.name}: ${messageOf(error)}`;
    throw wrong(field, text, "Name the merged image of bootloader and application.", { cause: error });
  }
  return flash;
}
