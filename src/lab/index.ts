export { Agent } from "./agent/agent.ts";
export { openAgentFolder } from "./agent/agent-folder.ts";
export { HostBoards } from "./agent/host-boards.ts";
export { localFile, sendFiles } from "./files/bundle.ts";
export { isOpen } from "./rules/ends.ts";
export { tagTest } from "./rules/tags.ts";
export { type Lab, openLab } from "./server/lab.ts";
export { requireLabNode } from "./store/engine.ts";
export { LabClient } from "./wire/client.ts";
export { BATCH_MAX, type Job, type LabBoard, ROLES, type Schedule, type Submission } from "./wire/messages.ts";
export {
  BOARD_HEADS,
  boardWords,
  JOB_HEADS,
  jobTitle,
  jobWords,
  reservationWords,
  SCHEDULE_HEADS,
  scheduleWords,
} from "./wire/words.ts";
