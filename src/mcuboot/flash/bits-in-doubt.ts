import { equalBytes } from "../../core/index.ts";
import type { Doubt, Sectors } from "./sectors.ts";

/** How a range with bits in doubt reads. `reads`: so often as `first`, then as `later`; without it, any way, any time. */
export interface Unsettled {
  readonly first: Uint8Array;
  readonly later: Uint8Array;
  readonly reads?: number;
}

/** Which sectors of a flash have bits in doubt, and how many reads more until they turn. */
export class BitsInDoubt {
  readonly #sectors: Sectors;
  /** Numbers of the sectors with bits in doubt. */
  readonly #doubtful: Set<number>;

  constructor(sectors: Sectors, doubtful: ReadonlySet<number> = new Set()) {
    this.#sectors = sectors;
    this.#doubtful = new Set(doubtful);
  }

  /** The same for a copy of the sectors. */
  copy(sectors: Sectors): BitsInDoubt {
    return new BitsInDoubt(sectors, this.#doubtful);
  }

  get any(): boolean {
    return this.#doubtful.size > 0;
  }

  get sectors(): readonly number[] {
    return [...this.#doubtful];
  }

  /** True when one of these sectors has bits in doubt; `last` counts. */
  anyIn(first: number, last: number): boolean {
    for (const index of this.#doubtful) if (index >= first && index <= last) return true;
    return false;
  }

  /** Sectors that hold no more what they held. */
  forget(index: number): void {
    this.#doubtful.delete(index);
  }

  /** A sector that its flash owns gets this doubt, or none when both readings are the same. */
  settle(index: number, doubt: Doubt | undefined): void {
    const inDoubt = doubt !== undefined && !equalBytes(this.#sectors.at(index).bytes, doubt.other);
    this.#sectors.doubted(index, inDoubt ? doubt : undefined);
    if (inDoubt) this.#doubtful.add(index);
    else this.#doubtful.delete(index);
  }

  /**
   * Sectors were read once more.
   * @param last counts.
   * @param touch is told before a sector changes.
   */
  countReads(first: number, last: number, touch: (index: number) => void): void {
    for (let index = first; index <= last; index += 1) {
      const { doubt } = this.#sectors.at(index);
      if (doubt?.reads === undefined) continue;
      touch(index);
      const sector = this.#sectors.own(index);
      if (doubt.reads > 1) this.settle(index, { other: doubt.other, reads: doubt.reads - 1 });
      else {
        sector.bytes.set(doubt.other);
        this.settle(index, undefined);
      }
    }
  }
}
