export * from "./boot/app-api.ts";
export * from "./boot/ask-upgrade.ts";
export * from "./boot/boot.ts";
export * from "./boot/image-state.ts";
export * from "./boot/log-evidence.ts";
export * from "./boot/recovery.ts";
export * from "./boot/run-boot.ts";
export * from "./boot/timeline.ts";
export * from "./boot/zephyr-boot.ts";
export type { BootMode } from "./builds/boot-mode.ts";
export * from "./builds/build.ts";
export * from "./builds/crypto-times.ts";
export * from "./builds/defects.ts";
export * from "./builds/generations.ts";
export type { Fault, RefusalName } from "./builds/refusal-table.ts";
export { REFUSALS, refusalText } from "./builds/refusal-table.ts";
export { compareReleases, isWithin, type Release, type ReleaseRange } from "./builds/release.ts";
export { FIX_NAMES, UPSTREAM_DEFECTS, type UpstreamDefectRow } from "./builds/upstream-defects.ts";
export { withDefects } from "./builds/with-defects.ts";
export * from "./explain/index.ts";
export * from "./flash/flash-image.ts";
export * from "./flash/flash-rules.ts";
export type { Flash, FlashOperation } from "./flash/operation.ts";
export { operationBytes } from "./flash/operation.ts";
export * from "./judge/index.ts";
export type { ImageRefusal } from "./loader/loader-state.ts";
export * from "./net-core/index.ts";
export { type BootEvent, type KnownLine, LOG_LINES, recogniseBootLine } from "./steps/log-lines.ts";
export * from "./steps/steps.ts";
export * from "./steps/timing.ts";
export { imageBytesLimit } from "./swap/strategies.ts";
export { swapRules } from "./swap/swap-decision.ts";
export * from "./sweep/index.ts";
export { SWAP_CODE, SWAP_TYPES, type SwapType } from "./trailer/swap-codes.ts";
export { SWAP_TABLE, swapRow } from "./trailer/swap-table.ts";
export {
  EMPTY_TRAILER,
  FLAG_CODE,
  type Flag,
  type Magic,
  readTrailer,
  statusOffset,
  type TrailerState,
  trailerBytesOf,
} from "./trailer/trailer.ts";
