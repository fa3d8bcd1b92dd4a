export { contentsAfterCut } from "./cut-contents.ts";
export type { ModelEnding } from "./ending.ts";
export { KNOWN_DEFECTS, type Violation } from "./known-defects.ts";
export {
  type CutWindow,
  type JudgeQuestion,
  type LegalOutcome,
  legalOutcomes,
  statesAfterCut,
  timelinesOf,
} from "./legal-outcomes.ts";
