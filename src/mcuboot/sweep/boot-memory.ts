import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import type { FlashOperation } from "../flash/operation.ts";
import type { BootResult } from "../steps/steps.ts";
import { BootTree } from "./boot-tree.ts";

/** How an undisturbed boot of a flash content ends. */
export interface CachedBoot {
  readonly result: BootResult;
  /** The flash it leaves. */
  readonly flash: FlashContent;
  readonly identity: string;
  /** Operations that the boot carries out. */
  readonly operations: number;
}

/** A boot that is or was carried through. */
interface Run {
  end: Omit<CachedBoot, "operations"> | undefined;
  operations: number;
  /** Who looked on found something. */
  told: boolean;
}

/** A boot in mid-run: which one, and how many operations it has behind it; and the next one that was met there. */
interface Passed {
  readonly run: Run;
  readonly operation: number;
  readonly scope: number;
  /** It stands for all boots with this `unlessTold`. */
  readonly forAll: number | undefined;
  /** A list: at most places one boot was met, at few more than three, and there are a million places. */
  readonly before: Passed | undefined;
}

/** What is done at each operation of a boot, and for which boots it is the same. */
interface Watched {
  /** Boots are merged only within one scope, a small number: what `see` does must be the same in it. */
  readonly scope: number;
  /**
   * Where `see` only looks, and only what it finds depends on the scope: a number that is no scope, and the same in all
   * such scopes. A boot in which nothing was found is then merged with boots of the others, too.
   */
  readonly unlessTold?: number;
  /** Sees each operation before it takes effect, with the flash as a cut there leaves it. True: it found something. */
  see(flash: FlashContent, operation: FlashOperation, index: number): boolean;
}

/** A boot that loops without end would hang the board, and us. */
const OPERATIONS_MAX = 1_000_000;

/**
 * Boots of one bootloader, each followed only as far as it is new. What a boot does next depends on three things: the
 * flash, what it holds in RAM, and where in the program it stands. The last is told by the operation that it proposes
 * and by how many it has carried out since its RAM changed: the program is a loop over the status in RAM, and whatever
 * else it keeps in local variables it has worked out from these. Two boots that agree in all go on alike, so from there
 * the second is not followed: all that it would show has been seen. Nor is the program run where the tree of all boots
 * so far tells what it does (boot-tree.ts). `whole` runs the program for every boot, to its end; the results are equal
 * (a test says so).
 */
export class BootCache {
  readonly #tree: BootTree;
  readonly #whole: boolean;
  /** By place, the last one of each scope that is new there: one look-up for both ways in which a boot may have been met. */
  readonly #passed = new Map<string, Passed>();
  /** Operations carried out, and those that were known. */
  followed = 0;
  spared = 0;

  constructor(build: BootloaderBuild, options: { readonly whole?: boolean } = {}) {
    this.#tree = new BootTree(build);
    this.#whole = options.whole ?? false;
  }

  /** Boots a content, which itself stays as it is. */
  follow(content: FlashContent, watched: Watched): CachedBoot {
    const boot = this.#tree.begin(content, { guided: !this.#whole });
    const run: Run = { end: undefined, operations: 0, told: false };
    for (;;) {
      const step = boot.next();
      if (step.kind === "end") return this.#ended(run, step.result, boot.flash);
      const index = run.operations;
      if (index > OPERATIONS_MAX) return this.#ended(run, ENDLESS, boot.flash);
      const known = this.#whole ? undefined : this.#meet(run, watched, placeName(boot.flash, step.state));
      if (known?.run.end !== undefined) {
        const rest = known.run.operations - known.operation;
        this.spared += rest;
        run.end = known.run.end;
        run.operations = index + rest;
        run.told ||= known.run.told;
        return { ...run.end, operations: run.operations };
      }
      if (watched.see(boot.flash, step.operation, index)) run.told = true;
      boot.apply(step.operation);
      run.operations += 1;
      this.followed += 1;
    }
  }

  #ended(run: Run, result: BootResult, flash: FlashContent): CachedBoot {
    run.end = { result, flash, identity: flash.identity() };
    return { ...run.end, operations: run.operations };
  }

  /** A boot that went by here before and shows all that this one would; else this one is the first. */
  #meet(run: Run, { scope, unlessTold }: Watched, place: string): Passed | undefined {
    const last = this.#passed.get(place);
    let known: Passed | undefined;
    let any: Passed | undefined;
    for (let passed = last; passed !== undefined; passed = passed.before) {
      if (passed.scope === scope) known = passed;
      if (unlessTold !== undefined && passed.forAll === unlessTold) any = passed;
    }
    if (any !== undefined && (any.scope === scope || (any.run.end !== undefined && !any.run.told))) return any;
    if (known !== undefined) return known;
    const forAll = any === undefined ? unlessTold : undefined;
    this.#passed.set(place, { run, operation: run.operations, scope, forAll, before: last });
    return undefined;
  }
}

/** What a boot does next depends on this. Short: texts of less than 13 characters are joined without a detour. */
function placeName(flash: FlashContent, state: number): string {
  return flash.identity() + String.fromCharCode(state & 0xffff, state >>> 16);
}

const ENDLESS: BootResult = { kind: "hang", reason: `more than ${OPERATIONS_MAX} flash operations in one boot` };
