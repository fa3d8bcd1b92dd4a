import type { ChipTime, Domain } from "./domain.ts";

/** Cores that both run take turns of so many cycles: 2 µs of 64 MHz. */
const TURN_CYCLES = 128;

/**
 * The cores of a chip in one time. The core that is behind runs, up to the next event, and no further ahead of another
 * one than a turn; events happen at their own moment, in the order of time; asleep, the chip jumps to the next event.
 */
export class Turns implements ChipTime {
  readonly #domains: () => readonly Domain[];
  #time = 0;
  /** The moment of the event that happens, or the core that runs. */
  #eventAt: number | undefined;
  #running: Domain | undefined;

  /** @param domains cores that have power; the first runs first where two are equal */
  constructor(domains: () => readonly Domain[]) {
    this.#domains = domains;
  }

  /** The moment, for whoever asks on the way. */
  get now(): number {
    return this.#eventAt ?? this.#running?.cycles ?? this.#time;
  }

  /** The moment that every core has reached. */
  get reached(): number {
    const behind = this.#behind();
    return behind === undefined ? this.#time : Math.max(this.#time, behind.cycles);
  }

  /** When something next happens while every core sleeps; undefined while one runs. */
  get idleUntil(): number | undefined {
    return this.#behind() === undefined ? this.#next() : undefined;
  }

  planned(cycle: number): void {
    const core = this.#running?.processor.core;
    if (core) core.deadline = Math.min(core.deadline, cycle);
  }

  /** Starts a new time. */
  restart(): void {
    this.#time = 0;
  }

  run(until: number): void {
    for (;;) {
      const core = this.#behind();
      const reached = core === undefined ? Number.POSITIVE_INFINITY : core.cycles;
      const next = this.#next();
      if (next <= Math.min(reached, until)) this.#happen(next);
      else if (core === undefined || reached >= until) break;
      else this.#runCore(core, Math.min(until, next));
    }
    if (this.#behind() === undefined) this.#time = Math.max(this.#time, until);
  }

  #behind(): Domain | undefined {
    let behind: Domain | undefined;
    for (const domain of this.#domains()) {
      if (domain.isAwake && (behind === undefined || domain.cycles < behind.cycles)) behind = domain;
    }
    return behind;
  }

  #next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const domain of this.#domains()) next = Math.min(next, domain.next);
    return next;
  }

  #happen(at: number): void {
    this.#time = Math.max(this.#time, at);
    this.#eventAt = this.#time;
    try {
      // An event may reset the chip: what has no power any more does nothing.
      for (const domain of this.#domains()) if (this.#domains().includes(domain)) domain.runDue(this.#time);
    } finally {
      this.#eventAt = undefined;
    }
  }

  #runCore(core: Domain, limit: number): void {
    let end = limit;
    for (const other of this.#domains()) {
      if (other !== core && other.isAwake) end = Math.min(end, other.cycles + TURN_CYCLES);
    }
    this.#running = core;
    try {
      core.run(end);
    } finally {
      this.#running = undefined;
    }
    this.#time = Math.max(this.#time, Math.min(core.cycles, this.#behind()?.cycles ?? core.cycles));
  }
}
