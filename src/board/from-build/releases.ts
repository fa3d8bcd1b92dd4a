import { compareReleases, GENERATIONS, type GenerationRow, type Release } from "../../mcuboot/index.ts";
import { type BuildFolder, definedIn, type Found } from "./build-folder.ts";

/** Kernel versions of nRF Connect SDK from before builds name it, by release. Source: tags of sdk-zephyr. */
const KERNELS = [
  { kernel: "2.6.99", ncs: "1.7" },
  { kernel: "2.7.99", ncs: "1.9" },
  { kernel: "3.0.99", ncs: "2.0" },
  { kernel: "3.1.99", ncs: "2.1" },
  { kernel: "3.2.99", ncs: "2.3" },
  { kernel: "3.3.99", ncs: "2.4" },
  { kernel: "3.4.99", ncs: "2.5" },
  { kernel: "3.5.99", ncs: "2.6" },
] as const;
/** Option that is visible from this release of MCUboot on: release 2.2 calls itself 2.1.0-dev, as 2.1 does. */
const NEW_IN_2_2 = "BOOT_SWAP_USING_OFFSET";

/**
 * Which generation of MCUboot a build has: by the release of nRF Connect SDK where it has one, else by MCUboot's own
 * version, else by the kernel's.
 */
export function generationOf(build: BuildFolder): Found<GenerationRow> | undefined {
  const { bootloader, folder } = build;
  const ncs = definedIn(bootloader, "ncs_version.h", "NCS_VERSION_STRING", folder);
  if (ncs) return found(bySdk(numbersIn(ncs.value)), ncs);
  const own = definedIn(bootloader, "app_version.h", "APP_VERSION_STRING", folder);
  if (own) return found(byRelease(ownRelease(build, own.value)), own);
  const kernel = definedIn(bootloader, "version.h", "KERNEL_VERSION_STRING", folder);
  const row = KERNELS.find((known) => known.kernel === kernel?.value);
  return kernel && row && found(bySdk(numbersIn(row.ncs)), kernel);
}

function found(row: GenerationRow | undefined, { value, from }: Found<string>): Found<GenerationRow> | undefined {
  return row && { value: row, from: `${from} ${JSON.stringify(value)}` };
}

type Numbers = readonly [major: number, minor: number];

function numbersIn(text: string): Numbers {
  const [major = 0, minor = 0] = (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? "").split(".").map(Number);
  return [major, minor];
}

/** Rows of MCUboot's own releases belong to no SDK. Source: `ncs` of generations.ts. */
const OF_NO_SDK = "-";

/** By what stands in `ncs` of a generation: "2.7 to 2.9", "later than 3.3". The row that begins last, but not after it. */
function bySdk(wanted: Numbers): GenerationRow | undefined {
  const rows = GENERATIONS.filter(({ ncs }) => ncs !== OF_NO_SDK).toSorted((a, b) =>
    compare(numbersIn(a.ncs), numbersIn(b.ncs)),
  );
  const begun = rows.filter(({ ncs }) => {
    const order = compare(numbersIn(ncs), wanted);
    return ncs.startsWith("later than") ? order < 0 : order <= 0;
  });
  return begun.at(-1) ?? rows[0];
}

function compare([major, minor]: Numbers, [otherMajor, otherMinor]: Numbers): number {
  return major - otherMajor || minor - otherMinor;
}

function byRelease(wanted: Release): GenerationRow | undefined {
  const rows = GENERATIONS.filter(({ ncs }) => ncs === OF_NO_SDK);
  const begun = rows.filter(({ release }) => compareReleases(release, wanted) <= 0);
  return begun.at(-1) ?? rows[0];
}

function ownRelease({ bootloader }: BuildFolder, version: string): Release {
  const [major, minor] = numbersIn(version);
  const isPatched = /^\d+\.\d+\.99/.test(version);
  const named: Release = isPatched ? `${major}.${minor}.99` : `${major}.${minor}`;
  return named === "2.1" && bootloader.kconfig.symbols.has(NEW_IN_2_2) ? "2.2" : named;
}
