import type { CauseRow } from "./cause-row.ts";
import { FOUND_CAUSES, OTHER_CAUSES } from "./found.ts";
import { UPSTREAM_CAUSES } from "./upstream.ts";

/** Every cause that a search can name. */
export const CAUSES: readonly CauseRow[] = [...OTHER_CAUSES, ...FOUND_CAUSES, ...UPSTREAM_CAUSES];

/** The row of a cause; undefined for a finding that is on no record. */
export function causeNamed(id: string): CauseRow | undefined {
  return CAUSES.find((row) => row.id === id);
}
