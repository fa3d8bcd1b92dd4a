export { ACTIONS, type Action, tells, willText } from "./actions.ts";
export { explainFlash, type FlashExplained } from "./explain-flash.ts";
export { explainList, type ListedSlot, typeOfFlags } from "./explain-list.ts";
export { endsInMagic, explainSlot, type SlotExplained } from "./explain-slot.ts";
export { quoted } from "./log-text.ts";
export { type ImageOutlook, type LogReading, readLog } from "./read-log.ts";
export { logNotes, logSpan, tellLog } from "./tell-log.ts";
export type { QuotedLine, Told } from "./told.ts";
