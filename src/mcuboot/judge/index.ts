export { contentsAfterCut } from "./cut-contents.ts";
export { erasesOf, type LegalOutcome, legalOutcomes, statesAfterCut, timelinesOf } from "./legal-outcomes.ts";
