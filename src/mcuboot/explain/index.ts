export { type Action, ACTIONS, tells, willText } from "./actions.ts";
export { type ImageOutlook, type LogReading, readLog } from "./read-log.ts";
