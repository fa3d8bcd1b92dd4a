import type { BootResult } from "../steps/steps.ts";
import type { CachedBoot } from "./boot-memory.ts";
import type { EndState, Fate, ImagesAsked, KnownStates } from "./facts.ts";
import type { SweepState } from "./state.ts";

/** What can be wrong with how an upgrade ends, or with what lies in the flash meanwhile. */
export type FindingClass =
  | "brick"
  | "failed boot"
  | "wrong image"
  | "request lost"
  | "request postponed"
  | "request weakened"
  | "fallback lost"
  | "never reverts"
  | "comes back"
  | "endless loop"
  | "leak";

/** A state with all that a rule may ask. */
export interface JudgedState {
  readonly state: SweepState;
  readonly end: CachedBoot;
  readonly facts: EndState;
  /** Undefined: not followed so far. */
  readonly fate: Fate | undefined;
  readonly images: ImagesAsked;
  readonly all: KnownStates;
}

export interface SweepRule {
  readonly class: FindingClass;
  /** What a board shows. */
  readonly shows: (judged: JudgedState) => string;
  readonly holds: (judged: JudgedState) => boolean;
  readonly source: string;
}

function whyNot(result: BootResult): string {
  if (result.kind === "run") return "";
  return result.kind === "hang" ? `it hangs: ${result.reason}` : result.reason;
}

const fates = "MCUboot docs/design.md: what an interrupted or unconfirmed upgrade must end in";
const neverRuns = ({ fate }: JudgedState): boolean => fate?.running === "none";

/**
 * What must not be after an undisturbed boot; first match wins. Rules, not a list of what MCUboot is known to
 * do: a bootloader that kept them all would have no finding.
 */
const SWEEP_RULES: readonly SweepRule[] = [
  {
    class: "brick",
    holds: (judged) => judged.facts.running === "none" && neverRuns(judged),
    shows: ({ end: { result } }) => `no image boots any more (${whyNot(result)})`,
    source: 'MCUboot docs/design.md, "High-level operation": some image must boot',
  },
  {
    class: "failed boot",
    holds: ({ facts }) => facts.running === "none",
    shows: ({ end: { result }, fate }) =>
      `this boot fails (${whyNot(result)}); a later one runs the ${fate?.running ?? "?"} image`,
    source: fates,
  },
  {
    class: "wrong image",
    holds: ({ facts }) => facts.running === "other",
    shows: () => "an image runs that is neither the old nor the new one",
    source: fates,
  },
  {
    class: "request postponed",
    holds: ({ state, end, facts, all }) => isPassedOver(state, facts) && all.isAsked(end),
    shows: () => "the old image runs once more, and the next boot goes on with the upgrade",
    source: fates,
  },
  {
    class: "request lost",
    holds: (judged) => isPassedOver(judged.state, judged.facts) && !comesNext(judged),
    shows: () => "the old image runs and the new one is never tried",
    source: fates,
  },
  {
    class: "request lost",
    holds: ({ state, facts, images }) => state.stage === "tried" && images.permanent && facts.running === "old",
    shows: () => "a permanent upgrade is taken back",
    source: fates,
  },
  {
    class: "fallback lost",
    holds: ({ facts, all }) => all.reverts && facts.running === "new" && !facts.confirmed && !facts.fallbackKept,
    shows: () => "the new image runs, unconfirmed; slot 1 does not hold the old image whole",
    source: `${fates}: old image lost before the new one is confirmed`,
  },
  {
    class: "request weakened",
    holds: ({ facts, images, all }) =>
      images.permanent && facts.running === "new" && !facts.confirmed && !all.isOverwrite,
    shows: () => "a permanent upgrade runs unconfirmed: the next boot takes it back",
    source: "MCUboot bootutil_public.c boot_set_next: a permanent request confirms",
  },
  {
    class: "never reverts",
    holds: ({ state, facts, fate, all }) =>
      all.reverts && state.stage !== "back" && facts.running === "new" && fate?.running === "new" && fate.settles,
    shows: () => "the new image runs for ever although nobody confirmed it",
    source: `${fates}: a test upgrade that is not confirmed is taken back`,
  },
  {
    class: "comes back",
    holds: ({ state, facts, all }) => all.reverts && state.stage === "back" && facts.running === "new",
    shows: () => "the new image runs again after it was taken back",
    source: fates,
  },
  {
    class: "endless loop",
    holds: ({ fate }) => fate !== undefined && !fate.settles,
    shows: ({ end, fate }) =>
      `every boot changes the flash again, for ever (${end.operations} operations in this one; ${fate?.running ?? "?"} image runs)`,
    source: `${fates}: swap type flipping on later boots`,
  },
];

/** A boot after a cut that runs the old image although the new one is asked for. */
function isPassedOver({ stage, cause }: SweepState, { running }: EndState): boolean {
  return stage === "asked" && running === "old" && cause.kind !== "reset";
}

/** In overwrite mode MCUboot does not reset when it has updated itself: NSIB starts the new one at the next reset. */
function comesNext({ images, fate }: JudgedState): boolean {
  return images.bootloader !== undefined && fate?.running === "new";
}

/** The first rule that a state breaks. */
export function brokenRuleOf(judged: JudgedState): SweepRule | undefined {
  return SWEEP_RULES.find((rule) => rule.holds(judged));
}
