import { equalBytes } from "../core/index.ts";
import {
  type BootloaderBuild,
  type BootStep,
  type Flash,
  type FlashContent,
  type FlashOperation,
  isOperation,
  type NetCoreAnswer,
  type Steps,
} from "../mcuboot/index.ts";
import type { CopyableFlash } from "./faults.ts";

/** The same firmware without one of its faults. */
interface Sound {
  readonly name: string;
  readonly build: BootloaderBuild;
}

type Told<T> = IteratorResult<BootStep, T>;

/**
 * The steps of a firmware with faults, and beside them, on copies of the flash, those of the same firmware without each
 * of them: the first step that is another one is where the fault acts. How long the processor works is no difference
 * that a board shows. What comes out is the first firmware's alone.
 * @param watch.parted is called once for each fault that acts.
 */
export function* besideSound<T>(
  flash: CopyableFlash,
  build: BootloaderBuild,
  make: (flash: Flash, build: BootloaderBuild) => Steps<T>,
  watch: { readonly sound: readonly Sound[]; readonly parted: (name: string) => void },
): Steps<T> {
  // The copies are made before the first step can change anything.
  let sound = watch.sound.map((row) => new SoundSteps(row.name, make, flash.content.snapshot(), row.build));
  const steps = make(flash, build);
  let answer: NetCoreAnswer | undefined;
  let heard: NetCoreAnswer | undefined;
  for (;;) {
    heard ??= answer;
    const next = steps.next(answer);
    if (next.done === true || next.value.kind !== "work") {
      const parted = sound.filter((one) => !one.agrees(next, heard));
      for (const one of parted) watch.parted(one.name);
      sound = sound.filter((one) => !parted.includes(one));
      heard = undefined;
    }
    if (next.done === true) return next.value;
    answer = yield next.value;
  }
}

/** One firmware on its own copy of the flash, a step behind nobody. */
class SoundSteps<T> {
  readonly name: string;
  readonly #flash: FlashContent;
  readonly #steps: Steps<T>;
  #going: FlashOperation | undefined;

  constructor(
    name: string,
    make: (flash: Flash, build: BootloaderBuild) => Steps<T>,
    flash: FlashContent,
    build: BootloaderBuild,
  ) {
    this.name = name;
    this.#flash = flash;
    this.#steps = make(flash, build);
  }

  /** Goes to its next step that is no work. @param answer to the step before. @returns whether it is the same one. */
  agrees(told: Told<T>, answer: NetCoreAnswer | undefined): boolean {
    if (this.#going) this.#flash.apply(this.#going);
    this.#going = undefined;
    let own = this.#steps.next(answer);
    while (own.done !== true && own.value.kind === "work") own = this.#steps.next();
    if (own.done !== true && isOperation(own.value)) this.#going = own.value;
    return isSame(told, own);
  }
}

function isSame<T>(one: Told<T>, other: Told<T>): boolean {
  if (one.done === true || other.done === true) {
    return one.done === other.done && JSON.stringify(one.value) === JSON.stringify(other.value);
  }
  const [a, b] = [one.value, other.value];
  if (a.kind === "write" && b.kind === "write") return a.offset === b.offset && equalBytes(a.data, b.data);
  return JSON.stringify(a) === JSON.stringify(b);
}
