import type { FaultColumns } from "../../mcuboot/index.ts";
import { TWIN_FAULTS } from "../../twin/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";

/** The faults that are switched on in a twin, by its profile or by who asked; of a real board none. */
export function plantedFaults({ profile }: LoadedProfile): readonly FaultColumns[] {
  const names = profile.provider === "twin" ? (profile.twin?.faults ?? []) : [];
  return TWIN_FAULTS.filter((row) => names.includes(row.name));
}
