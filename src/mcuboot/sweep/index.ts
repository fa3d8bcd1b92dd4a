export { BootCache, type CachedBoot } from "./boot-memory.ts";
export {
  type Begun,
  type Exploration,
  type ExploreQuestion,
  exploreCuts,
  type LeakSeen,
  type SweepProgress,
} from "./explore.ts";
export type { EndFacts, Fate, ImagesAsked } from "./facts.ts";
export { causesOf, type SweepFinding } from "./findings.ts";
export { KNOWN_FINDINGS } from "./known-findings.ts";
export { type Leak, LeakWatch, type Secret, secretsIn } from "./leak-watch.ts";
export { type FindingClass, SWEEP_RULES } from "./rules.ts";
export type { Cause, CutPoint, Stage, SweepState } from "./state.ts";
export {
  judgeContent,
  type PrimaryHolds,
  type Sweep,
  type SweepOptions,
  sweepSteps,
  sweepUpgrade,
  type UpgradeSwept,
  uploadedFlash,
} from "./upgrade.ts";
export { type Walked, walkPath } from "./walk.ts";
