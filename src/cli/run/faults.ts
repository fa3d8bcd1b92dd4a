import type { LoadedProfile } from "../../board/index.ts";
import { nearest, UsageError } from "../../core/index.ts";
import { TWIN_FAULT_NAMES } from "../../twin/index.ts";

/**
 * A twin's profile with more faults switched on than it names.
 * @throws UsageError for a fault that no twin knows, and for a board that is none; whether it can act: `requireFaultsAct`.
 */
export function withFaults(loaded: LoadedProfile, names: readonly string[]): LoadedProfile {
  if (names.length === 0) return loaded;
  if (loaded.profile.provider !== "twin") {
    throw new UsageError(`--fault is for twins; ${loaded.profile.name} is a real board.`);
  }
  for (const name of names) {
    if (TWIN_FAULT_NAMES.includes(name)) continue;
    const near = nearest(name, TWIN_FAULT_NAMES);
    const hint = near === undefined ? `Known are ${TWIN_FAULT_NAMES.join(", ")}.` : `Did you mean "${near}"?`;
    throw new UsageError(`no fault is named "${name}".`, hint);
  }
  const faults = [...(loaded.profile.twin?.faults ?? []), ...names];
  return { ...loaded, profile: { ...loaded.profile, twin: { ...loaded.profile.twin, faults } } };
}
