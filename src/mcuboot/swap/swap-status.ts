import type { Area, BootloaderBuild } from "../builds/build.ts";
import { ERASED } from "../flash/flash-rules.ts";
import { type Flash, type FlashOperation, lookAt } from "../flash/operation.ts";
import type { SwapStatus } from "../loader/loader-state.ts";
import { statusOffset } from "../trailer/trailer.ts";

/**
 * Which status entries of an area are written, first to last. An entry counts as written when its first byte is not
 * erased; there is no checksum.
 */
export function writtenEntries(flash: Flash, build: BootloaderBuild, area: Area, entries: number): boolean[] {
  const bytes = flash.read(area.offset + statusOffset(build, area), entries * build.writeBytes);
  return Array.from({ length: entries }, (_, index) => bytes[index * build.writeBytes] !== ERASED);
}

/** How many status entries there are up to the last one that is written; 0: none is. */
export function lastWritten(flash: Flash, build: BootloaderBuild, area: Area, entries: number): number {
  return lookAt(flash, area.offset + statusOffset(build, area), entries * build.writeBytes, (bytes) => {
    let found = entries;
    while (found > 0 && bytes[(found - 1) * build.writeBytes] === ERASED) found -= 1;
    return found;
  });
}

/** The write of one status entry: its first byte is the state. Source: MCUboot loader.c boot_write_status. */
export function writeStatus(build: BootloaderBuild, area: Area, entry: number, state: number): FlashOperation {
  const data = new Uint8Array(build.writeBytes).fill(ERASED);
  data[0] = state;
  return { kind: "write", offset: area.offset + statusOffset(build, area) + entry * build.writeBytes, data };
}

/** Equal status: also the test whether a status is still the one a boot starts with. */
export function sameStatus(a: SwapStatus, b: SwapStatus): boolean {
  return a.operation === b.operation && a.index === b.index && a.state === b.state;
}
