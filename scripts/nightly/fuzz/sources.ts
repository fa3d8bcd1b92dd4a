import { AIR_SOURCES } from "./air.ts";
import { BOARD_SOURCES } from "./board.ts";
import { filedSources } from "./filed.ts";
import { FILE_SOURCES } from "./files.ts";
import { PEER_SOURCES } from "./peers.ts";
import { SERVER_SOURCES } from "./server.ts";
import type { FuzzSource } from "./source.ts";
import { SWITCH_SOURCES } from "./switch.ts";

/** Every way in, of everybody (docs/trust.md). @param folder for files that are read by their names; empty. */
export function fuzzSources(folder: string): readonly FuzzSource[] {
  return [
    ...[...BOARD_SOURCES, ...AIR_SOURCES, ...SERVER_SOURCES, ...SWITCH_SOURCES, ...PEER_SOURCES],
    ...[...FILE_SOURCES, ...filedSources(folder)],
  ];
}

/** How many of `count` inputs each source gets, at least one. */
export function shareOf(source: FuzzSource, sources: readonly FuzzSource[], count: number): number {
  const all = sources.reduce((sum, { share }) => sum + share, 0);
  return Math.max(1, Math.round((count * source.share) / all));
}
