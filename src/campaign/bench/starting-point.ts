import type { Board } from "../../board/index.ts";
import { BenchError } from "../../core/index.ts";
import type { FlashContent } from "../../mcuboot/index.ts";
import type { SlotState } from "../record/facts.ts";
import type { CampaignImage, CampaignImages } from "../request/images.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { activeSlot, slotOf } from "../verdict/slots.ts";
import { requireLogFits } from "./log-check.ts";
import { proveCut } from "./power-check.ts";
import type { RecordedBoard } from "./recorded-board.ts";
import { ensureSecondary } from "./secondary.ts";
import type { Trial } from "./trial.ts";
import { powerUp, silentBoard } from "./wake.ts";

/** A whole flash, and what the model knows of it. */
interface KeptFlash {
  readonly content: Uint8Array;
  readonly model: FlashContent;
}

/** Bringing a board to where a campaign can start: awake, proven to lose power, old image running and confirmed. */
export class StartingPoint {
  readonly #trial: Trial;
  readonly #recorded: RecordedBoard;
  readonly #board: Board;
  readonly #images: CampaignImages;
  readonly #expected: ExpectedFlash;
  readonly #bootMs: number;
  #kept: KeptFlash | undefined;

  constructor(trial: Trial, images: CampaignImages) {
    this.#trial = trial;
    this.#recorded = trial.recorded;
    this.#board = trial.recorded.board;
    this.#images = images;
    this.#expected = trial.expected;
    this.#bootMs = trial.bootMs;
  }

  /** Where the old image is put. */
  get slot(): 0 | 1 {
    return this.#expected.startSlot;
  }

  /**
   * Power on, and an application that answers: where every campaign starts, also after a killed one.
   * @throws BenchError when nothing answers and there is no flasher to help.
   */
  async wake(): Promise<void> {
    const seen = await powerUp(this.#recorded, this.#bootMs);
    if (seen.ending === "up" || (await this.reflash())) return;
    throw silentBoard(this.#recorded, seen);
  }

  /** Proves that the switch switches, with nothing at stake. @throws BenchError when it does not. */
  async powerCheck(): Promise<void> {
    if (this.#board.power.facts.cuts === "reset only") return;
    await proveCut(this.#recorded, this.#bootMs);
    requireLogFits(this.#recorded);
  }

  /**
   * Old image running and confirmed, nothing pending: by the flasher where there is one, by SMP where not.
   * @returns how; what the network core runs then is another matter.
   */
  async baseline(): Promise<"already running" | "flashed" | "uploaded"> {
    const { old } = this.#images;
    const found = await this.#recorded.imageState();
    const slots = this.#isSettled(found) || this.#board.flasher ? found : await this.#settled(found);
    let how: "already running" | "flashed" | "uploaded" = "already running";
    const running = activeSlot(slots);
    const isWhere = !this.#expected.inPlace || running?.slot === this.#expected.startSlot;
    if (running?.hash === old.hash && isWhere && this.#isSettled(slots)) {
      this.#expected.place(
        old,
        slotOf(slots, this.#images.new)?.slot === this.#expected.otherStartSlot ? this.#images.new : undefined,
      );
    } else if (await this.reflash()) how = "flashed";
    else if (this.#expected.inPlace) throw this.#notInPlace(old);
    else {
      how = "uploaded";
      await this.#bySmp();
    }
    this.#recorded.record.event({ atUs: this.#recorded.nowUs, event: "baseline", how });
    return how;
  }

  /**
   * Programs the old image past the bootloader and restarts. Returns false when the board has no flasher.
   * @throws BenchError when the board does not boot even then.
   */
  async reflash(): Promise<boolean> {
    const { flasher, name } = this.#board;
    if (this.#kept) {
      await this.#putBack(this.#kept);
      return true;
    }
    if (!flasher) return false;
    const { old } = this.#images;
    await flasher.programPrimary(old.flashed ?? old.plain, this.#recorded.signal, this.#expected.startSlot);
    const seen = await this.#recorded.cycle(this.#bootMs);
    if (seen.ending !== "up") {
      const refused = seen.lines.some(({ event, fields }) => event === "image invalid" && fields["slot"] === "primary");
      const hint = refused ? "Its bootloader checks what it starts with another key than keys.signing." : "";
      throw new BenchError(`${name} does not boot after flashing: ${seen.because}`, hint);
    }
    this.#expected.place(this.#images.old);
    return true;
  }

  /**
   * Keeps the flash with the old image running and the new one uploaded, for a board whose flash can be written: the
   * next `reflash` brings that back, and nothing has to be uploaded again.
   */
  async keep(): Promise<void> {
    const { flash } = this.#board;
    if (flash === undefined || this.#kept !== undefined) return;
    await ensureSecondary(this.#trial, this.#images.new);
    this.#kept = { content: await flash.read(), model: this.#expected.flash.snapshot() };
  }

  async #putBack({ content, model }: KeptFlash): Promise<void> {
    const sinceUs = this.#recorded.nowUs;
    await this.#board.flash?.write(content);
    const seen = await this.#recorded.untilUp(sinceUs, this.#bootMs);
    if (seen.ending !== "up") throw new BenchError(`${this.#board.name} does not boot after flashing: ${seen.because}`);
    this.#expected.adopt({ flash: model });
  }

  /**
   * What an earlier run has left undone is done, as a board without a flasher knows no way back: a swap that was asked
   * for comes with the next boot, and what runs then is confirmed.
   */
  async #settled(found: readonly SlotState[]): Promise<readonly SlotState[]> {
    const recorded = this.#recorded;
    let slots = found;
    if (this.#waits(slots)) {
      const seen = await recorded.untilUp(await recorded.reset(), this.#bootMs);
      if (seen.ending !== "up") return slots;
      slots = await recorded.imageState();
    }
    const running = activeSlot(slots);
    if (running === undefined || running.flags.includes("confirmed")) return slots;
    await recorded.confirm({ ...this.#images.old, version: running.version });
    return recorded.imageState();
  }

  /** Which key of the profile is not the bootloader's: an image that is not encrypted is taken, or is not, by its signature. */
  async #wrongKey(refused: CampaignImage): Promise<string> {
    const recorded = this.#recorded;
    const signing = "keys.signing of the profile is not the key that its bootloader checks with";
    if (!refused.encrypted) return `It was not encrypted: ${signing}.`;
    if (refused.unencrypted === undefined || this.#board.profile.images.encryption !== "optional")
      return `Either ${signing}, or keys.encryption is not its key.`;
    const clear = refused.unencrypted();
    await recorded.upload(clear);
    await recorded.requestTest(clear);
    const seen = await recorded.untilUp(await recorded.reset(), this.#bootMs);
    const isTaken = seen.ending === "up" && activeSlot(await recorded.imageState())?.hash === clear.hash;
    return isTaken
      ? "It takes the same image when that is not encrypted: keys.encryption of the profile is not its key."
      : `It does not take the same image without encryption, either: ${signing}.`;
  }

  /** Where the newest image runs, an older one comes back by a flasher only. */
  #notInPlace({ version }: CampaignImage): BenchError {
    return new BenchError(
      `${this.#board.name} does not run ${version} in slot ${this.#expected.startSlot}, confirmed.`,
      "Flash it there, or add a flasher to the profile: where images run in place, an upload never brings an older one back.",
    );
  }

  /** Something waits for the next boot, of the images that the profile has. */
  #waits(slots: readonly SlotState[]): boolean {
    const images = this.#board.profile.slots.networkSecondary === undefined ? [0] : [0, 1];
    return slots.some((slot) => images.includes(slot.image) && slot.flags.includes("pending"));
  }

  /** What runs is confirmed, and nothing waits for the next boot. */
  #isSettled(slots: readonly SlotState[]): boolean {
    return !this.#waits(slots) && (activeSlot(slots)?.flags.includes("confirmed") ?? false);
  }

  async #bySmp(): Promise<void> {
    const recorded = this.#recorded;
    const { old } = this.#images;
    await ensureSecondary(this.#trial, old);
    await recorded.requestTest(old);
    const seen = await recorded.untilUp(await recorded.reset(), this.#bootMs);
    const running = seen.ending === "up" ? activeSlot(await recorded.imageState()) : undefined;
    requireLogFits(recorded);
    if (running?.hash !== old.hash) {
      const found = running === undefined ? seen.because : `${running.version} runs`;
      const hint = running === undefined ? "" : await this.#wrongKey(old);
      throw new BenchError(`${this.#board.name} did not take the baseline image ${old.version}: ${found}.`, hint);
    }
    await recorded.confirm(old);
    this.#expected.tookBaseline(old);
  }
}
