import { ConfigurationError, nearest } from "../../core/index.ts";
import { before22, before23, before24, current } from "./generation-columns.ts";
import type { GenerationRow } from "./generation-row.ts";
import { compareReleases } from "./release.ts";
import { SDK_GENERATIONS } from "./sdk-generations.ts";

/** MCUboot's own releases, as plain Zephyr has them; oldest first. Measured ones where the source does not say "read". */
const UPSTREAM_GENERATIONS = [
  {
    ...before22,
    name: "1.10.0",
    release: "1.10",
    ncs: "-",
    banner: ["*** Booting Zephyr OS build v3.3.99-ncs1 ***"],
    requestNamesImage: false,
    cleansUnusable: false,
    recoveryImageInEachChunk: true,
    netCoreRule: "vector-from-slot",
    source: "MCUboot tag v1.10.0",
  },
  {
    ...before22,
    name: "2.1.0",
    release: "2.1",
    ncs: "-",
    banner: ["*** Booting MCUboot v2.1.0-dev ***", "*** Using nRF Connect SDK v2.7.0 ***"],
    netCoreRule: "vector-from-slot",
    source: "MCUboot tag v2.1.0",
  },
  {
    ...before23,
    name: "2.2.0",
    release: "2.2",
    ncs: "-",
    banner: ["*** Booting MCUboot v2.2.0 ***", "*** Using Zephyr OS build v4.2.0 ***"],
    overrunSpoilsSectors: true,
    source: "MCUboot tag v2.2.0",
  },
  {
    ...before24,
    name: "2.3.0",
    release: "2.3",
    ncs: "-",
    banner: ["*** Booting MCUboot v2.3.0 ***", "*** Using Zephyr OS build v4.3.0 ***"],
    source: "MCUboot tag v2.3.0 (read, not run)",
  },
  {
    ...current,
    name: "current",
    release: "2.4.99",
    ncs: "-",
    banner: ["*** Booting MCUboot v2.4.0-dev ***", "*** Using Zephyr OS build v4.4.0 ***"],
    source: "MCUboot 2d4bacc3 (after v2.4.0)",
  },
] as const satisfies readonly GenerationRow[];

type AnyGeneration = (typeof SDK_GENERATIONS)[number] | (typeof UPSTREAM_GENERATIONS)[number];

/** Oldest first: MCUboot's own releases among those of nRF Connect SDK. */
export const GENERATIONS: readonly AnyGeneration[] = [...SDK_GENERATIONS, ...UPSTREAM_GENERATIONS].toSorted((a, b) =>
  compareReleases(a.release, b.release),
);

export type GenerationName = AnyGeneration["name"];

/**
 * The row of a generation.
 * @throws ConfigurationError for an unknown name, listing the known ones.
 */
export function generation(name: string): GenerationRow {
  const row = GENERATIONS.find((candidate) => candidate.name === name);
  if (row !== undefined) return row;
  const names = GENERATIONS.map((candidate) => candidate.name);
  const near = nearest(name, names);
  throw new ConfigurationError(
    `no MCUboot generation is named "${name}".`,
    `${near === undefined ? "" : `Did you mean "${near}"? `}Known are ${names.join(", ")}.`,
  );
}

/** What people call a generation: "MCUboot of NCS 3.3", "MCUboot 2.2.0", "MCUboot after 2.4". */
export function generationTitle({ name, release, ncs, sdk }: GenerationRow): string {
  if (sdk !== undefined) return `MCUboot of NCS ${ncs}`;
  return `MCUboot ${release.endsWith(".99") ? `after ${release.slice(0, -3)}` : name}`;
}
