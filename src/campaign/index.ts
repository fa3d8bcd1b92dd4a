export { type BoardCheck, checkBoard } from "./bench/board-check.ts";
export { RecordedBoard } from "./bench/recorded-board.ts";
export { bootMsOf } from "./bench/trial.ts";
export { wakeUp } from "./bench/wake.ts";
export { type CutMade, cutPower } from "./cuts/make-cuts.ts";
export { type DoneCell, DoneCells } from "./matrix/done-cells.ts";
export { type Cell, cellKey, cellsOf, cellTitle, type MatrixFile, namedMatrix } from "./matrix/matrix.ts";
export { cheapestOrder, loadOf, movedBytes, movedInAll } from "./matrix/order.ts";
export { cutsAt, cutsOn, triggerFault } from "./named-cuts/explicit-cuts.ts";
export { PLANNED_CUT_SCHEMA, type PlannedCut } from "./record/cut-moment.ts";
export { type BootSeen, type PhaseSpan, type RunResult, type SlotState } from "./record/facts.ts";
export { type KeptImages, readKept } from "./record/kept.ts";
export { type KeyFacts, keyFacts } from "./record/kept-keys.ts";
export { RECORD_SCHEMA } from "./record/record.ts";
export { eventsIn, verdictsIn } from "./record/recorded-lines.ts";
export { type LoadedReplay, loadReplay } from "./record/replay.ts";
export { type RunEvent } from "./record/run-event.ts";
export { cutNumber, type Subject, subjectOf, subjectText } from "./record/subject.ts";
export { ENDINGS, recordedVerdict, type Verdict } from "./record/verdict.ts";
export { admitSwept } from "./request/admission.ts";
export { checkRequest } from "./request/check-request.ts";
export { requireEncryptionPolicy } from "./request/encryption-policy.ts";
export { uploadsInRecovery } from "./request/expectation.ts";
export { faultWants, requireFaultsAct } from "./request/faults-act.ts";
export { namedScenario } from "./request/image-pair.ts";
export { namedParts } from "./request/image-part.ts";
export { type CampaignImage, type CampaignImages, imageOf } from "./request/images.ts";
export { buildMaterial, imageFacts } from "./request/material.ts";
export { namedFiles } from "./request/payload-file.ts";
export { type RunRequest } from "./request/run-request.ts";
export {
  builtInScenarios,
  DEFAULT_SCENARIO,
  loadScenario,
  parseScenario,
  type Scenario,
  type ScenarioFile,
  scenarioCuts,
} from "./request/scenario.ts";
export { type RunOutcome, run } from "./run.ts";
export { ExpectedFlash } from "./verdict/expected-flash.ts";
export { activeSlot, slotsOfImage } from "./verdict/slots.ts";
