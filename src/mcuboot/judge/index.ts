export { contentsAfterCut } from "./cut-contents.ts";
export { type LegalOutcome, legalOutcomes, statesAfterCut, timelinesOf } from "./legal-outcomes.ts";
