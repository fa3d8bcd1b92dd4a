export { type Action, tells } from "./actions.ts";
export { explainFlash, type FlashExplained } from "./explain-flash.ts";
export { explainList, type ListedSlot, typeOfFlags } from "./explain-list.ts";
export { endsInMagic, explainSlot } from "./explain-slot.ts";
export { isBootLogLine } from "./log-text.ts";
export { type LogReading, readLog } from "./read-log.ts";
export { logNotes, logSpan, tellLog } from "./tell-log.ts";
export { type Told } from "./told.ts";
