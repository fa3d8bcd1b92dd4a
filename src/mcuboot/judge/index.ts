export type { Ending } from "./ending.ts";
export { KNOWN_DEFECTS } from "./known-defects.ts";
export {
  type CutWindow,
  type JudgeQuestion,
  type LegalOutcome,
  legalOutcomes,
  statesAfterCut,
} from "./legal-outcomes.ts";
