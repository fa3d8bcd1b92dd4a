import { isKind, messageOf } from "../core/index.ts";
import { isVoid } from "./bench/bench-watch.ts";
import { leaveDark, powerOn } from "./bench/leave-power.ts";
import { preflight } from "./bench/preflight.ts";
import { RecordedBoard } from "./bench/recorded-board.ts";
import { leaveBoard, wakeBoard } from "./bench/recover.ts";
import { StartingPoint } from "./bench/starting-point.ts";
import { bootMsOf, type Direction, reversed, type Trial } from "./bench/trial.ts";
import { BootloaderCampaign } from "./bootloader-campaign.ts";
import { type CampaignOutcome, type CampaignParts, cutsToMake, endCampaign, trialOf } from "./campaign-parts.ts";
import { askAgain, cutApplication, heard, measureApplication, spreadInApplication } from "./cuts/cut-application.ts";
import { cutRevert, cutUpgrade } from "./cuts/cut-boot.ts";
import type { Judged } from "./cuts/judge.ts";
import { laterBoot } from "./cuts/later-boot.ts";
import { cutNetworkBoot, networkBoot, networkUpdateOf, placeOldNetwork } from "./cuts/network-boot.ts";
import { upgradeWithoutBoot } from "./cuts/no-boot.ts";
import { plannedCuts, recordPlan } from "./cuts/planned-cuts.ts";
import type { Reference } from "./cuts/reference.ts";
import { type JudgedReference, referenceRevert, referenceUpgrade } from "./cuts/upgrade.ts";
import { type CutIn, cutsIn, type PlannedCut } from "./record/cut-moment.ts";
import type { Subject } from "./record/subject.ts";
import { RecoveryCampaign } from "./recovery-campaign.ts";
import { checksRevert, expectationOf, uploadsInRecovery } from "./request/expectation.ts";
import { scenarioCuts } from "./request/scenario.ts";
import { activeSlot } from "./verdict/slots.ts";

/** How often a cut is made again that was void. */
const VOIDS_MAX = 3;

/**
 * Runs a campaign on an open board: preflight, power check, baseline, one uninterrupted upgrade, the cuts, and the
 * check that an unconfirmed image is reverted. Whatever happens, power is on when it returns, or off where the profile
 * says `leave: off`; the record tells which.
 * @returns "fail" when the firmware broke a rule of the flash; what failed besides is in the verdicts of the record.
 * @throws BenchError and its kin when the bench fails; the signal's reason.
 */
export async function runCampaign(parts: CampaignParts): Promise<CampaignOutcome> {
  let outcome: CampaignOutcome;
  const leave = parts.board.clock.gaps?.attend();
  try {
    outcome = await campaignOf(parts).run();
  } catch (error) {
    // Somebody gave up on a board that is to be left dark: it is not switched on for a moment only.
    const staysOff = parts.board.profile.power.leave === "off" && parts.signal.aborted;
    if (!staysOff) await powerOn(parts).catch(() => undefined);
    await leaveBoard(new RecordedBoard(parts.board, parts.record, parts.signal), 0);
    await leaveDark(parts).catch(() => undefined);
    throw error;
  } finally {
    leave?.();
  }
  await powerOn(parts);
  await leaveBoard(new RecordedBoard(parts.board, parts.record, parts.signal), bootMsOf(parts.board.profile));
  await leaveDark(parts);
  return outcome;
}

/** By who takes the new images. */
function campaignOf(parts: CampaignParts): { run(): Promise<CampaignOutcome> } {
  const trial = trialOf(parts);
  const startingPoint = new StartingPoint(trial, parts.images);
  if (parts.own !== undefined) return new BootloaderCampaign(parts, trial, startingPoint, parts.own);
  const Kind = uploadsInRecovery(parts.scenario, parts.board.profile) ? RecoveryCampaign : Campaign;
  return new Kind(parts, trial, startingPoint);
}

class Campaign {
  readonly #parts: CampaignParts;
  readonly #recorded: RecordedBoard;
  readonly #startingPoint: StartingPoint;
  readonly #trial: Trial;
  /** Cuts that this try has judged. */
  readonly #judged = new Set<number>();
  #hasFailed = false;

  constructor(parts: CampaignParts, trial: Trial, startingPoint: StartingPoint) {
    this.#parts = parts;
    this.#recorded = trial.recorded;
    this.#trial = trial;
    this.#startingPoint = startingPoint;
  }

  async run(): Promise<CampaignOutcome> {
    const { images, scenario, startWith, board } = this.#parts;
    await wakeBoard(this.#recorded, { startingPoint: this.#startingPoint, images, bootMs: this.#trial.bootMs });
    await preflight(this.#recorded);
    await this.#startingPoint.powerCheck();
    const how = await this.#startingPoint.baseline();
    // By SMP both old images come as both new ones do; nobody has flashed the network core.
    if (this.#trial.networkRefused || how === "uploaded") {
      const placed = await placeOldNetwork(this.#trial, images.old);
      if (placed) this.#known(placed);
    }
    if (expectationOf(scenario).outcome === "no boot") return this.#noBoot();
    const first = await this.#undisturbed({ from: images.old, to: images.new });
    let direction = first.next;
    if (startWith === "old" && direction?.from.role === "new") direction = (await this.#undisturbed(direction)).next;
    let reference = (scenario.cuts.in === "network" ? first.networkReference : undefined) ?? first.reference;
    if (scenario.cuts.in === "revert" && direction) {
      ({ reference, next: direction } = await this.#revertReference(direction));
    }
    const isOfApplication = scenario.cuts.in === "upload" || scenario.cuts.in === "request";
    if (isOfApplication && direction) direction = await this.#applicationCuts(direction);
    else if (reference && direction) direction = await this.#cuts(reference, direction);
    if (checksRevert(scenario, board.profile.bootloader.mode) && direction && !this.#stopped)
      await this.#revertCheck(direction);
    return endCampaign(this.#recorded);
  }

  /** An upgrade to an image that never answers, and the way back from it. */
  async #noBoot(): Promise<CampaignOutcome> {
    const { board } = this.#parts;
    const boots = await upgradeWithoutBoot(this.#trial, this.#forward());
    for (const judged of boots) this.#count(judged);
    if (boots.length === 1) await this.#startingPoint.reflash();
    board.check();
    return "pass";
  }

  /** An upgrade without a cut, and what comes after it. */
  async #undisturbed(direction: Direction) {
    const network = await this.#networkFirst(direction);
    if (network && !network.matched) {
      const next = this.#stopped ? undefined : await this.#recoverFrom(network, direction);
      return { reference: undefined, networkReference: undefined, next };
    }
    const judged = await referenceUpgrade(this.#trial, direction);
    this.#count(judged);
    return {
      reference: judged.reference,
      networkReference: network?.reference,
      next: this.#stopped ? undefined : await this.#confirmAndTurn(judged, direction),
    };
  }

  /** With one pair of slots for both cores the network core is updated in a boot of its own; undefined elsewhere. */
  async #networkFirst(direction: Direction): Promise<JudgedReference | undefined> {
    const update = networkUpdateOf(this.#trial, direction);
    if (update === undefined) return undefined;
    const judged = await networkBoot(this.#trial, direction, update);
    this.#known(judged);
    return judged;
  }

  /** Counts a verdict; where it passed, the board is known to be as it showed. */
  #known(judged: Judged): void {
    this.#count(judged);
    if (judged.matched) this.#parts.expected.adopt(judged.matched);
  }

  /** A cut in the boot that updates the network core, which has no slots of its own: the application stays. */
  async #cutNetwork(
    direction: Direction,
    planned: CutIn<"boot">,
    reference: Reference,
  ): Promise<Direction | undefined> {
    const update = networkUpdateOf(this.#trial, direction);
    if (update === undefined) return reversed(direction);
    const judged = await cutNetworkBoot(this.#trial, direction, planned, { ...update, reference });
    this.#known(judged);
    if (judged.matched) return reversed(direction);
    return this.#stopped ? undefined : this.#recoverFrom(judged, direction);
  }

  /** The next upgrade's direction, by what runs: cuts of the network core alone turn without the application. */
  async #reversed(): Promise<Direction> {
    const forward = this.#forward();
    const running = activeSlot(await this.#recorded.imageState());
    return running?.hash === forward.to.hash ? reversed(forward) : forward;
  }

  /** A verdict failed, and nothing is to be done after that: the board stays as it is. */
  get #stopped(): boolean {
    return this.#parts.limits.failFast && this.#hasFailed;
  }

  /** Returns the direction of the next upgrade; undefined when the campaign must end here. */
  async #cuts(reference: Reference, start: Direction): Promise<Direction | undefined> {
    const { scenario, random } = this.#parts;
    const cuts = cutsIn("boot", this.#parts.cuts ?? plannedCuts(scenario, reference, random.fork("cuts")));
    recordPlan(this.#recorded, reference, cuts);
    let direction: Direction | undefined = start;
    for (const planned of cutsToMake(this.#parts, this.#recorded, cuts)) {
      const asked: Direction = direction;
      direction = await this.#whole(planned, asked, (from) => this.#cut(from, planned, reference));
      if (!direction) return undefined;
    }
    return this.#cutsNetworkAlone ? this.#reversed() : direction;
  }

  /** Cuts hit the network core's own update, in a boot that leaves the application where it is. */
  get #cutsNetworkAlone(): boolean {
    return this.#parts.scenario.cuts.in === "network" && !this.#parts.expected.hasNetworkSlot;
  }

  /**
   * Makes a cut, and makes it again when the bench was not whole: from the baseline, for the flash holds whatever the
   * void cut left. A bench that is gone for this opening of it ends the try, as does one that is never whole.
   */
  async #whole<T>(planned: PlannedCut, asked: Direction, make: (direction: Direction) => Promise<T>): Promise<T> {
    const { record, signal } = this.#parts;
    let direction = asked;
    for (let voids = 1; ; voids += 1) {
      try {
        return await make(direction);
      } catch (error) {
        if (signal.aborted || (!isKind(error, "bench") && !isKind(error, "timeout"))) throw error;
        // What was judged stays judged: only a cut without a verdict is made again.
        const isOpen = !this.#judged.has(planned.index);
        const again = isOpen && isVoid(error) && voids <= VOIDS_MAX;
        if (isOpen) {
          const { index } = planned;
          record.event({ atUs: this.#recorded.nowUs, event: "cut-void", index, reason: messageOf(error), again });
        }
        if (!again) throw error;
        await this.#startingPoint.wake();
        await this.#startingPoint.baseline();
        this.#recorded.bench.begin();
        direction = this.#forward();
      }
    }
  }

  /** One planned cut and the boots after it; returns the direction of the next. */
  async #cut(asked: Direction, planned: CutIn<"boot">, reference: Reference): Promise<Direction | undefined> {
    const { scenario, expected } = this.#parts;
    if (this.#cutsNetworkAlone) return this.#cutNetwork(asked, planned, reference);
    const again = scenario.start.flash_each && (await this.#startingPoint.reflash());
    if (again) await this.#startingPoint.keep();
    const direction = again ? this.#forward() : asked;
    const isRevert = scenario.cuts.in === "revert";
    const network = await this.#networkFirst(direction);
    if (network && !network.matched) return this.#stopped ? undefined : this.#recoverFrom(network, direction);
    if (isRevert) {
      const up = await referenceUpgrade(this.#trial, direction);
      this.#count(up);
      if (!up.matched) return this.#stopped ? undefined : this.#recoverFrom(up, direction);
      expected.adopt(up.matched);
    }
    let judged = await (isRevert ? cutRevert : cutUpgrade)(this.#trial, direction, planned, reference);
    this.#count(judged);
    // Also after a known defect: what it comes to shows in the boots after it.
    for (let boot = 1; boot <= scenario.boots_after; boot += 1) {
      const known = judged.matched ?? judged.defect;
      if (known === undefined) break;
      expected.adopt(known);
      const subject: Subject = { kind: "later boot", boot, cut: planned.index };
      judged = await laterBoot(this.#trial, judged, subject);
      this.#count(judged);
    }
    return this.#stopped ? undefined : this.#confirmAndTurn(judged, direction);
  }

  /** Cuts while the application takes an upload or a request. */
  async #applicationCuts(start: Direction): Promise<Direction | undefined> {
    const { scenario, expected, random, record } = this.#parts;
    const { in: what, count = 0 } = scenario.cuts;
    if (what !== "upload" && what !== "request") return start;
    const undisturbedUs = await measureApplication(this.#trial, what, start);
    let direction = (await this.#startingPoint.reflash()) ? this.#forward() : start;
    const given = this.#parts.cuts ?? scenarioCuts(scenario);
    const cuts = cutsIn<"upload" | "request">(
      what,
      given ?? spreadInApplication(what, undisturbedUs, count, random.fork("cuts")),
    );
    record.event({ atUs: this.#recorded.nowUs, event: "plan", cuts, phases: [] });
    for (const planned of cutsToMake(this.#parts, this.#recorded, cuts)) {
      const from = direction;
      const cut = await this.#whole(planned, from, async (now) => {
        direction = now;
        return cutApplication(this.#trial, { what, planned: heard(planned), direction });
      });
      this.#count(cut);
      if (cut.matched) expected.adopt(cut.matched);
      const isAsked = cut.matched !== undefined && what === "request";
      const again = isAsked ? await askAgain(this.#trial, direction, cut.left) : undefined;
      if (again) this.#count(again);
      if (this.#stopped) return undefined;
      if (await this.#startingPoint.reflash()) direction = this.#forward();
      else {
        const next = await this.#confirmAndTurn(again ?? cut, direction);
        if (!next) return undefined;
        direction = next;
      }
    }
    return direction;
  }

  #forward(): Direction {
    const { old: from, new: to } = this.#parts.images;
    return { from, to };
  }

  /** What a cut in a revert is measured against. */
  async #revertReference(asked: Direction) {
    const { expected, scenario } = this.#parts;
    const again = scenario.start.flash_each && (await this.#startingPoint.reflash());
    const direction = again ? this.#forward() : asked;
    const up = await referenceUpgrade(this.#trial, direction);
    this.#count(up);
    if (!up.matched) return { reference: undefined, next: undefined };
    expected.adopt(up.matched);
    const judged = await referenceRevert(this.#trial, direction);
    this.#count(judged);
    return {
      reference: judged.reference,
      next: this.#stopped ? undefined : await this.#confirmAndTurn(judged, direction),
    };
  }

  /** After a verdict: what runs is confirmed, and the next upgrade goes the other way; a failed one is mended first. */
  async #confirmAndTurn(judged: Judged, direction: Direction): Promise<Direction | undefined> {
    const { expected } = this.#parts;
    if (!judged.matched) return this.#recoverFrom(judged, direction);
    expected.adopt(judged.matched);
    if (expected.inPlace) return this.#turnInPlace(judged, direction);
    const running = activeSlot(judged.slots);
    if (running?.hash !== direction.to.hash) return direction;
    // A request may stand although nothing waits any more: the application then refuses to confirm what needs none.
    if (running.flags.includes("confirmed")) return reversed(direction);
    await this.#recorded.confirm(direction.to);
    expected.confirm();
    return reversed(direction);
  }

  /**
   * Where the newest image runs, no upload brings the old one back: it is flashed; without a flasher, the new one is
   * not confirmed, and the next boot takes it back.
   */
  async #turnInPlace(judged: Judged, direction: Direction): Promise<Direction | undefined> {
    if (await this.#startingPoint.reflash()) return this.#forward();
    const running = activeSlot(judged.slots);
    if (running?.hash === direction.from.hash) return direction;
    if (running?.flags.includes("confirmed") !== false) return undefined;
    const back = await referenceRevert(this.#trial, direction);
    this.#known(back);
    return back.matched ? direction : undefined;
  }

  /**
   * Brings a board that failed a verdict back to a known state: the old image is flashed; or, without a flasher, what
   * runs is confirmed and the other slot is written anew, whatever the board says of it.
   */
  async #recoverFrom(judged: Judged, direction: Direction): Promise<Direction | undefined> {
    const { expected, images } = this.#parts;
    if (await this.#startingPoint.reflash()) return { from: images.old, to: images.new };
    if (expected.inPlace) return undefined;
    const running = activeSlot(judged.slots);
    const known = [direction.from, direction.to].find((image) => image.hash === running?.hash);
    if (!known) return undefined;
    if (!running?.flags.includes("confirmed")) await this.#recorded.confirm(known);
    const next = known === direction.from ? direction : reversed(direction);
    expected.place(known);
    await this.#recorded.upload(next.to);
    expected.uploaded(next.to);
    return next;
  }

  /** An upgrade that nobody confirms must be gone after the next reset. */
  async #revertCheck(direction: Direction): Promise<void> {
    const { expected } = this.#parts;
    const up = await referenceUpgrade(this.#trial, direction);
    this.#count(up);
    if (!up.matched) return;
    expected.adopt(up.matched);
    this.#count(await referenceRevert(this.#trial, direction));
  }

  #count(judged: Judged): void {
    const { subject, pass } = judged.verdict;
    if (subject.kind === "cut") this.#judged.add(subject.index);
    this.#hasFailed ||= !pass;
    this.#parts.wear.count(judged.erased);
    this.#parts.wear.report(this.#parts.record, this.#recorded.nowUs);
  }
}
