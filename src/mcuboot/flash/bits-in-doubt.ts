/** How a range with bits in doubt reads. `reads`: so often as `first`, then as `later`; without it, any way, any time. */
export interface Unsettled {
  readonly first: Uint8Array;
  readonly later: Uint8Array;
  readonly reads?: number;
}

/** Bits of a sector that do not read alike every time: what a power cut leaves of an operation that it falls into. */
export interface Doubt {
  /** How the sector reads the other time: bits in which it differs from what it holds are in doubt. Never changed. */
  readonly other: Uint8Array;
  /** Reads of the sector that still show what it holds; then it shows `other`, for good. Undefined: not known. */
  readonly reads: number | undefined;
}

const NONE: ReadonlyMap<number, Doubt> = new Map();

/** Which sectors of a flash have bits in doubt, and how many reads more until they turn. */
export class BitsInDoubt {
  /** Never changed: copies share it. */
  #doubts: ReadonlyMap<number, Doubt>;

  constructor(doubts: ReadonlyMap<number, Doubt> = NONE) {
    this.#doubts = doubts;
  }

  copy(): BitsInDoubt {
    return new BitsInDoubt(this.#doubts);
  }

  get any(): boolean {
    return this.#doubts.size > 0;
  }

  get bySector(): ReadonlyMap<number, Doubt> {
    return this.#doubts;
  }

  of(sector: number): Doubt | undefined {
    return this.#doubts.get(sector);
  }

  /** True when one of these sectors has bits in doubt; `last` counts. */
  anyIn(first: number, last: number): boolean {
    for (const sector of this.#doubts.keys()) if (sector >= first && sector <= last) return true;
    return false;
  }

  set(sector: number, doubt: Doubt | undefined): void {
    if (doubt === undefined && !this.#doubts.has(sector)) return;
    const doubts = new Map(this.#doubts);
    if (doubt === undefined) doubts.delete(sector);
    else doubts.set(sector, doubt);
    this.#doubts = doubts;
  }
}
