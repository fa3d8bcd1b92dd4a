import type { ChipContext } from "../parts/chip-context.ts";

/** A counter of so many bits that runs with the chip's cycles, and what happens at its compare values. */
export class Counter {
  readonly #chip: ChipContext;
  readonly #reached: (channel: number) => void;
  readonly #wrapped: () => void;
  readonly #compare: (number | undefined)[];
  readonly #cancels: (() => void)[] = [];
  /** Values that it has: 2 to the power of its bits. */
  #modulus = 2 ** 16;
  #cyclesPerTick = 1;
  #value = 0;
  #startedAt = 0;
  #runs = false;

  /** @param reached a compare value was reached @param wrapped the counter went from its largest value to 0 */
  constructor(chip: ChipContext, channels: number, reached: (channel: number) => void, wrapped = () => {}) {
    this.#chip = chip;
    this.#reached = reached;
    this.#wrapped = wrapped;
    this.#compare = Array.from({ length: channels });
  }

  /** Ticks since it started, whole. */
  #passed(): number {
    return this.#runs ? Math.floor((this.#chip.scheduler.now - this.#startedAt) / this.#cyclesPerTick) : 0;
  }

  get value(): number {
    return (this.#value + this.#passed()) % this.#modulus;
  }

  start(): void {
    if (this.#runs) return;
    this.#runs = true;
    this.#startedAt = this.#chip.scheduler.now;
    this.#plan();
  }

  stop(): void {
    this.#value = this.value;
    this.#runs = false;
    this.#plan();
  }

  /** @param value what it counts on from */
  load(value: number): void {
    this.#value = value % this.#modulus;
    this.#startedAt = this.#chip.scheduler.now;
    this.#plan();
  }

  count(): void {
    this.load(this.value + 1);
  }

  /** @param cyclesPerTick may be a fraction: 32,768 Hz is no divisor of the chip's clock */
  configure(bits: number, cyclesPerTick: number): void {
    this.#value = this.value;
    this.#startedAt = this.#chip.scheduler.now;
    this.#modulus = 2 ** bits;
    this.#cyclesPerTick = cyclesPerTick;
    this.#plan();
  }

  compare(channel: number, value: number): void {
    this.#compare[channel] = value % this.#modulus;
    this.#planChannel(channel);
  }

  #plan(): void {
    for (let channel = 0; channel <= this.#compare.length; channel += 1) this.#planChannel(channel);
  }

  /** The channel after the last is the overflow. */
  #planChannel(channel: number): void {
    this.#cancels[channel]?.();
    this.#cancels[channel] = () => undefined;
    const target = channel === this.#compare.length ? 0 : this.#compare[channel];
    if (!this.#runs || target === undefined) return;
    const passed = this.#passed();
    const current = (this.#value + passed) % this.#modulus;
    const ahead = (target - current + this.#modulus) % this.#modulus || this.#modulus;
    const due = this.#startedAt + (passed + ahead) * this.#cyclesPerTick;
    this.#cancels[channel] = this.#chip.scheduler.after(due - this.#chip.scheduler.now, () => {
      if (channel === this.#compare.length) this.#wrapped();
      else this.#reached(channel);
      this.#planChannel(channel);
    });
  }
}
