import { BenchError, type Random } from "../../core/index.ts";
import { type Engine, INTERPRETER } from "../../emulator/index.ts";
import { type FlashContent, type FlashOperation, recogniseBootLine } from "../../mcuboot/index.ts";
import type { FirmwareBoot } from "../emulated/boot-difference.ts";
import { checkErase, watchedChip } from "../emulated/chips.ts";
import { CpuWatch } from "../emulated/cpu-watch.ts";
import { deviceArea, flashTimingOf } from "../profile/flash-timing.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { type FactoryChip, factoryContent, makeEmulatedChip } from "./emulated-chip.ts";

/** Between two looks at the log. */
const SLICE_US = 2_000;

/** Boots one firmware again and again, each time as a board that gets its power with a given flash content. */
export class FirmwareBench {
  readonly #made: FactoryChip;
  readonly #random: Random;
  /** A second chip, whose instructions are carried out in the other way. */
  #witness: FactoryChip | undefined;
  readonly #loaded: LoadedProfile;
  #line = "";
  #log: string[] = [];
  /** MCUboot has said its last line: what comes behind it is the application's. */
  #jumped = false;
  #isUp = false;

  /** @throws ConfigurationError when the profile's firmware is not there, does not fit, or contradicts it */
  constructor(loaded: LoadedProfile, random: Random) {
    this.#loaded = loaded;
    this.#random = random;
    this.#made = this.#make();
  }

  #make(engine?: Engine): FactoryChip {
    const output = (byte: number, _: number, port: number) => {
      if (port === 0) this.#hear(String.fromCharCode(byte));
    };
    return makeEmulatedChip(this.#loaded, output, this.#random, engine);
  }

  /** A whole flash: the bootloader, and the slots as a model has them. */
  content(model: FlashContent): FlashContent {
    const { slots } = this.#loaded.profile;
    const { pageBytes } = this.#made;
    const content = factoryContent(this.#made);
    // Where the second slot lies on the serial flash, that is behind the internal one.
    const areas = [slots.primary, slots.secondary, ...(slots.scratch ? [slots.scratch] : [])].map(deviceArea);
    for (const { offset, bytes } of areas) {
      for (let at = 0; at < bytes; at += pageBytes) {
        const page = Math.min(pageBytes, bytes - at);
        if (offset + at + page <= model.bytes) content.load(offset + at, model.read(offset + at, page));
      }
    }
    return content;
  }

  /**
   * Boots until the application speaks.
   * @throws BenchError "emulator error" for an erase that is no page
   */
  boot(content: FlashContent): FirmwareBoot {
    return this.#bootOn(this.#made, content);
  }

  /**
   * Before a boot is held against the firmware: a second chip, tested again, whose instructions are interpreted one by
   * one, boots the same content.
   * @throws BenchError "emulator error" when it does something else
   */
  confirm(content: FlashContent, found: FirmwareBoot): void {
    this.#witness ??= this.#make(INTERPRETER);
    const again = this.#bootOn(this.#witness, content);
    const differs =
      again.operations.length !== found.operations.length ||
      again.isUp !== found.isUp ||
      again.faults.join() !== found.faults.join() ||
      again.flash.identity() !== found.flash.identity();
    if (!differs) return;
    throw new BenchError(
      "emulator error: interpreted and translated code do not do the same with one flash content.",
      "This is no verdict about firmware: report it.",
    );
  }

  #bootOn(made: FactoryChip, content: FlashContent): FirmwareBoot {
    const { chip, pageBytes } = made;
    const { timeoutsMs } = this.#loaded.profile;
    const operations: FlashOperation[] = [];
    this.#line = "";
    this.#log = [];
    this.#jumped = false;
    this.#isUp = false;
    const watch = new CpuWatch(watchedChip(made), this.#loaded.profile, made.nameOf);
    chip.watch = (operation) => {
      checkErase(operation, pageBytes);
      watch.before(operation);
      operations.push(operation.kind === "erase" ? operation : { ...operation, data: operation.data.slice() });
    };
    chip.flash.restore(content);
    chip.powerOn();
    const limitUs = (timeoutsMs.boot + timeoutsMs.swap) * 1000;
    while (!this.#isUp && !watch.isLooping && chip.nowUs < limitUs) {
      chip.run(SLICE_US);
      watch.look();
    }
    const us = chip.nowUs;
    const flash = chip.flash.snapshot();
    chip.powerOff();
    return { operations, log: [...this.#log, this.#line], isUp: this.#isUp, faults: watch.findings(), flash, us };
  }

  /**
   * The flash that a cut of the upgrade leaves, before an operation.
   * @param model the slots when the upgrade begins
   * @param cut boot 0 upgrades, boot 1 reverts
   * @throws RangeError when that boot has fewer operations
   */
  contentAfterCut(model: FlashContent, cut: { readonly boot: number; readonly operation: number }): FlashContent {
    let content = this.content(model);
    for (let boot = 0; boot < cut.boot; boot += 1) content = this.boot(content.snapshot()).flash;
    const { operations } = this.boot(content.snapshot());
    if (cut.operation > operations.length) {
      throw new RangeError(`that boot has ${operations.length} flash operations`);
    }
    for (const operation of operations.slice(0, cut.operation)) content.apply(operation);
    return content;
  }

  /** Registers that the firmware used and the emulator does not have, as sentences. */
  unknown(): readonly string[] {
    return this.#made.remarks();
  }

  #hear(character: string): void {
    if (character !== "\n") {
      this.#line += character;
      return;
    }
    const text = this.#line.replace(/\r$/u, "");
    this.#line = "";
    this.#log.push(text);
    if (this.#jumped) this.#isUp = true;
    else this.#jumped = recogniseBootLine(text)?.event === "jumping";
  }

  /** The page and word of its flash: what a cut can part. */
  get timing() {
    return flashTimingOf(this.#loaded.profile);
  }
}
