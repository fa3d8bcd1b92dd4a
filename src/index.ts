/** `mcuboot-hil`: campaigns on a board or its twin. Images, SMP, power and Jest have entries of their own: docs/api.md. */

// The rooms as namespaces, as version 0.1.0 had them. Deprecated: a room shows what other rooms need, so its names may
// change in any release. A name you miss above or in another entry is worth an issue.
export * as board from "./board/index.ts";
export {
  type Board,
  type BoardProfile,
  bootloaderBuildOf,
  builtInBoards,
  imageCrypto,
  type LoadedProfile,
  loadProfile,
  openBoard,
  parseProfile,
  profileKeys,
} from "./board/index.ts";
export * as campaign from "./campaign/index.ts";
export {
  builtInScenarios,
  cutsAt,
  cutsOn,
  ENDINGS,
  type LoadedReplay,
  loadReplay,
  loadScenario,
  type PlannedCut,
  parseScenario,
  type RunEvent,
  type RunOutcome,
  type RunRequest,
  type RunResult,
  run,
  type Scenario,
  type ScenarioFile,
  type Subject,
  subjectText,
  type Verdict,
} from "./campaign/index.ts";
export * as core from "./core/index.ts";
export {
  BenchError,
  type Clock,
  ConfigurationError,
  type ErrorKind,
  EXIT,
  type ExitCode,
  HilError,
  ImageError,
  InterruptedError,
  isHilError,
  ProtocolError,
  Random,
  RealClock,
  sleep,
  TimeoutError,
  UsageError,
  VirtualClock,
} from "./core/index.ts";
export * as image from "./image/index.ts";
export * as mcuboot from "./mcuboot/index.ts";
export { asNetFirmware, modeRow, NET_APP } from "./mcuboot/index.ts";
export * as power from "./power/index.ts";
export * as report from "./report/index.ts";
export { ConsoleReport, failureText, junit, traceLine, verdictText } from "./report/index.ts";
export * as serial from "./serial/index.ts";
export * as smp from "./smp/index.ts";
