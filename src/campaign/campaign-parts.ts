import type { Board } from "../board/index.ts";
import type { Random } from "../core/index.ts";
import { NetworkWatch } from "./bench/network.ts";
import { RecordedBoard } from "./bench/recorded-board.ts";
import { bootMsOf, type Trial } from "./bench/trial.ts";
import type { WearMeter } from "./bench/wear.ts";
import type { PlannedCut } from "./record/cut-moment.ts";
import type { RunRecord } from "./record/record.ts";
import { expectationOf } from "./request/expectation.ts";
import type { CampaignImages } from "./request/images.ts";
import type { OwnUpdates } from "./request/own-updates.ts";
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
  /** Updates of MCUboot itself, of a campaign that is about those. */
  readonly own?: OwnUpdates;
  /** Cuts given one by one (a replay, `--cut-at`, `--cut-on`); otherwise the scenario's. */
  readonly cuts?: readonly PlannedCut[];
  /** Numbers of cuts that an earlier try of this run has judged: they are not made again. */
  readonly judged?: ReadonlySet<number>;
  readonly limits: { readonly durationMs?: number; readonly failFast: boolean };
  /** Which image runs when the first cut is made; a replay of a cut in the other direction says "new". */
  readonly startWith?: "old" | "new";
}

/** How a campaign went that came to its end. */
export type CampaignOutcome = "pass" | "fail";

/**
 * The planned cuts that this try has to make, one after the other: those that are judged are passed over, and none
 * comes once --max-duration is over, or the flash is worn.
 */
export function* cutsToMake<C extends PlannedCut>(
  { judged, limits: { durationMs }, wear, record }: CampaignParts,
  { board: { clock } }: Pick<RecordedBoard, "board">,
  cuts: readonly C[],
): Generator<C, void, undefined> {
  const startedUs = clock.nowUs();
  for (const [order, planned] of cuts.entries()) {
    if (judged?.has(planned.index)) continue;
    const atUs = clock.nowUs();
    if (durationMs !== undefined && atUs - startedUs > durationMs * 1000) {
      const text = `--max-duration is over: ${cuts.length - order} of ${cuts.length} cuts were not made`;
      record.event({ atUs, event: "warning", text });
      return;
    }
    wear.allowNext();
    yield planned;
  }
}

/** The end of a campaign: "fail" when the firmware broke a rule of the flash. What the board remarks is written down. */
export function endCampaign({ board, record, nowUs: atUs }: RecordedBoard): CampaignOutcome {
  board.check();
  const broken = board.brokenRules?.() ?? [];
  for (const text of [...broken, ...(board.remarks?.() ?? [])]) record.event({ atUs, event: "warning", text });
  return broken.length > 0 ? "fail" : "pass";
}

/** The board of a campaign on trial. */
export function trialOf({ board, record, signal, expected, scenario, images }: CampaignParts): Trial {
  return {
    recorded: new RecordedBoard(board, record, signal),
    expected,
    bootMs: bootMsOf(board.profile),
    permanent: scenario.request === "permanent",
    refused: expectationOf(scenario).outcome === "refused",
    bootloaderOptional: scenario.images.bootloader?.witness === "none",
    network: new NetworkWatch(scenario.images.network?.witness === "none"),
    networkRefused: scenario.images.network?.expect === "refused" ? images.new.network : undefined,
  };
}
