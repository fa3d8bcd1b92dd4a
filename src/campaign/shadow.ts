import {
  type BootloaderBuild,
  confirm,
  FlashImage,
  type FlashTiming,
  isOperation,
  type LegalOutcome,
  legalOutcomes,
  setPending,
  type Steps,
  type Timeline,
  timeline,
} from "../mcuboot/index.ts";
import type { BuiltImage } from "./images.ts";

/**
 * What the flash of the board must hold, worked out by the model from everything that was done to the board. The judge
 * asks it; the board never does. When a verdict failed, nobody knows the flash any more: `place` starts anew.
 */
export class Shadow {
  readonly build: BootloaderBuild;
  readonly timing: FlashTiming;
  flash: FlashImage;

  constructor(build: BootloaderBuild, timing: FlashTiming) {
    this.build = build;
    this.timing = timing;
    this.flash = FlashImage.erased(flashBytesOf(build), build.sectorBytes);
  }

  /** A board whose primary slot runs `primary`, confirmed, and whose secondary slot holds `secondary` or nothing. */
  place(primary: BuiltImage, secondary?: BuiltImage): void {
    this.flash = FlashImage.erased(flashBytesOf(this.build), this.build.sectorBytes);
    this.flash.load(this.#slots.primary.offset, primary.plain);
    if (secondary) this.uploaded(secondary);
  }

  uploaded(image: BuiltImage): void {
    const { secondary } = this.#slots;
    this.flash.load(secondary.offset, new Uint8Array(secondary.bytes).fill(0xff));
    this.flash.load(secondary.offset, image.file);
  }

  requestTest(): void {
    this.#run(setPending(this.flash, this.build, 0, false));
  }

  confirm(): void {
    this.#run(confirm(this.flash, this.build, 0));
  }

  /** The next boot if nobody disturbs it. */
  timeline(): Timeline {
    return timeline(this.flash, this.build, this.timing);
  }

  /**
   * Everything that MCUboot may make of a cut in this window of the next boot, microseconds from the first flash
   * operation; no window: the boot is not disturbed.
   */
  outcomes(window?: { readonly fromUs: number; readonly toUs: number }): readonly LegalOutcome[] {
    return legalOutcomes({
      flash: this.flash,
      build: this.build,
      timing: this.timing,
      ...(window === undefined ? {} : { window }),
    });
  }

  /** From now on the board is known to be in this state. */
  adopt(flash: FlashImage): void {
    this.flash = flash.snapshot();
  }

  get #slots() {
    const image = this.build.images[0];
    if (!image) throw new Error("a bootloader build without images");
    return image;
  }

  #run(steps: Steps<unknown>): void {
    for (const step of steps) if (isOperation(step)) this.flash.apply(step);
  }
}

function flashBytesOf(build: BootloaderBuild): number {
  return Math.max(...build.images.flatMap(({ primary, secondary }) => [endOf(primary), endOf(secondary)]));
}

function endOf(area: { readonly offset: number; readonly bytes: number }): number {
  return area.offset + area.bytes;
}
