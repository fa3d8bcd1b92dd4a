/** `mcuboot-hil/jest`: a bench for your own Jest suites, and matchers that ask the board. */
export type {
  BootSeen,
  CampaignImage,
  /** Its name in 0.1.0. */
  CampaignImage as BuiltImage,
  CutMade,
  SlotState,
  /** Its name in 0.1.0. */
  SlotState as SlotFacts,
} from "../campaign/index.ts";
export { Bench, type BenchOptions, BOARD_VARIABLE, bench, type ImageWish } from "./bench.ts";
export { type ExpectedSlots, matchers } from "./matchers.ts";
