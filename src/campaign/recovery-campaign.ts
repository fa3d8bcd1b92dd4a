import { enterSerialRecovery } from "../board/index.ts";
import { BenchError, isKind, messageOf } from "../core/index.ts";
import type { FlashContent } from "../mcuboot/index.ts";
import { preflight } from "./bench/preflight.ts";
import { wakeBoard } from "./bench/recover.ts";
import type { StartingPoint } from "./bench/starting-point.ts";
import { type Direction, reversed, type Trial } from "./bench/trial.ts";
import { powerUp, silentBoard } from "./bench/wake.ts";
import { type CampaignOutcome, type CampaignParts, cutsToMake, endCampaign } from "./campaign-parts.ts";
import { cutInAct } from "./cuts/cut-application.ts";
import { type CutIn, cutsIn } from "./record/cut-moment.ts";
import { type JudgedStart, judgeStart } from "./recovery/judge-upload.ts";
import { contentsInUpload, wholeUpload } from "./recovery/outcomes.ts";
import { momentInUpload, placeInUpload, plannedInRecovery, uploadPhases } from "./recovery/plan.ts";
import {
  stepsOf,
  type TimedStep,
  type TimedUpload,
  uploadInRecovery,
  uploadOfLength,
  uploadTimed,
} from "./recovery/timed-upload.ts";
import type { CampaignImage } from "./request/images.ts";
import { activeSlot } from "./verdict/slots.ts";

/** An undisturbed upload, and what cuts in the next one are placed by. */
interface UploadReference {
  readonly upload: TimedUpload;
  readonly steps: readonly TimedStep[];
}

/**
 * A campaign of uploads in MCUboot's serial recovery, into slot 0: one without a cut, then one cut in each, and
 * after each another that brings the image. A bootloader that finds no whole image boots none, and takes the next.
 */
export class RecoveryCampaign {
  readonly #parts: CampaignParts;
  readonly #trial: Trial;
  readonly #startingPoint: StartingPoint;
  #hasFailed = false;

  constructor(parts: CampaignParts, trial: Trial, startingPoint: StartingPoint) {
    this.#parts = parts;
    this.#trial = trial;
    this.#startingPoint = startingPoint;
  }

  /** @returns "fail" when the firmware broke a rule of the flash; verdicts that failed are in the record. */
  async run(): Promise<CampaignOutcome> {
    const { images, startWith } = this.#parts;
    const { recorded, bootMs } = this.#trial;
    await wakeBoard(recorded, { startingPoint: { wake: () => this.#wake() }, images, bootMs });
    await preflight(recorded);
    await this.#startingPoint.powerCheck();
    await this.#baseline();
    const forward = this.#forward();
    const reference = await this.#undisturbed(forward);
    const isBack = reference !== undefined && (startWith !== "old" || (await this.#undisturbed(reversed(forward))));
    if (isBack) await this.#cuts(startWith === "old" ? forward : reversed(forward), reference);
    return endCampaign(recorded);
  }

  get #stopped(): boolean {
    return this.#parts.limits.failFast && this.#hasFailed;
  }

  /** An application that answers; where none does, the old image is flashed, or brought by serial recovery. */
  async #wake(): Promise<void> {
    const { recorded, bootMs } = this.#trial;
    const seen = await powerUp(recorded, bootMs);
    if (seen.ending === "up" || (await this.#startingPoint.reflash())) return;
    if (recorded.board.profile.recovery === undefined) throw silentBoard(recorded, seen);
    await this.#bringOld();
  }

  async #baseline(): Promise<void> {
    const { recorded, expected } = this.#trial;
    const { old } = this.#parts.images;
    const running = activeSlot(await recorded.imageState());
    let how: "already running" | "flashed" | "uploaded" = "already running";
    if (running?.hash === old.hash && running.flags.includes("confirmed")) expected.place(old);
    else if (await this.#startingPoint.reflash()) how = "flashed";
    else {
      how = "uploaded";
      await this.#bringOld();
    }
    recorded.record.event({ atUs: recorded.nowUs, event: "baseline", how });
  }

  /** @throws BenchError when it does not run then. */
  async #bringOld(): Promise<void> {
    const { recorded, expected, bootMs } = this.#trial;
    const { old } = this.#parts.images;
    await uploadInRecovery(this.#trial, old);
    const seen = await recorded.untilUp(await recorded.reset(), bootMs);
    const running = seen.ending === "up" ? activeSlot(await recorded.imageState()) : undefined;
    if (running?.hash !== old.hash) {
      const found = running === undefined ? seen.because : `${running.version} runs`;
      throw new BenchError(
        `${recorded.board.name} does not run ${old.version}, which serial recovery took: ${found}.`,
        "Are keys.signing and keys.encryption of the profile its bootloader's?",
      );
    }
    expected.place(old);
  }

  /** One upload with nobody in its way, and the start after it; undefined when that is not what it must be. */
  async #undisturbed(direction: Direction): Promise<UploadReference | undefined> {
    this.#trial.recorded.bench.begin();
    const before = this.#trial.expected.flash;
    const upload = await uploadInRecovery(this.#trial, direction.to);
    const steps = stepsOf(this.#trial, direction.to, upload);
    const { verdict } = await this.#start({ kind: "upgrade" }, direction, before);
    return verdict.pass ? { upload, steps } : undefined;
  }

  /** Resets out of serial recovery into what an upload has brought. */
  async #start(
    subject: Parameters<typeof judgeStart>[1]["subject"],
    direction: Direction,
    before: FlashContent,
  ): Promise<JudgedStart> {
    const { recorded, expected, bootMs } = this.#trial;
    const after = wholeUpload(before, expected.build, direction.to);
    const seen = await recorded.untilUp(await recorded.reset(), bootMs);
    const judged = await judgeStart(this.#trial, { subject, direction, seen, contents: [after.flash] });
    this.#count(judged, after.pages);
    expected.adopt({ flash: judged.flash });
    return judged;
  }

  async #cuts(start: Direction, reference: UploadReference): Promise<void> {
    const { scenario, random, record } = this.#parts;
    const { recorded } = this.#trial;
    const { upload, steps } = reference;
    const given = this.#parts.cuts ?? plannedInRecovery(scenario, steps, upload, random.fork("cuts"));
    const cuts = cutsIn("upload", given);
    // What cannot be made is told before the first.
    for (const planned of cuts) momentInUpload(planned, steps);
    const atUs = recorded.nowUs;
    const shown = {
      operations: steps.length,
      swapUs: upload.endUs,
      startAfterResetUs: 0,
      endAfterResetUs: upload.endUs,
    };
    record.event({ atUs, event: "reference", of: "upload", ...shown });
    record.event({ atUs, event: "plan", cuts, phases: uploadPhases(steps, upload) });
    let direction = start;
    for (const planned of cutsToMake(this.#parts, recorded, cuts)) {
      const cut = await this.#whole(direction, planned, reference);
      if (cut === undefined || this.#stopped) return;
      const next = await this.#bringAgain(cut.judged, cut.direction, planned.index);
      if (next === undefined) return;
      direction = next;
    }
  }

  /** A cut that the bench itself spoiled, or that it was not there for, has no verdict, and ends this try. */
  async #whole(direction: Direction, planned: CutIn<"upload">, reference: UploadReference) {
    const { record, signal } = this.#parts;
    try {
      return await this.#cut(direction, planned, reference);
    } catch (error) {
      if (!signal.aborted && (isKind(error, "bench") || isKind(error, "timeout"))) {
        const { index } = planned;
        const reason = messageOf(error);
        record.event({ atUs: this.#trial.recorded.nowUs, event: "cut-void", index, reason, again: false });
      }
      throw error;
    }
  }

  /** Operations are counted in the upload of the new image: the old one is brought before, where it does not run. */
  async #towardsNew(direction: Direction): Promise<Direction | undefined> {
    if (direction.to.hash === this.#parts.images.new.hash) return direction;
    if (await this.#startingPoint.reflash()) return this.#forward();
    return (await this.#undisturbed(direction)) && this.#forward();
  }

  /** What an undisturbed upload of this image would have shown. */
  #referenceOf({ upload }: UploadReference, image: CampaignImage): UploadReference {
    const own = uploadOfLength(upload, image.file.length);
    return { upload: own, steps: stepsOf(this.#trial, image, own) };
  }

  /** One upload with a cut, and what it came to; undefined where the old image cannot be brought before it. */
  async #cut(
    asked: Direction,
    planned: CutIn<"upload">,
    whole: UploadReference,
  ): Promise<{ readonly judged: JudgedStart; readonly direction: Direction } | undefined> {
    const { recorded, expected } = this.#trial;
    const direction = planned.kind === "operation" ? await this.#towardsNew(asked) : asked;
    if (direction === undefined) return undefined;
    const reference = this.#referenceOf(whole, direction.to);
    const { from, to } = direction;
    const before = expected.flash;
    await enterSerialRecovery(recorded.board, recorded.signal);
    recorded.record.event({ atUs: recorded.nowUs, event: "cut-started", planned, from: from.version, to: to.version });
    const moment = { what: "upload", planned: momentInUpload(planned, reference.steps), direction } as const;
    const cut = await cutInAct(this.#trial, moment, { planned, fromStart: true });
    const contents = contentsInUpload(before, expected.build, to, {
      chunkEnds: reference.upload.acks.map(({ bytes }) => bytes),
      takenBytes: cut.takenBytes,
    });
    const subject = { kind: "cut", in: "upload", index: planned.index } as const;
    const place = placeInUpload(planned, reference.steps, cut.facts.intoSwapUs ?? 0);
    const judged = await judgeStart(this.#trial, {
      subject,
      direction,
      seen: cut.seen,
      contents,
      facts: cut.facts,
      place,
    });
    this.#count(judged, wholeUpload(before, expected.build, to).pages);
    return { judged, direction };
  }

  /** After a cut, whoever is there: the image comes by another upload, and must run then. */
  async #bringAgain({ who, flash }: JudgedStart, direction: Direction, cut: number): Promise<Direction | undefined> {
    this.#trial.expected.adopt({ flash });
    try {
      if (who === "recovery") await uploadTimed(this.#trial, direction.to);
      else await uploadInRecovery(this.#trial, direction.to);
    } catch (error) {
      if (who !== "nobody" || (!isKind(error, "bench") && !isKind(error, "timeout"))) throw error;
      // A board that boots nothing and cannot be brought into recovery is one for the flasher.
      if (await this.#startingPoint.reflash()) return this.#forward();
      throw error;
    }
    const { verdict } = await this.#start({ kind: "upload again", cut }, direction, flash);
    if (verdict.pass) return reversed(direction);
    if (this.#stopped || !(await this.#startingPoint.reflash())) return undefined;
    return this.#forward();
  }

  #forward(): Direction {
    const { old: from, new: to } = this.#parts.images;
    return { from, to };
  }

  #count({ verdict }: JudgedStart, erased: readonly number[]): void {
    this.#hasFailed ||= !verdict.pass;
    this.#parts.wear.count(erased);
    this.#parts.wear.report(this.#parts.record, this.#trial.recorded.nowUs);
  }
}
