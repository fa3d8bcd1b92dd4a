import { NSIB_LINES } from "../steps/other-lines.ts";
import type { SeenLine } from "./log-text.ts";

/** How a boot ended, as far as its lines tell; undefined: they stop before its end. */
export type BootEnd = "ran" | "no boot" | "recovery" | "panic" | undefined;

/** The lines of one boot. */
export interface SeenBoot {
  readonly lines: readonly SeenLine[];
  /** Its first lines were seen: banner, or "Starting bootloader". */
  readonly headSeen: boolean;
  readonly end: BootEnd;
  /** Swap types that were printed after its end: by the application, which asks the same code what comes next. */
  readonly later: readonly SeenLine[];
}

interface OpenBoot {
  readonly lines: SeenLine[];
  readonly headSeen: boolean;
  end: BootEnd;
  readonly later: SeenLine[];
}

const BANNERS: readonly string[] = ["banner", "sdk banner", "os banner"];
/** Printed by other cores and other bootloaders: no sign of MCUboot. */
const NOT_MCUBOOT: readonly string[] = [
  "net core transfer done",
  ...NSIB_LINES.map(({ event }) => event).filter((event) => event !== "wrong half"),
];
const ENDS: Readonly<Record<string, BootEnd>> = {
  chainload: "ran",
  "image version": "ran",
  jumping: "ran",
  "no bootable image": "no boot",
  panic: "panic",
  "serial recovery": "recovery",
};
/** Lines that follow the one that ended a boot, and still are of it. */
const TAILS: Readonly<Record<string, BootEnd>> = {
  "image version": "ran",
  jumping: "ran",
  "serial recovery": "no boot",
};

/**
 * Splits the bootloader's lines into boots. A boot begins with its banner or first line; where those are lost, with the
 * first line that cannot be of the boot before. The banner of an application looks like an old bootloader's: it begins
 * a boot only where the one before has not come to its end, or a line of the bootloader follows.
 * @param images how many images the bootloader has: so often it prints trailers in one boot.
 */
export function splitBoots(lines: readonly SeenLine[], images: number): readonly SeenBoot[] {
  const splitter = new Splitter(images);
  for (const line of lines) splitter.add(line);
  return splitter.boots;
}

class Splitter {
  readonly boots: OpenBoot[] = [];
  readonly #images: number;
  #banner: SeenLine | undefined;

  constructor(images: number) {
    this.#images = images;
  }

  add(line: SeenLine): void {
    if (NOT_MCUBOOT.includes(line.event)) return;
    if (BANNERS.includes(line.event)) this.#addBanner(line);
    else if (line.event === "starting bootloader") this.#addStart(line);
    else this.#addRest(line);
  }

  get #last(): OpenBoot | undefined {
    return this.boots.at(-1);
  }

  #addBanner(line: SeenLine): void {
    const boot = this.#last;
    const core = line.fields["core"]?.toLowerCase();
    const isOpen = boot !== undefined && boot.end === undefined;
    if (core === "application") {
      if (isOpen && boot.lines.some((seen) => !BANNERS.includes(seen.event))) boot.end = "ran";
    } else if (isOpen && boot.lines.every((seen) => BANNERS.includes(seen.event))) boot.lines.push(line);
    else if (line.event !== "banner") return;
    else if (isOpen || core === "mcuboot" || core === "nsib") this.#open([line], true);
    else this.#banner = line;
  }

  #addStart(line: SeenLine): void {
    const boot = this.#last;
    if (boot?.end === undefined && boot?.lines.every((seen) => BANNERS.includes(seen.event))) boot.lines.push(line);
    else this.#open([...this.#pending(), line], true);
  }

  #addRest(line: SeenLine): void {
    let boot = this.#last;
    if (boot?.end !== undefined) {
      if (boot.end === "ran" && line.event === "swap type") {
        boot.later.push(line);
        return;
      }
      const isTail = TAILS[line.event] === boot.end && !boot.lines.some((seen) => seen.event === line.event);
      if (isTail && this.#banner === undefined) {
        boot.lines.push(line);
        return;
      }
    }
    if (boot === undefined || boot.end !== undefined || this.#beginsAnew(boot, line)) {
      const pending = this.#pending();
      boot = this.#open(pending, pending.length > 0);
    }
    boot.lines.push(line);
    boot.end = ENDS[line.event];
  }

  /** Trailers are printed once an image: one more time is the next boot, with its first lines lost. */
  #beginsAnew(boot: OpenBoot, line: SeenLine): boolean {
    if (line.event !== "swap state" || line.fields["area"] !== "Primary image") return false;
    return boot.lines.filter(({ event, fields }) => isPrimaryState(event, fields)).length >= this.#images;
  }

  #open(lines: SeenLine[], headSeen: boolean): OpenBoot {
    const boot: OpenBoot = { lines, headSeen, end: undefined, later: [] };
    this.boots.push(boot);
    this.#banner = undefined;
    return boot;
  }

  #pending(): SeenLine[] {
    return this.#banner === undefined ? [] : [this.#banner];
  }
}

/** A line that begins what a boot says of one image. */
export function isPrimaryState(event: string, fields: Readonly<Record<string, string>>): boolean {
  return event === "incompatible slots" || (event === "swap state" && fields["area"] === "Primary image");
}
