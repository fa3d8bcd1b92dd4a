import type { Board } from "../board/index.ts";
import type { Random } from "../core/index.ts";
import type { WearMeter } from "./bench/wear.ts";
import type { PlannedCut } from "./record/cut-moment.ts";
import type { RunRecord } from "./record/record.ts";
import type { CampaignImages } from "./request/images.ts";
import type { Scenario } from "./request/scenario.ts";
import type { ExpectedFlash } from "./verdict/expected-flash.ts";

/** What a campaign needs; opened and made by the caller, who also closes it. */
export interface CampaignParts {
  readonly board: Board;
  readonly scenario: Scenario;
  readonly images: CampaignImages;
  readonly expected: ExpectedFlash;
  readonly record: RunRecord;
  readonly random: Random;
  readonly wear: WearMeter;
  readonly signal: AbortSignal;
  /** Cuts given one by one (a replay, `--cut-at`, `--cut-on`); otherwise the scenario's. */
  readonly cuts?: readonly PlannedCut[];
  /** Numbers of cuts that an earlier try of this run has judged: they are not made again. */
  readonly judged?: ReadonlySet<number>;
  readonly limits: { readonly durationMs?: number; readonly failFast: boolean };
  /** Which image runs when the first cut is made; a replay of a cut in the other direction says "new". */
  readonly startWith?: "old" | "new";
}
