import type { BootMode } from "../builds/boot-mode.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { EXCHANGING_MODES } from "../builds/fault-needs.ts";
import { isWithin, type ReleaseRange } from "../builds/release.ts";
import { SIZE_OUTSIDE } from "../swap/swap-sectors.ts";
import type { TrailerState } from "../trailer/trailer.ts";
import type { FindingClass } from "./rules.ts";
import type { Stage } from "./state.ts";

/** What is told of a finding to see whether it is on record. */
interface FindingFacts {
  readonly class: FindingClass;
  readonly stage: Stage;
  readonly cuts: number;
  readonly torn: number;
  /** A cut on the way left bits in doubt: they read one way once, and the other way later. */
  readonly inDoubt: boolean;
  /** Of a leak: "plain text in secondary". */
  readonly leak: string | undefined;
  /** What the primary and the secondary trailer say in the end. */
  readonly trailers: readonly [TrailerState, TrailerState] | undefined;
  /** Why nothing boots. */
  readonly reason: string | undefined;
}

interface KnownRow extends ReleaseRange {
  readonly id: string;
  readonly modes: readonly BootMode[];
  readonly classes: readonly FindingClass[];
  readonly stages?: readonly Stage[];
  readonly leak?: string;
  readonly cutsMin?: number;
  /** Torn cuts on the shortest way: "none" or "some". */
  readonly torn?: "none" | "some";
  readonly when?: (build: BootloaderBuild, facts: FindingFacts) => boolean;
  readonly what: string;
  readonly source: string;
}

const onMcuboot = "measured on MCUboot 2d4bacc3 (unmodified bootutil, compiled for the host)";

/** Assertions about what lies in MCUboot's other half. */
const OTHER_HALF: ReadonlySet<string> = new Set(["boot_swap_image: rc == 0", "boot_swap_image: rc >= 0"]);

/**
 * Defects of MCUboot that are on record: they give a finding a name, and never make it right. First match wins.
 * Source: the issue that a row names; rows without one were found by measuring.
 */
const KNOWN_FINDINGS: readonly KnownRow[] = [
  {
    id: "N1",
    modes: EXCHANGING_MODES,
    classes: ["brick", "failed boot"],
    when: (build, { reason }) => build.nsib !== undefined && OTHER_HALF.has(reason ?? ""),
    what: "an update of MCUboot that was cut leaves half an image in the other half, whose size the next move asserts",
    source: "read in sdk-mcuboot loader.c boot_swap_image; neither run nor measured",
  },
  {
    id: "U12",
    modes: EXCHANGING_MODES,
    classes: ["brick"],
    when: (build, { reason }) => build.bootstrap && reason === "boot_swap_image: rc >= 0",
    what: "a bootstrap cut before the TLVs leaves a header that promises a key",
    source: onMcuboot,
  },
  {
    id: "R11",
    modes: ["move"],
    classes: ["brick", "failed boot", "leak", "wrong image", "fallback lost"],
    cutsMin: 1,
    to: "1.9.99",
    what: "the place of a header is not found when a swap resumes right after the last sector was moved up",
    source: "MCUboot #1588, fixed in 1.10.0",
  },
  {
    id: "R17",
    modes: ["scratch"],
    classes: ["leak"],
    leak: "plain text in scratch",
    to: "2.1",
    what: "bodies are decrypted on their way to the scratch area, and stay there",
    source: "MCUboot #1942, fixed in 2.2.0",
  },
  {
    id: "R19",
    modes: ["move"],
    classes: ["never reverts"],
    torn: "some",
    stages: ["tried"],
    to: "2.1.99",
    what: "a torn magic in the secondary slot hides a revert that is due",
    source: "MCUboot #1966, fixed in 2.2.0",
  },
  {
    id: "U8",
    modes: [...EXCHANGING_MODES, "direct-xip", "ram-load"],
    classes: ["request weakened"],
    stages: ["asking", "asked"],
    what: "a permanent request cut between magic and image_ok is a request for a test",
    source: onMcuboot,
  },
  {
    id: "U11",
    modes: ["move"],
    classes: ["never reverts", "fallback lost", "endless loop"],
    stages: ["tried"],
    when: (build) => build.downgradePrevention,
    what: "a cut revert looks like a permanent request for an older image, and downgrade prevention erases it",
    source: onMcuboot,
  },
  {
    id: "U1",
    modes: ["offset"],
    classes: ["fallback lost", "brick", "failed boot", "wrong image", "endless loop"],
    stages: ["asked", "asking"],
    from: "2.2",
    what: "resuming at the last sector, the old image's header is read one index short",
    source: onMcuboot,
  },
  {
    id: "U1",
    modes: ["offset"],
    classes: ["fallback lost"],
    stages: ["tried"],
    cutsMin: 2,
    torn: "some",
    from: "2.2",
    what: "resuming at the last sector, the old image's header is read one index short; a torn copy_done hides it at first",
    source: onMcuboot,
  },
  {
    id: "U2",
    modes: ["offset"],
    classes: ["brick", "failed boot", "wrong image"],
    stages: ["tried"],
    cutsMin: 2,
    from: "2.2",
    when: (build) => !build.bootstrap,
    what: "the preparation of a revert is repeated over sectors that have been moved",
    source: onMcuboot,
  },
  {
    id: "U3",
    modes: ["scratch"],
    classes: ["never reverts"],
    stages: ["tried"],
    cutsMin: 2,
    when: (_, { trailers }) => trailers?.[0].magic === "unset" && trailers[1].magic === "unset",
    what: "the only record of a revert is erased with the scratch area",
    source: onMcuboot,
  },
  {
    id: "U9",
    modes: ["scratch"],
    classes: ["brick", "failed boot"],
    when: (_, { reason }) => reason?.includes(SIZE_OUTSIDE) === true,
    what: "an old image that reaches into the status area reads as a swap to go on with, of no size",
    source: onMcuboot,
  },
  {
    id: "T2",
    modes: EXCHANGING_MODES,
    classes: ["brick", "failed boot"],
    torn: "some",
    when: (_, { reason }) => reason === "context_boot_go: 0",
    what: "a damaged swap_info is read as a swap type that means panic, on every boot",
    source: "swap_info 0: measured on MCUboot 2d4bacc3; how a torn erase leads there: found by this model",
  },
  {
    id: "U4",
    modes: ["scratch"],
    classes: ["brick", "failed boot", "wrong image"],
    torn: "some",
    what: "a torn erase of the scratch area leaves its trailer over erased data",
    source: onMcuboot,
  },
  {
    id: "U5",
    modes: EXCHANGING_MODES,
    classes: ["never reverts"],
    torn: "some",
    when: (_, { trailers }) => trailers?.[0].magic === "good" && trailers[0].copyDone === "bad",
    what: "a damaged copy_done matches no row of the swap table",
    source: onMcuboot,
  },
  {
    id: "U10",
    modes: ["direct-xip", "ram-load"],
    classes: ["never reverts", "endless loop"],
    torn: "some",
    what: 'a damaged copy_done is not "set": it is written again on every boot',
    source: onMcuboot,
  },
  {
    id: "U7",
    modes: ["offset"],
    classes: ["leak"],
    leak: "AES key in secondary",
    what: "a revert puts both AES keys into the secondary slot's trailer",
    source: onMcuboot,
  },
  {
    id: "U6",
    modes: EXCHANGING_MODES,
    classes: ["leak"],
    leak: "plain text in secondary",
    what: "what lies behind the old image in the primary slot is copied out as it is",
    source: onMcuboot,
  },
  {
    id: "U6",
    modes: ["scratch"],
    classes: ["leak"],
    leak: "plain text in scratch",
    stages: ["tried"],
    what: "what lies behind the old image in the primary slot is copied out as it is, and comes back through scratch",
    source: onMcuboot,
  },
  {
    id: "O2",
    modes: EXCHANGING_MODES,
    classes: ["endless loop", "failed boot", "brick", "wrong image"],
    when: (build) => build.bootstrap,
    what: "an image that came by bootstrap counts as one on trial",
    source: "MCUboot #2811",
  },
  {
    id: "T3",
    modes: ["move", "offset"],
    classes: ["never reverts"],
    stages: ["tried"],
    cutsMin: 2,
    torn: "some",
    when: (_, { trailers }) => trailers?.[1].magic === "bad",
    what: "a torn magic in the secondary slot keeps a revert from being prepared; a second cut then loses it",
    source: "found by this model; the part of R19 that its fix leaves open; not measured on a real MCUboot",
  },
  {
    id: "T1",
    modes: EXCHANGING_MODES,
    classes: ["request lost", "request postponed", "request weakened", "never reverts"],
    torn: "some",
    what: "a torn erase of a trailer leaves some of its fields whole and others damaged",
    source: "found by this model; not measured on a real MCUboot",
  },
  {
    id: "T5",
    modes: ["overwrite"],
    classes: ["brick", "failed boot"],
    torn: "some",
    when: (build) => build.downgradePrevention,
    what: "a half-erased header in the primary slot reads as a newer version, and downgrade prevention erases the update",
    source: "found by this model; not measured on a real MCUboot",
  },
  {
    id: "T4",
    modes: [...EXCHANGING_MODES, "overwrite", "direct-xip", "ram-load"],
    classes: [
      ...["brick", "failed boot", "wrong image", "fallback lost", "request lost", "request postponed"],
      "request weakened",
      ...["never reverts", "comes back", "endless loop"],
    ] as FindingClass[],
    when: (_, { inDoubt }) => inDoubt,
    what: "half a magic or flag is believed once, and reads differently when the boot that believed it was cut",
    source: "found by this model; not measured on a real MCUboot",
  },
];

/** The first row with an id. */
export function knownFindingNamed(id: string): Pick<KnownRow, "modes" | "what" | "source"> | undefined {
  return KNOWN_FINDINGS.find((row) => row.id === id);
}

/** The row that a finding is, or undefined: not on record. */
export function knownFinding(build: BootloaderBuild, facts: FindingFacts): KnownRow | undefined {
  return KNOWN_FINDINGS.find(
    (row) =>
      row.modes.includes(build.mode) &&
      row.classes.includes(facts.class) &&
      (row.stages?.includes(facts.stage) ?? true) &&
      (row.leak ?? facts.leak) === facts.leak &&
      facts.cuts >= (row.cutsMin ?? 0) &&
      (row.torn === undefined || (row.torn === "some") === facts.torn > 0) &&
      isWithin(build.generation.release, row) &&
      (row.when?.(build, facts) ?? true),
  );
}
