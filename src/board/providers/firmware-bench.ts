import type { Random } from "../../core/index.ts";
import { FlashContent, type FlashOperation, recogniseBootLine } from "../../mcuboot/index.ts";
import type { FirmwareBoot } from "../emulated/boot-difference.ts";
import { checkErase } from "../emulated/chips.ts";
import { flashTimingOf } from "../profile/flash-timing.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { type FactoryChip, makeEmulatedChip } from "./emulated-chip.ts";

/** Between two looks at the log. */
const SLICE_US = 2_000;

/** Boots one firmware again and again, each time as a board that gets its power with a given flash content. */
export class FirmwareBench {
  readonly #made: FactoryChip;
  readonly #loaded: LoadedProfile;
  #line = "";
  #log: string[] = [];
  /** MCUboot has said its last line: what comes behind it is the application's. */
  #jumped = false;
  #isUp = false;

  /** @throws ConfigurationError when the profile's firmware is not there, does not fit, or contradicts it */
  constructor(loaded: LoadedProfile, random: Random) {
    this.#loaded = loaded;
    this.#made = makeEmulatedChip(
      loaded,
      (byte, _, port) => {
        if (port === 0) this.#hear(String.fromCharCode(byte));
      },
      random,
    );
  }

  /** A whole flash: the bootloader, and the slots as a model has them. */
  content(model: FlashContent): FlashContent {
    const { slots } = this.#loaded.profile;
    const { deviceBytes, factory, pageBytes } = this.#made;
    const content = FlashContent.erased(deviceBytes, pageBytes);
    content.load(0, factory);
    const areas = [slots.primary, slots.secondary, ...(slots.scratch ? [slots.scratch] : [])];
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
    const { chip, pageBytes } = this.#made;
    const { slots, timeoutsMs } = this.#loaded.profile;
    const operations: FlashOperation[] = [];
    const strays = new Set<string>();
    this.#line = "";
    this.#log = [];
    this.#jumped = false;
    this.#isUp = false;
    const before = this.#made.faults().length;
    chip.watch = (operation) => {
      checkErase(operation, pageBytes);
      operations.push(operation.kind === "erase" ? operation : { ...operation, data: operation.data.slice() });
      if (operation.offset < slots.primary.offset) strays.add("the firmware changed the bootloader's flash");
    };
    chip.flash.restore(content);
    chip.powerOn();
    const limitUs = (timeoutsMs.boot + timeoutsMs.swap) * 1000;
    while (!this.#isUp && chip.nowUs < limitUs) chip.run(SLICE_US);
    const us = chip.nowUs;
    const flash = chip.flash.snapshot();
    chip.powerOff();
    const faults = [...strays, ...new Set(this.#made.faults().slice(before))];
    return { operations, log: [...this.#log, this.#line], isUp: this.#isUp, faults, flash, us };
  }

  /** Registers that the firmware used and the emulator does not have, as sentences. */
  unknown(): readonly string[] {
    return this.#made.unknown();
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
