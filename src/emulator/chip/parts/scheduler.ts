interface Due {
  readonly cycle: number;
  /** Order in which it was asked for: equal cycles happen in that order. */
  readonly order: number;
  readonly act: () => void;
}

/** What peripherals do later, in cycles of the chip. Equal moments happen in the order in which they were asked for. */
export class Scheduler {
  #due: Due[] = [];
  #order = 0;
  readonly #nowOf: () => number;
  readonly #earlier: (cycle: number) => void;

  /**
   * @param nowOf the present cycle
   * @param earlier called with the cycle of each new event: the core must not run past it
   */
  constructor(nowOf: () => number, earlier: (cycle: number) => void) {
    this.#nowOf = nowOf;
    this.#earlier = earlier;
  }

  get now(): number {
    return this.#nowOf();
  }

  /** Cycle of the next event; Infinity when there is none. */
  get next(): number {
    return this.#due[0]?.cycle ?? Number.POSITIVE_INFINITY;
  }

  /** Acts after so many cycles, at least one. @returns what takes it back */
  after(cycles: number, act: () => void): () => void {
    const due = { cycle: this.now + Math.max(1, Math.ceil(cycles)), order: this.#order, act };
    this.#order += 1;
    let at = this.#due.length;
    while (at > 0 && (this.#due[at - 1] as Due).cycle > due.cycle) at -= 1;
    this.#due.splice(at, 0, due);
    this.#earlier(due.cycle);
    return () => {
      const place = this.#due.indexOf(due);
      if (place >= 0) this.#due.splice(place, 1);
    };
  }

  /** Does all that is due by now. */
  runDue(): void {
    for (;;) {
      const [first] = this.#due;
      if (first === undefined || first.cycle > this.now) return;
      this.#due.shift();
      first.act();
    }
  }

  clear(): void {
    this.#due = [];
  }
}
