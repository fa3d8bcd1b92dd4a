import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";
import { Counter } from "./counter.ts";

const BITS = [16, 8, 24, 32];
const CLOCK_MHZ = 16;
const COMPARE = 0x140;
const CAPTURE = 0x040;
const CC = 0x540;
/** Kept: a compare event comes once a round here, not once. */
const ONESHOTEN = 0x580;

/** TIMER: counts at 16 MHz divided by a power of two. Source: nRF51 Series Reference Manual v3.0, chapter 18. */
export class Timer extends NrfPeripheral {
  readonly #counter: Counter;
  #bits = 16;
  #prescaler = 4;

  constructor(chip: ChipContext, name: string, start: number, irq: number, channels: number) {
    super(chip, name, start, irq);
    this.#counter = new Counter(chip, channels, (channel) => this.emit(COMPARE + 4 * channel));
    this.tasks.set(0x000, () => this.#counter.start());
    this.tasks.set(0x004, () => this.#counter.stop());
    this.tasks.set(0x008, () => this.#counter.count());
    this.tasks.set(0x00c, () => this.#counter.load(0));
    this.tasks.set(0x010, () => this.#counter.stop());
    this.registers.set(0x504, kept());
    this.registers.set(0x508, {
      read: () => BITS.indexOf(this.#bits),
      write: (value) => {
        this.#bits = BITS[value & 3] as number;
        this.#configure();
      },
    });
    this.registers.set(0x510, {
      read: () => this.#prescaler,
      write: (value) => {
        this.#prescaler = Math.min(value & 15, 9);
        this.#configure();
      },
    });
    for (let channel = 0; channel < channels; channel += 1) this.#addChannel(channel);
    this.#configure();
  }

  #addChannel(channel: number): void {
    let value = 0;
    this.tasks.set(CAPTURE + 4 * channel, () => {
      value = this.#counter.value;
      this.#counter.compare(channel, value);
    });
    this.registers.set(CC + 4 * channel, {
      read: () => value,
      write: (written) => {
        value = written >>> 0;
        this.#counter.compare(channel, value);
      },
    });
    if (this.chip.channels) this.registers.set(ONESHOTEN + 4 * channel, kept());
    this.shortcuts.push({ bit: channel, event: COMPARE + 4 * channel, task: 0x00c });
    this.shortcuts.push({ bit: 8 + channel, event: COMPARE + 4 * channel, task: 0x004 });
  }

  #configure(): void {
    this.#counter.configure(this.#bits, (this.chip.cyclesPerUs / CLOCK_MHZ) * 2 ** this.#prescaler);
  }
}
