import type { BootMode } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { EXCHANGING_MODES } from "../builds/fault-needs.ts";
import { isWithin, type ReleaseRange } from "../builds/release.ts";

/** What is wrong with an outcome that the real bootloader produces all the same. */
export type Violation =
  | "no boot"
  | "hangs"
  | "wrong image"
  | "fallback lost"
  | "never reverts"
  | "request lost"
  | "request postponed";

interface KnownDefectRow extends ReleaseRange {
  readonly id: string;
  readonly modes: readonly BootMode[];
  readonly violation: Violation;
  readonly when?: (build: BootloaderBuild) => boolean;
  /** Only in a boot that takes an image back. */
  readonly reverts?: boolean;
  readonly source: string;
}

const found = "measured on MCUboot 2d4bacc3 (unmodified bootutil, compiled for the host)";

/** Defects of MCUboot that a single cut can bring out; "no boot" is a boot that hangs, too. First match wins. */
const KNOWN_DEFECTS: readonly KnownDefectRow[] = [
  {
    id: "N1",
    modes: EXCHANGING_MODES,
    violation: "no boot",
    when: (build) => build.nsib !== undefined && build.fixes?.has("N1") !== true,
    source: "read in sdk-mcuboot loader.c boot_swap_image; neither run nor measured",
  },
  { id: "R11", modes: ["move"], violation: "no boot", to: "1.9.99", source: "MCUboot #1588" },
  { id: "R19", modes: ["move"], violation: "never reverts", to: "2.1.99", source: "MCUboot #1966" },
  {
    id: "U12",
    modes: EXCHANGING_MODES,
    violation: "no boot",
    when: (build) => build.bootstrap && build.encryption !== undefined,
    source: found,
  },
  { id: "U11", modes: ["move"], violation: "fallback lost", when: (build) => build.downgradePrevention, source: found },
  {
    id: "T5",
    modes: ["overwrite"],
    violation: "no boot",
    when: (build) => build.downgradePrevention,
    source: "found by this model: a half-erased header in the primary slot reads as a newer version; not measured",
  },
  { id: "U1", modes: ["offset"], violation: "fallback lost", from: "2.2", source: found },
  { id: "U2", modes: ["offset"], violation: "no boot", from: "2.2", reverts: true, source: found },
  { id: "U1", modes: ["offset"], violation: "no boot", from: "2.2", source: found },
  {
    id: "U4",
    modes: ["scratch"],
    violation: "no boot",
    source: `${found} (torn erase of scratch with data and trailer); this model: with a damaged key in a whole trailer, too`,
  },
  {
    id: "T1",
    modes: EXCHANGING_MODES,
    violation: "request lost",
    source:
      "found by this model: a torn erase of a trailer leaves the magic whole and image_ok damaged, or the magic in " +
      "doubt, so that the swap type reads otherwise than the status source; not measured",
  },
  {
    id: "T1",
    modes: EXCHANGING_MODES,
    violation: "request postponed",
    source:
      "found by this model: bits in doubt in a trailer read as a swap under way once, and not again; not measured",
  },
  { id: "U10", modes: ["direct-xip", "ram-load"], violation: "never reverts", source: found },
  { id: "U5", modes: EXCHANGING_MODES, violation: "never reverts", source: found },
];

/**
 * Id of the known defect of a build that a violation is, or undefined.
 * @param reverts the boot that was cut took an image back.
 */
export function knownDefect(
  build: BootloaderBuild,
  violation: Violation | undefined,
  reverts: boolean,
): string | undefined {
  return KNOWN_DEFECTS.find(
    (row) =>
      row.violation === (violation === "hangs" ? "no boot" : violation) &&
      row.modes.includes(build.mode) &&
      isWithin(build.generation.release, row) &&
      (row.when?.(build) ?? true) &&
      (row.reverts !== true || reverts),
  )?.id;
}
