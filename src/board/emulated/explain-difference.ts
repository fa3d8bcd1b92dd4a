import type { MaxAlign } from "../../image/index.ts";
import {
  type Area,
  type BootloaderBuild,
  type FlashContent,
  type FlashTiming,
  GENERATIONS,
  MODES,
} from "../../mcuboot/index.ts";
import { type BootDifference, type FirmwareBoot, modelDifference } from "./boot-difference.ts";

/** A boot of the binary, and the content that it began with. */
export interface WitnessedBoot {
  readonly content: FlashContent;
  readonly boot: FirmwareBoot;
}

/** A field of the profile with which the model does what the binary did. */
export interface Explanation {
  /** As in a profile. */
  readonly field: string;
  readonly value: string;
  /** For people: "this bootloader was built with swap using offset". */
  readonly text: string;
  /** Boots that are the model's with it, of those that were looked at. */
  readonly agrees: number;
  readonly of: number;
}

interface Variant {
  readonly value: string;
  readonly text: string;
  readonly build: BootloaderBuild;
}

interface FieldRow {
  readonly field: string;
  readonly variants: (build: BootloaderBuild, boots: readonly WitnessedBoot[]) => readonly Variant[];
}

const SECTOR_COUNTS = [32, 64, 128, 256, 512, 1024];
const ALIGNMENTS: readonly MaxAlign[] = [8, 16, 32];

/** What a profile may say wrongly of a bootloader: every other value of each field is tried, one field at a time. */
const FIELDS: readonly FieldRow[] = [
  {
    field: "bootloader.mode",
    variants: (build, boots) => {
      const scratch = build.scratch ?? scratchSeen(build, boots);
      return MODES.flatMap(({ mode, name, takesBack, newestRuns, slots }) => {
        if (slots < 2 || mode === "ram-load" || (mode === "scratch" && scratch === undefined)) return [];
        const isScratch = mode === "scratch" && scratch !== undefined;
        const changed = { ...build, mode, xipRevert: newestRuns && takesBack, ...(isScratch && { scratch }) };
        return [{ value: name, text: `this bootloader was built with ${modeText(name)}`, build: changed }];
      });
    },
  },
  {
    field: "bootloader.max_align",
    variants: (build) => ALIGNMENTS.map((maxAlign) => variant(build, "BOOT_MAX_ALIGN", { maxAlign })),
  },
  {
    field: "bootloader.max_image_sectors",
    variants: (build) =>
      [...SECTOR_COUNTS, ...slotSectors(build)].map((maxImgSectors) =>
        variant(build, "CONFIG_BOOT_MAX_IMG_SECTORS", { maxImgSectors }),
      ),
  },
  {
    field: "slots.sector_bytes",
    variants: (build) =>
      [512, 1024, 2048, 4096, 8192, 16_384].map((sectorBytes) => variant(build, "sectors of bytes:", { sectorBytes })),
  },
  {
    field: "bootloader.write_bytes",
    variants: (build) => [1, 2, 4, 8, 16].map((writeBytes) => variant(build, "a write unit of bytes:", { writeBytes })),
  },
  {
    field: "bootloader.save_enctlv",
    variants: (build) => {
      const { encryption } = build;
      if (encryption === undefined) return [];
      const saveTlv = !encryption.saveTlv;
      const text = `this bootloader was built ${saveTlv ? "with" : "without"} CONFIG_BOOT_SWAP_SAVE_ENCTLV`;
      return [{ value: String(saveTlv), text, build: { ...build, encryption: { ...encryption, saveTlv } } }];
    },
  },
  {
    field: "bootloader.validate_primary",
    variants: (build) => flag(build, "validatePrimarySlot", "BOOT_VALIDATE_SLOT0"),
  },
  {
    field: "bootloader.downgrade_prevention",
    variants: (build) => flag(build, "downgradePrevention", "MCUBOOT_DOWNGRADE_PREVENTION"),
  },
  {
    field: "bootloader.generation",
    variants: (build) =>
      GENERATIONS.map((generation) => ({
        value: generation.name,
        text: `this bootloader is MCUboot ${generation.name}, or one like it`,
        build: { ...build, generation },
      })),
  },
];

/** "swap-offset" as people say it. */
function modeText(name: string): string {
  return name.replace(/^swap-/u, "swap using ").replaceAll("-", " ");
}

function variant(
  build: BootloaderBuild,
  option: string,
  change: Partial<Pick<BootloaderBuild, "maxAlign" | "maxImgSectors" | "sectorBytes" | "writeBytes">>,
): Variant {
  const value = String(Object.values(change)[0]);
  return { value, text: `this bootloader was built with ${option} ${value}`, build: { ...build, ...change } };
}

function flag(
  build: BootloaderBuild,
  name: "validatePrimarySlot" | "downgradePrevention",
  option: string,
): readonly Variant[] {
  const value = !build[name];
  const text = `this bootloader was built ${value ? "with" : "without"} CONFIG_${option}`;
  return [{ value: String(value), text, build: { ...build, [name]: value } }];
}

function slotSectors({ images, sectorBytes }: BootloaderBuild): readonly number[] {
  return images.flatMap(({ primary, secondary }) => [primary.bytes / sectorBytes, secondary.bytes / sectorBytes]);
}

/** Where a bootloader erases outside the slots, its scratch area is. */
function scratchSeen(build: BootloaderBuild, boots: readonly WitnessedBoot[]): Area | undefined {
  const slots = build.images.flatMap(({ primary, secondary }) => [primary, secondary]);
  const isIn = (offset: number) => slots.some((slot) => offset >= slot.offset && offset < slot.offset + slot.bytes);
  const erased = boots.flatMap(({ boot }) =>
    boot.operations.flatMap((operation) =>
      operation.kind === "erase" && !isIn(operation.offset)
        ? [{ start: operation.offset, end: operation.offset + operation.bytes }]
        : [],
    ),
  );
  if (erased.length === 0) return undefined;
  const offset = erased.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const end = erased.reduce((most, row) => Math.max(most, row.end), 0);
  return { offset, bytes: end - offset };
}

/**
 * Which one field of the profile, if it had another value, would make the model do what the binary did.
 * @param boots those that differ, and those that do not: an explanation must hold for all
 * @returns what explains every boot, by field; else the one that explains most of those that differ, if any does
 */
export function explainDifference(
  boots: readonly WitnessedBoot[],
  { build, timing, looksAtLog }: { build: BootloaderBuild; timing: FlashTiming; looksAtLog: boolean },
): readonly Explanation[] {
  const differs = (changed: BootloaderBuild, { boot, content }: WitnessedBoot) =>
    differenceWith(boot, content, { build: changed, timing, looksAtLog }) !== undefined;
  const wrong = boots.filter((witnessed) => differs(build, witnessed));
  const [first, ...others] = wrong;
  if (first === undefined) return [];
  const found = FIELDS.flatMap(({ field, variants }) =>
    variants(build, boots)
      .filter((candidate) => !differs(candidate.build, first))
      .map((candidate): Explanation => {
        const rest = boots.filter((one) => one !== first).filter((one) => !differs(candidate.build, one));
        const { value, text } = candidate;
        return { field, value, text, agrees: rest.length + 1, of: boots.length };
      }),
  );
  const whole = found.filter(({ agrees, of }) => agrees === of);
  if (whole.length > 0) return whole;
  const best = Math.max(...found.map(({ agrees }) => agrees));
  return others.length === 0 ? [] : found.filter(({ agrees }) => agrees === best);
}

/** A build that no bootloader can have is no explanation. */
function differenceWith(
  boot: FirmwareBoot,
  content: FlashContent,
  options: { build: BootloaderBuild; timing: FlashTiming; looksAtLog: boolean },
): BootDifference | undefined {
  try {
    return modelDifference(boot, content, options);
  } catch (error) {
    if (error instanceof RangeError) return { kind: "operations", what: error.message };
    throw error;
  }
}
