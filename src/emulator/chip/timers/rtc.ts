import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";
import { Counter } from "./counter.ts";

const LOW_FREQUENCY_HZ = 32_768;
const BITS = 24;
const OVERFLOW = 0x104;
const COMPARE = 0x140;
const CC = 0x540;
const TRIGGERED = 0xff_fff0;

/** RTC: 24 bits at 32,768 Hz. TICK, an event for each count, is not made: nothing that boots here waits for it. Source: nRF51 Series Reference Manual v3.0, chapter 19; nRF5340 Product Specification v1.5, RTC. */
export class Rtc extends NrfPeripheral {
  readonly #counter: Counter;

  constructor(chip: ChipContext, name: string, start: number, irq: number, channels: number) {
    super(chip, name, start, irq);
    this.#counter = new Counter(
      chip,
      channels,
      (channel) => this.emit(COMPARE + 4 * channel),
      () => this.emit(OVERFLOW),
    );
    this.#divide(0);
    this.tasks.set(0x000, () => this.#counter.start());
    this.tasks.set(0x004, () => this.#counter.stop());
    this.tasks.set(0x008, () => this.#counter.load(0));
    this.tasks.set(0x00c, () => this.#counter.load(TRIGGERED));
    this.registers.set(0x504, { read: () => this.#counter.value });
    let prescaler = 0;
    this.registers.set(0x508, {
      read: () => prescaler,
      write: (value) => {
        prescaler = value & 0xfff;
        this.#divide(prescaler);
      },
    });
    let routed = 0;
    const routing = (change: (value: number) => void) => ({ read: () => routed, write: change });
    this.registers.set(0x340, kept());
    this.registers.set(
      0x344,
      routing((value) => {
        routed |= value;
      }),
    );
    this.registers.set(
      0x348,
      routing((value) => {
        routed &= ~value;
      }),
    );
    for (let channel = 0; channel < channels; channel += 1) {
      let value = 0;
      if (chip.channels) this.#addCapture(channel);
      this.registers.set(CC + 4 * channel, {
        read: () => value,
        write: (written) => {
          value = written & (2 ** BITS - 1);
          this.#counter.compare(channel, value);
        },
      });
    }
  }

  /** The nRF5340's can note the count, and clear it at a compare value. */
  #addCapture(channel: number): void {
    this.tasks.set(0x040 + 4 * channel, () => this.write(CC + 4 * channel, 4, this.#counter.value));
    this.shortcuts.push({ bit: channel, event: COMPARE + 4 * channel, task: 0x008 });
  }

  #divide(prescaler: number): void {
    const cycles = (this.chip.cyclesPerUs * 1e6 * (prescaler + 1)) / LOW_FREQUENCY_HZ;
    this.#counter.configure(BITS, cycles);
  }
}
