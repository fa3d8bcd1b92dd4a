export { calibrate, NOT_CUT_HINT, untilAnswers } from "./calibrate/calibrate.ts";
export { discoverBoards, type FoundBoard, type FoundProfile, findProfile, profileFiles } from "./discovery.ts";
export { backFeeding } from "./doctor/back-feed.ts";
export { type DoctorFinding } from "./doctor/check.ts";
export { type Diagnosis, diagnose, hasProblem } from "./doctor/doctor.ts";
export { type System } from "./doctor/system.ts";
export { thisMachine } from "./doctor/this-machine.ts";
export { type BootDifference, countPieces } from "./emulated/boot-difference.ts";
export { type Explanation, explainDifference, type WitnessedBoot } from "./emulated/explain-difference.ts";
export { enterSerialRecovery } from "./enter-recovery.ts";
export { findProgram, missingPrograms, programsOf } from "./flash/programs.ts";
export { openFlasher } from "./flash/tool-flasher.ts";
export { readBuildFolder } from "./from-build/build-folder.ts";
export { upgradeFiles } from "./from-build/build-images.ts";
export { type BuildProfile, buildProfileOf } from "./from-build/build-profile.ts";
export { type BuildText, buildText } from "./from-build/build-text.ts";
export { compareBuild } from "./from-build/compare.ts";
export { importLabgrid } from "./import/labgrid.ts";
export { type Imported, importTwister } from "./import/twister.ts";
export { cachedFile, FETCH_HINT } from "./lease/cached-file.ts";
export { type Health, type HealthMark, healthMark, requireFit } from "./lease/health.ts";
export { requireApart, resourcesOf, takeLease } from "./lease/lease.ts";
export { type FoundLock, findLocks, LOCKS_VARIABLE, locksFolder, removeLock, takeLock } from "./lease/lock.ts";
export { ownerNow, ownerText } from "./lease/owner.ts";
export { SharedCards } from "./lease/shared-cards.ts";
export { openBoard } from "./open.ts";
export { type Board, type Flasher, type FlashProgress, type WearLedger } from "./parts/board.ts";
export { openBoardPort, openBoardSwitch, type SmpWay, smpWay } from "./parts/hardware-ports.ts";
export { type BootLine, LogWatch } from "./parts/log-watch.ts";
export { foreignReach, passwordWarnings, type Reach, reachOf, readablePasswords } from "./parts/reach.ts";
export { smpBaudRate } from "./parts/smp-line.ts";
export { wearFile } from "./parts/wear-file.ts";
export { boardFacts, probeBoard } from "./probe.ts";
export { bootloaderBuildOf, loadAddressOf, padsFactory } from "./profile/bootloader-build.ts";
export {
  type CalibrationResult,
  type CalibrationTrial,
  calibrationOf,
  calibrationPath,
  type Spread,
  saveCalibration,
  switchHash,
} from "./profile/calibration-file.ts";
export {
  type BoardFacts,
  type DraftPort,
  type DraftPower,
  draftProfile,
  fileNameOf,
  type ProfileDraft,
  UNKNOWN_SWITCH,
} from "./profile/draft.ts";
export { deviceArea, firstChunkMs, flashTimingOf } from "./profile/flash-timing.ts";
export { keptProfileText } from "./profile/kept-text.ts";
export {
  imageCrypto,
  imageRandomness,
  keyTitles,
  type ProfileKeys,
  profileKeys,
  signatureKeyOf,
  signerNameOf,
} from "./profile/keys.ts";
export {
  builtInBoards,
  DEFAULT_BOARD,
  isKeyEverywhere,
  isShippedTwin,
  type LoadedProfile,
  loadProfile,
  parseProfile,
} from "./profile/profile.ts";
export { livesInRealTime, type Provider } from "./profile/providers.ts";
export { type BoardProfile } from "./profile/schema.ts";
export { withFirmware } from "./profile/with-firmware.ts";
export { PROOFS, type Proof } from "./prove/proofs.ts";
export { type UnverifiedRow, unverifiedRows } from "./prove/unverified-page.ts";
export { factoryImage } from "./providers/emulated-chip.ts";
export { FirmwareBench } from "./providers/firmware-bench.ts";
export {
  type FirmwareFinding,
  type FirmwareSwept,
  type SweepShare,
  sharesTogether,
  sweepFirmware,
} from "./providers/firmware-sweep.ts";
export { plantedFaults } from "./providers/planted-faults.ts";
export { serveEmulated } from "./providers/serve-emulated.ts";
export { makeTwin, radioOf, TWIN_MTU } from "./providers/twin.ts";
