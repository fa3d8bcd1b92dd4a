import type { BootloaderBuild } from "./build.ts";
import type { DefectName } from "./defects.ts";
import type { GenerationRow } from "./generation-row.ts";
import { UPSTREAM_DEFECTS, type UpstreamDefectRow } from "./upstream-defects.ts";

/** A build with faults switched on, besides those that it has. */
export function withDefects(build: BootloaderBuild, names: ReadonlySet<DefectName>): BootloaderBuild {
  if (names.size === 0) return build;
  const rows: readonly UpstreamDefectRow[] = UPSTREAM_DEFECTS.filter((row) => names.has(row.name));
  const columns: Partial<GenerationRow> = Object.assign({}, ...rows.map((row) => row.columns));
  const settings: Partial<BootloaderBuild> = Object.assign({}, ...rows.map((row) => row.settings));
  const fixes = [...(build.fixes ?? [])].filter((fix) => !names.has(fix));
  return {
    ...build,
    ...settings,
    fixes: new Set(fixes),
    generation: { ...build.generation, ...columns },
    defects: new Set([...build.defects, ...names]),
  };
}
