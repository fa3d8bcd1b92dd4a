export { type SweepProgress } from "./explore.ts";
export { type SweepFinding } from "./findings.ts";
export { knownFindingNamed } from "./known-findings.ts";
export { secretsIn } from "./leak-watch.ts";
export { type Cause, type CutPoint, type Stage, type SweepState } from "./state.ts";
export {
  askedFlash,
  type ContentJudge,
  contentJudge,
  judgeContent,
  type Sweep,
  type SweepOptions,
  sweepSteps,
  sweepUpgrade,
  type UpgradeSwept,
  uploadedFlash,
} from "./upgrade.ts";
export { type Walked, walkPath } from "./walk.ts";
