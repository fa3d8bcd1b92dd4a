export * from "./app-api.ts";
export * from "./ask-upgrade.ts";
export * from "./boot.ts";
export * from "./build.ts";
export * from "./crypto-times.ts";
export * from "./defects.ts";
export * from "./explain/index.ts";
export * from "./flash-image.ts";
export * from "./flash-rules.ts";
export * from "./generations.ts";
export * from "./image-state.ts";
export * from "./judge/index.ts";
export * from "./log-evidence.ts";
export { type BootEvent, type KnownLine, LOG_LINES, recogniseBootLine } from "./log-lines.ts";
export * from "./net-core/index.ts";
export * from "./recovery.ts";
export { type Fault, REFUSALS, type Refusal, type RefusalName, refusalText } from "./refusals.ts";
export * from "./run-boot.ts";
export * from "./steps.ts";
export { imageBytesLimit } from "./strategy.ts";
export { swapRules } from "./swap-decision.ts";
export { SWAP_CODE, SWAP_TABLE, SWAP_TYPES, type SwapType, swapRow } from "./swap-type.ts";
export * from "./sweep/index.ts";
export * from "./timeline.ts";
export * from "./timing.ts";
export {
  EMPTY_TRAILER,
  FLAG_CODE,
  type Flag,
  type Magic,
  readTrailer,
  statusOffset,
  type TrailerState,
  trailerBytesOf,
} from "./trailer.ts";
export { FIX_NAMES, UPSTREAM_DEFECTS, type UpstreamDefectRow } from "./upstream-defects.ts";
export * from "./zephyr-boot.ts";
