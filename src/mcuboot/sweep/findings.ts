import type { BootloaderBuild } from "../builds/build.ts";
import { FLAG_CODE, readTrailer, type TrailerState } from "../trailer/trailer.ts";
import type { Exploration, LeakSeen } from "./explore.ts";
import type { ImagesAsked } from "./facts.ts";
import { knownFinding } from "./known-findings.ts";
import { brokenRuleOf, type FindingClass, type JudgedState, type SweepRule } from "./rules.ts";
import type { Cause, Stage, SweepState } from "./state.ts";

/** Something that must not be, and the shortest way to it. */
export interface SweepFinding {
  readonly class: FindingClass;
  readonly stage: Stage;
  /** What a board shows, or what lies in the flash. */
  readonly shows: string;
  readonly because: string;
  /** Id of a defect of MCUboot that is on record; still a failure. */
  readonly known: string | undefined;
  readonly what: string | undefined;
  readonly cuts: number;
  readonly torn: number;
  /** From the first boot on: each cut, and each reset after a boot that went through. */
  readonly path: readonly Cause[];
  /** Flash contents that come to the same. */
  contents: number;
}

interface Judgement {
  readonly findings: readonly SweepFinding[];
  /** States that break a rule, and do not only follow from one that does. */
  readonly wrong: ReadonlySet<SweepState>;
}

/** All findings of an exploration, those by the fewest cuts first. What only follows from another is left out. */
export function findingsOf(exploration: Exploration, build: BootloaderBuild, images: ImagesAsked): Judgement {
  const found = new Map<string, SweepFinding>();
  const wrong = new Set<string>();
  const broken = new Set<SweepState>();
  const followsWrong = new Set<string>();
  const { facts: all } = exploration;
  for (const state of inOrder(exploration.states)) {
    const { from, cause, end } = state;
    if (end === undefined) continue;
    // What comes after a boot that ended wrong is wrong because of it.
    if (from !== undefined && (isIn(followsWrong, from) || (cause.kind === "reset" && isIn(wrong, from)))) {
      followsWrong.add(nameOf(state));
      continue;
    }
    const judged = { state, end, facts: all.of(end), fate: all.fate(state.identity), images, all };
    const rule = brokenRuleOf(judged);
    if (rule === undefined) continue;
    wrong.add(nameOf(state));
    broken.add(state);
    const finding = findingOf(rule, judged, build);
    const stage = state.stage === "asking" ? "asked" : state.stage;
    const name = `${rule.class} ${stage} ${finding.known ?? "new"}`;
    const known = found.get(name);
    if (known === undefined) found.set(name, finding);
    else known.contents += 1;
  }
  const findings = [...found.values(), ...leaksOf(exploration.leaks, build)].toSorted((a, b) => a.cuts - b.cuts);
  return { findings, wrong: broken };
}

/** Most sweeps have none, and a quarter of a million states to name for it. */
const isIn = (names: ReadonlySet<string>, state: SweepState): boolean => names.size > 0 && names.has(nameOf(state));

const nameOf = ({ stage, identity }: SweepState): string => `${stage} ${identity}`;

function findingOf(rule: SweepRule, judged: JudgedState, build: BootloaderBuild): SweepFinding {
  const { state, end } = judged;
  const { stage, cuts, torn } = state;
  const areas = build.images[0];
  const trailers =
    areas && ([readTrailer(end.flash, build, areas.primary), readTrailer(end.flash, build, areas.secondary)] as const);
  const reason = end.result.kind === "run" ? undefined : end.result.reason;
  const path = causesOf(state);
  const inDoubt = path.some(leavesDoubt);
  const row = knownFinding(build, { class: rule.class, stage, cuts, torn, inDoubt, leak: undefined, trailers, reason });
  const tells =
    trailers === undefined ? "" : ` (primary: ${trailerText(trailers[0])}; secondary: ${trailerText(trailers[1])})`;
  return {
    class: rule.class,
    stage,
    shows: `${rule.shows(judged)}${tells}`,
    because: rule.source,
    known: row?.id,
    what: row?.what,
    cuts,
    torn,
    path,
    contents: 1,
  };
}

/** As the bootloader prints it. */
function trailerText({ magic, copyDone, imageOk }: TrailerState): string {
  return `magic=${magic}, copy_done=0x${FLAG_CODE[copyDone]}, image_ok=0x${FLAG_CODE[imageOk]}`;
}

/** By cuts, and among equal ones those without a torn one first, and those with fewer resets. */
function inOrder(states: readonly SweepState[]): readonly SweepState[] {
  const depths = new Map<SweepState, number>();
  const depthOf = (state: SweepState): number => {
    const known = depths.get(state);
    if (known !== undefined) return known;
    const depth = state.from === undefined ? 0 : 1 + depthOf(state.from);
    depths.set(state, depth);
    return depth;
  };
  const ranked = states.map((state) => ({ state, depth: depthOf(state) }));
  ranked.sort((a, b) => a.state.cuts - b.state.cuts || a.state.torn - b.state.torn || a.depth - b.depth);
  return ranked.map(({ state }) => state);
}

function leaksOf(leaks: readonly LeakSeen[], build: BootloaderBuild): SweepFinding[] {
  return leaks.map(({ leak, state, operation, contents }) => {
    const { stage, cuts, torn } = state;
    const text = `${leak.what} in ${leak.where}`;
    const row = knownFinding(build, {
      class: "leak",
      stage,
      cuts,
      torn,
      inDoubt: false,
      leak: text,
      trailers: undefined,
      reason: undefined,
    });
    return {
      class: "leak",
      stage,
      shows: `${text}, before operation ${operation} of that boot`,
      because: "plain text and keys belong into the primary slot only (MCUboot docs/encrypted_images.md)",
      known: row?.id,
      what: row?.what,
      cuts,
      torn,
      path: [...causesOf(state), { kind: "cut", operation, torn: undefined }],
      contents,
    };
  });
}

function leavesDoubt(cause: Cause): boolean {
  const cut = cause.kind === "start" ? cause.request : cause.kind === "cut" ? cause : undefined;
  return typeof cut?.torn === "object" && "shows" in cut.torn;
}

/** The way to a state, first step first. */
function causesOf(state: SweepState): readonly Cause[] {
  const steps: Cause[] = [];
  for (let at: SweepState | undefined = state; at !== undefined; at = at.from) steps.unshift(at.cause);
  return steps;
}
