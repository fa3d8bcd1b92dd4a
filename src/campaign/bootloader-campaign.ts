import type { RunningBootloader } from "../mcuboot/index.ts";
import { preflight } from "./bench/preflight.ts";
import { wakeBoard } from "./bench/recover.ts";
import type { StartingPoint } from "./bench/starting-point.ts";
import type { Direction, Trial } from "./bench/trial.ts";
import { cutOwnUpdate, ownUpdate } from "./bootloader/own-update.ts";
import { type CampaignOutcome, type CampaignParts, cutsToMake, endCampaign } from "./campaign-parts.ts";
import type { Judged } from "./cuts/judge.ts";
import { plannedCuts, recordPlan } from "./cuts/planned-cuts.ts";
import type { Reference } from "./cuts/reference.ts";
import { referenceRevert, referenceUpgrade } from "./cuts/upgrade.ts";
import { cutsIn } from "./record/cut-moment.ts";
import { checksRevert } from "./request/expectation.ts";
import type { OwnUpdates } from "./request/own-updates.ts";
import { bootloaderTold } from "./verdict/check-bootloader.ts";
import type { ExpectedFlash } from "./verdict/expected-flash.ts";

/**
 * A campaign of updates of MCUboot itself, behind NSIB, through the application's slot: one without a cut, then one cut
 * in each. The application stays; each update takes the next version, for the half that does not run. At the end the
 * newest MCUboot upgrades the application, as that is what it is for.
 */
export class BootloaderCampaign {
  readonly #parts: CampaignParts;
  readonly #trial: Trial;
  readonly #startingPoint: StartingPoint;
  readonly #own: OwnUpdates;
  /** The model with MCUboot's own updates in it. */
  readonly #view: ExpectedFlash;
  #hasFailed = false;

  constructor(parts: CampaignParts, trial: Trial, startingPoint: StartingPoint, own: OwnUpdates) {
    this.#parts = parts;
    this.#trial = trial;
    this.#startingPoint = startingPoint;
    this.#own = own;
    this.#view = parts.expected.ownView();
  }

  /** @returns "fail" when the firmware broke a rule of the flash; verdicts that failed are in the record. */
  async run(): Promise<CampaignOutcome> {
    const { images, expected, scenario, board } = this.#parts;
    const { recorded, bootMs } = this.#trial;
    await wakeBoard(recorded, { startingPoint: this.#startingPoint, images, bootMs });
    await preflight(recorded);
    await this.#startingPoint.powerCheck();
    await this.#startingPoint.baseline();
    const found = bootloaderTold(board.logs.app.knownSince(0)) ?? this.#own.assumed();
    this.#view.adopt(expected);
    this.#view.startsFrom(found);
    const reference = await this.#undisturbed(found);
    const isWhole = reference !== undefined && (await this.#cuts(reference.running, reference.reference));
    if (isWhole && !this.#stopped) {
      expected.adopt(this.#view);
      const direction: Direction = { from: images.old, to: images.new };
      const up = await referenceUpgrade(this.#trial, direction);
      this.#count(up);
      if (up.matched && checksRevert(scenario, board.profile.bootloader.mode)) {
        expected.adopt(up.matched);
        this.#count(await referenceRevert(this.#trial, direction));
      }
    }
    return endCampaign(recorded);
  }

  /** A verdict failed, and nothing is to be done after that: the board stays as it is. */
  get #stopped(): boolean {
    return this.#parts.limits.failFast && this.#hasFailed;
  }

  get #seeing(): Trial {
    return { ...this.#trial, expected: this.#view };
  }

  get #direction(): Direction {
    const { old } = this.#parts.images;
    return { from: old, to: old };
  }

  async #undisturbed(running: RunningBootloader) {
    const update = this.#own.next(running);
    const judged = await ownUpdate(this.#seeing, { running, update, direction: this.#direction });
    const after = this.#known(judged);
    return judged.reference && after && { reference: judged.reference, running: after };
  }

  /** @returns false when a board was left of which nothing more is known, or that does not start any more. */
  async #cuts(from: RunningBootloader, reference: Reference): Promise<boolean> {
    const { scenario, random } = this.#parts;
    const { recorded } = this.#trial;
    const cuts = cutsIn("boot", this.#parts.cuts ?? plannedCuts(scenario, reference, random.fork("cuts")));
    recordPlan(recorded, reference, cuts);
    let running = from;
    for (const planned of cutsToMake(this.#parts, recorded, cuts)) {
      const asked = { running, update: this.#own.next(running), direction: this.#direction };
      const after = this.#known(await cutOwnUpdate(this.#seeing, asked, planned, reference));
      // What a failed update has left of MCUboot no application can mend.
      if (after === undefined) return false;
      running = after;
    }
    return true;
  }

  /** Counts a verdict; where it passed, the MCUboot that runs now. */
  #known(judged: Judged): RunningBootloader | undefined {
    this.#count(judged);
    if (judged.matched === undefined) return undefined;
    this.#view.adopt(judged.matched);
    const { result } = judged.matched;
    return result.kind === "run" ? result.bootloader : undefined;
  }

  #count({ verdict, erased }: Judged): void {
    this.#hasFailed ||= !verdict.pass;
    this.#parts.wear.count(erased);
    this.#parts.wear.report(this.#parts.record, this.#trial.recorded.nowUs);
  }
}
