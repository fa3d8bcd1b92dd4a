export {
  API_CODE,
  type ApiCode,
  confirm,
  eraseSlotByApp,
  isBlank,
  prepareUpload,
  setPending,
  UPLOAD_BLOCK_BYTES,
  uploadOffset,
  uploadSteps,
  uploadWrite,
} from "./boot/app-api.ts";
export { boot } from "./boot/boot.ts";
export { type ImageEntry, imageListOf, slotFlags, slotsThatRun } from "./boot/image-state.ts";
export { imageInRam } from "./boot/ram-load.ts";
export {
  decryptInPlace,
  hasStatusFields,
  type RecoveryEntry,
  recoveryList,
  recoveryUploadSteps,
} from "./boot/recovery.ts";
export { outcomeOf, runSteps } from "./boot/run-boot.ts";
export { contentBefore, type TimedOperation, type Timeline, timeline } from "./boot/timeline.ts";
export { enteringRecovery, zephyrEnd, zephyrStart } from "./boot/zephyr-boot.ts";
export { type BootMode, MODE_NAMES, MODES, type ModeName, modeOf, modeRow, newestRuns } from "./builds/boot-mode.ts";
export {
  type Area,
  type BootloaderBuild,
  type BuildEncryption,
  type BuildSignature,
  bootloaderBuild,
  type ImageAreas,
  keySlotBytes,
  type NsibAreas,
} from "./builds/build.ts";
export { CRYPTO_TIMES } from "./builds/crypto-times.ts";
export { DEFECTS, type DefectName } from "./builds/defects.ts";
export { ALL_MODES, EXCHANGING_MODES, FAULT_NEEDS, type FaultColumns, type FaultNeed } from "./builds/fault-needs.ts";
export { ASSERTIONS, type GenerationRow } from "./builds/generation-row.ts";
export { GENERATIONS, generation, generationTitle } from "./builds/generations.ts";
export { LIFE_CYCLES, lifeCycle } from "./builds/life-cycle.ts";
export { type BuildRecovery, RECOVERY_WAYS, type RecoveryWay } from "./builds/recovery-ways.ts";
export { refusalText } from "./builds/refusal-table.ts";
export { compareReleases, isWithin, type Release } from "./builds/release.ts";
export { FIX_NAMES, UPSTREAM_DEFECTS, type UpstreamDefectRow } from "./builds/upstream-defects.ts";
export { withDefects } from "./builds/with-defects.ts";
export {
  endsInMagic,
  explainFlash,
  explainList,
  explainSlot,
  type FlashExplained,
  isBootLogLine,
  logNotes,
  logSpan,
  readLog,
  type Told,
  tellLog,
} from "./explain/index.ts";
export { type BootloaderFacts, type Contradiction, contradictions, rowsOfBanner } from "./explain/log-evidence.ts";
export { FlashContent } from "./flash/flash-content.ts";
export { brokenRule, isErased, SWEPT_TEARS, type Torn } from "./flash/flash-rules.ts";
export { type FlashDone, FlashTrace } from "./flash/flash-trace.ts";
export { type Flash, type FlashOperation, operationBytes } from "./flash/operation.ts";
export { askBoot, askUpgrade, longerThanSlot, type UpgradeAnswer } from "./judge/ask-upgrade.ts";
export {
  contentsAfterCut,
  erasesOf,
  type LegalOutcome,
  legalOutcomes,
  statesAfterCut,
  timelinesOf,
} from "./judge/index.ts";
export { type Slot } from "./loader/loader-state.ts";
export {
  asNetFirmware,
  type B0nEnd,
  b0n,
  COMMAND_BLOCK_BYTES,
  copyCommand,
  decodeCommandBlock,
  findFirmwareInfo,
  firmwareFault,
  firmwareIn,
  NET_APP,
  NET_CORE_RULES,
  NET_FLASH,
  NETWORK_FLASH,
  netAppIsWhole,
  netCoreRule,
  netVersionIn,
  ownFirmware,
  type PcdStatus,
  ramAt,
} from "./net-core/index.ts";
export { printsLine, recogniseBootLine } from "./steps/log-lines.ts";
export {
  type BootResult,
  type BootStep,
  isOperation,
  type LogLine,
  type NetCoreAnswer,
  type NetCoreStep,
  NSIB_HALVES,
  type NsibHalf,
  type RamContent,
  type RunningBootloader,
  resultText,
  type Steps,
  type Work,
} from "./steps/steps.ts";
export {
  bytesOfUnits,
  type FlashTiming,
  INTERNAL_FLASH_BYTES,
  MX25R6435F,
  NRF5340_INTERNAL,
  operationDurationUs,
  timingAt,
  workDurationUs,
} from "./steps/timing.ts";
export { imageBytesLimit } from "./swap/strategies.ts";
export { swapRules } from "./swap/swap-decision.ts";
export {
  askedFlash,
  type Cause,
  type ContentJudge,
  type CutPoint,
  contentJudge,
  judgeContent,
  knownFindingNamed,
  type Stage,
  type Sweep,
  type SweepFinding,
  type SweepOptions,
  type SweepProgress,
  type SweepState,
  secretsIn,
  sweepSteps,
  sweepUpgrade,
  type UpgradeSwept,
  uploadedFlash,
  type Walked,
  walkPath,
} from "./sweep/index.ts";
export { swapRow } from "./trailer/swap-table.ts";
export { readTrailer, statusOffset, trailerBytesOf, trailerFlagsBytesOf } from "./trailer/trailer.ts";
