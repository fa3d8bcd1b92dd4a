import { boot } from "../boot/boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashImage } from "../flash/flash-image.ts";
import type { FlashOperation } from "../flash/operation.ts";
import { type LoaderState, memoryText } from "../loader/loader-state.ts";
import { type BootResult, isOperation } from "../steps/steps.ts";

/** How an undisturbed boot of a flash content ends. */
export interface CachedBoot {
  readonly result: BootResult;
  /** The flash it leaves. */
  readonly flash: FlashImage;
  readonly identity: string;
  /** Operations that the boot carries out. */
  readonly operations: number;
}

/** A boot that is or was carried through. */
interface Run {
  end: Omit<CachedBoot, "operations"> | undefined;
  operations: number;
  /** What it holds in RAM, as a number, and since which operation. */
  memory: number;
  since: number;
}

/** A boot in mid-run: which one, and how many operations it has behind it. */
interface Passed {
  readonly run: Run;
  readonly operation: number;
}

/** A boot that loops without end would hang the board, and us. */
const OPERATIONS_MAX = 1_000_000;

/** Sees each operation before it takes effect, with the flash as a cut there would leave it. */
export type SeeOperation = (flash: FlashImage, operation: FlashOperation, index: number) => void;

/**
 * Boots of one bootloader, each followed only as far as it is new. What a boot does next depends on three things: the
 * flash, what it holds in RAM, and where in the program it stands. The last is told by the operation that it proposes
 * and by how many it has carried out since its RAM changed: the program is a loop over the status in RAM, and whatever
 * else it keeps in local variables it has worked out from these. Two boots that agree in all go on alike, so from there
 * the second is not followed: all that it would show has been seen. `whole` follows every boot to its end; the results
 * are equal (a test says so).
 */
export class BootCache {
  readonly #build: BootloaderBuild;
  readonly #whole: boolean;
  readonly #passed = new Map<string, Passed>();
  readonly #memories = new Map<string, number>();
  /** Operations carried out, and those that were known. */
  followed = 0;
  spared = 0;

  constructor(build: BootloaderBuild, options: { readonly whole?: boolean } = {}) {
    this.#build = build;
    this.#whole = options.whole ?? false;
  }

  /**
   * Boots a content, which itself stays as it is.
   * @param scope boots are merged only within one scope: what `see` does must be the same in it.
   */
  follow(content: FlashImage, scope: string, see: SeeOperation): CachedBoot {
    const flash = content.snapshot();
    const run: Run = { end: undefined, operations: 0, memory: -1, since: 0 };
    let memory: LoaderState | undefined;
    const steps = boot(flash, this.#build, (loader) => {
      memory = loader;
    });
    for (;;) {
      const next = steps.next();
      if (next.done === true) return this.#ended(run, next.value, flash);
      if (!isOperation(next.value)) continue;
      const index = run.operations;
      if (index > OPERATIONS_MAX) return this.#ended(run, ENDLESS, flash);
      const known = this.#whole ? undefined : this.#meet(run, `${scope} ${this.#name(run, flash, memory, next.value)}`);
      if (known?.run.end !== undefined) {
        const rest = known.run.operations - known.operation;
        this.spared += rest;
        run.end = known.run.end;
        run.operations = index + rest;
        return { ...run.end, operations: run.operations };
      }
      see(flash, next.value, index);
      flash.apply(next.value);
      run.operations += 1;
      this.followed += 1;
    }
  }

  #ended(run: Run, result: BootResult, flash: FlashImage): CachedBoot {
    run.end = { result, flash, identity: flash.identity() };
    return { ...run.end, operations: run.operations };
  }

  #meet(run: Run, name: string): Passed | undefined {
    const known = this.#passed.get(name);
    if (known === undefined) this.#passed.set(name, { run, operation: run.operations });
    return known;
  }

  #name(run: Run, flash: FlashImage, memory: LoaderState | undefined, operation: FlashOperation): string {
    const held = this.#memoryNumber(memory);
    if (held !== run.memory) Object.assign(run, { memory: held, since: run.operations });
    const bytes = operation.kind === "erase" ? operation.bytes : operation.data.length;
    const place = `${operation.kind} ${operation.offset} ${bytes}`;
    return `${flash.identity()} ${held} ${run.operations - run.since} ${place}`;
  }

  /** What a boot holds in RAM, all of it, as a number. */
  #memoryNumber(memory: LoaderState | undefined): number {
    const text = memoryText(memory);
    const known = this.#memories.get(text);
    if (known !== undefined) return known;
    this.#memories.set(text, this.#memories.size);
    return this.#memories.size - 1;
  }
}

const ENDLESS: BootResult = { kind: "hang", reason: `more than ${OPERATIONS_MAX} flash operations in one boot` };
