import type { LoadedProfile } from "../../board/index.ts";
import { nearest, UsageError } from "../../core/index.ts";
import { modeRow } from "../../mcuboot/index.ts";
import { TWIN_FAULT_NAMES, UPSTREAM_FAULTS } from "../../twin/index.ts";

/**
 * A twin's profile with more faults switched on than it names.
 * @throws UsageError for a fault that no twin knows or this one's mode cannot show, and for a board that is none.
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
  for (const name of names) requireMode(loaded, name);
  const faults = [...(loaded.profile.twin?.faults ?? []), ...names];
  return { ...loaded, profile: { ...loaded.profile, twin: { ...loaded.profile.twin, faults } } };
}

/** A bug of another mode's code would change nothing, and the run that is to catch it would pass. */
function requireMode({ profile }: LoadedProfile, name: string): void {
  const row = UPSTREAM_FAULTS.find((fault) => fault.name === name);
  const named = profile.bootloader.mode;
  if (row === undefined || row.modes.includes(modeRow(named).mode)) return;
  throw new UsageError(
    `the fault ${name} is of mode ${row.modes.join(", ")}, and ${profile.name} is ${named}: it would change nothing.`,
    "See docs/faults.md for a board that shows it.",
  );
}
