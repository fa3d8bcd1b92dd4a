import type { BootMode } from "../builds/boot-mode.ts";
import { EXCHANGING_MODES } from "../builds/fault-needs.ts";
import type { GenerationRow } from "../builds/generation-row.ts";
import { GENERATIONS } from "../builds/generations.ts";
import { compareReleases, isWithin, type Release } from "../builds/release.ts";
import type { BootEvent } from "../steps/log-lines.ts";

/** What somebody believes of a bootloader. */
export interface BootloaderFacts {
  readonly mode: BootMode;
  readonly generation: GenerationRow;
  /** How many images it looks after. */
  readonly images: number;
  /** Device offsets from which it may start image 0. */
  readonly startOffsets: readonly number[];
}

/** A line of a boot log, as the tables know it. */
interface SaidLine {
  readonly text: string;
  readonly event: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

interface EvidenceRow {
  /** What the line tells. */
  readonly about: "mode" | "start" | "images" | "generation";
  readonly events: readonly BootEvent[];
  /** What it says, for people; undefined when this line says nothing about it. */
  readonly says: (line: SaidLine) => string | undefined;
  readonly fits: (line: SaidLine, facts: BootloaderFacts) => boolean;
}

const hex = (offset: number): string => `0x${offset.toString(16)}`;

/** The number of the image that a line is about. */
function imageIn({ text, fields }: SaidLine): string | undefined {
  return fields["image"] ?? /Image index: (\d+)/.exec(text)?.[1];
}

/** Their names are MCUboot's words in its log, too. Source: swap_move.c, swap_offset.c, swap_scratch.c. */
const ALGORITHMS: readonly BootMode[] = EXCHANGING_MODES;

/**
 * What lines of MCUboot's log say of the bootloader itself. The lines and who prints them: log-lines.ts. Lines that an
 * image decides ("Image version") are not here, and none tells the size of a key.
 */
const EVIDENCE: readonly EvidenceRow[] = [
  {
    about: "mode",
    events: ["starting swap"],
    says: ({ fields }) =>
      ALGORITHMS.find((mode) => mode === fields["algorithm"]) && `swap using ${fields["algorithm"]}`,
    fits: ({ fields }, { mode }) => fields["algorithm"] === mode,
  },
  {
    about: "mode",
    events: ["copying", "erasing primary"],
    says: () => "overwrite only",
    fits: (_, { mode }) => mode === "overwrite",
  },
  {
    about: "mode",
    events: ["starting bootloader"],
    says: ({ text }) => (text.includes("Direct-XIP") ? "direct-XIP" : undefined),
    fits: (_, { mode }) => mode === "direct-xip",
  },
  {
    about: "start",
    events: ["chainload"],
    says: ({ fields }) => `the application's slot at ${fields["offset"]}`,
    fits: ({ fields }, { startOffsets }) => startOffsets.includes(Number(fields["offset"])),
  },
  {
    about: "images",
    events: ["swap type", "upgrading", "no image", "loaded from"],
    says: (line) => imageIn(line) && `image ${imageIn(line)}, of ${Number(imageIn(line)) + 1} or more`,
    fits: (line, { images }) => Number(imageIn(line)) < images,
  },
  {
    about: "generation",
    events: ["banner"],
    // "mcuboot v3.5.99-ncs1-1" of nRF Connect SDK 2.6 carries Zephyr's version.
    says: ({ fields }) => (fields["core"] === "MCUboot" ? `MCUboot ${fields["version"]}` : undefined),
    fits: ({ fields }, { generation }) => rowsOf(fields["version"] ?? "").some(({ name }) => name === generation.name),
  },
  {
    about: "generation",
    events: ["sdk banner"],
    says: ({ fields }) => sdkRelease(fields["version"] ?? "") && `nRF Connect SDK ${fields["version"]}`,
    fits: ({ fields }, { generation }) => isOfSdk(generation, fields["version"] ?? ""),
  },
];

/** "v3.4.1-b20f8619ba9a" as a release of its own table: 3.4.0 is "3.4", every later 3.4 "3.4.99"; undefined for no version. */
function sdkRelease(version: string): Release | undefined {
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const [from, later] = [`${Number(major)}.${Number(minor)}`, `${Number(major)}.${Number(minor)}.99`] as const;
  return Number(patch) === 0 ? from : later;
}

/**
 * Rows that a banner of a bootloader names; undefined: it names none.
 * @param event of the line, with what stood at its places.
 */
export function rowsOfBanner(
  event: BootEvent,
  fields: Readonly<Record<string, string>>,
): readonly GenerationRow[] | undefined {
  const version = fields["version"] ?? "";
  if (event === "sdk banner") {
    if (sdkRelease(version) === undefined) return undefined;
    return GENERATIONS.filter((row: GenerationRow) => row.sdk !== undefined && isOfSdk(row, version));
  }
  if (event !== "banner") return undefined;
  if (fields["core"] === "MCUboot") return rowsOf(version);
  const own = GENERATIONS.filter(({ banner }) => banner[0]?.includes(` ${version} `));
  return own.length === 0 ? undefined : own;
}

/** True for a generation without releases of its own in nRF Connect SDK: it stands for whichever is near. */
function isOfSdk({ sdk }: GenerationRow, version: string): boolean {
  const release = sdkRelease(version);
  return sdk === undefined || release === undefined || isWithin(release, sdk);
}

/** What was said against what was believed. */
export interface Contradiction {
  readonly about: EvidenceRow["about"];
  readonly said: string;
  readonly believed: string;
  /** The line that says so. */
  readonly line: string;
}

/**
 * What a boot log says that is otherwise than believed; one of a kind. A line is no contradiction when another one of
 * its kind agrees: on a bad line a digit flips.
 */
export function contradictions(lines: readonly SaidLine[], facts: BootloaderFacts): readonly Contradiction[] {
  const found: Contradiction[] = [];
  for (const about of ["mode", "start", "images", "generation"] as const) {
    const told = EVIDENCE.filter((row) => row.about === about).flatMap((row) =>
      lines.flatMap((line) => {
        if (!row.events.some((event) => event === line.event)) return [];
        const said = row.says(line);
        return said === undefined || said === "" ? [] : [{ said, line, fits: row.fits(line, facts) }];
      }),
    );
    const odd = told.find(({ fits }) => !fits);
    // Of images the one that is too many counts, however many others are named.
    if (odd === undefined || (about !== "images" && told.some(({ fits }) => fits))) continue;
    found.push({ about, said: odd.said, believed: believedOf(about, facts), line: odd.line.text });
  }
  return found;
}

function believedOf(about: EvidenceRow["about"], { mode, generation, images, startOffsets }: BootloaderFacts): string {
  switch (about) {
    case "mode":
      return ALGORITHMS.includes(mode) ? `swap using ${mode}` : mode === "overwrite" ? "overwrite only" : "direct-XIP";
    case "start":
      return `the application's slot at ${startOffsets.map(hex).join(" or ")}`;
    case "images":
      return images === 1 ? "one image" : `${images} images`;
    case "generation":
      return `the generation ${generation.name} (${generation.banner[0]})`;
  }
}

/**
 * Rows that a version in a banner may stand for: those that print this version themselves; else the nearest before and
 * after it. "v2.1.0-dev-12e5ee106034", "v2.3.0".
 */
export function rowsOf(version: string): readonly GenerationRow[] {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return GENERATIONS;
  const printed = new RegExp(`MCUboot v${major}\\.${minor}\\.`);
  const same = GENERATIONS.filter(({ banner }) => banner.some((line) => printed.test(line)));
  if (same.length > 0) return same;
  const release: Release = `${Number(major)}.${Number(minor)}`;
  const before = GENERATIONS.findLast((row) => compareReleases(row.release, release) <= 0);
  const after = GENERATIONS.find((row) => compareReleases(row.release, release) >= 0);
  return [before, after].filter((row) => row !== undefined);
}
