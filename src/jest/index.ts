/** `mcuboot-hil/jest`: a bench for your own Jest suites, and matchers that ask the board. */
export type { BootSeen, CampaignImage, CutMade, SlotFacts } from "../campaign/index.ts";
export * from "./bench.ts";
export { type ExpectedSlots, matchers } from "./matchers.ts";
