import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const LOW_FREQUENCY_HZ = 32_768;
const CHANNELS = 8;
const RELOAD = 0x6e52_4635;
const TIMEOUT = 0x100;
const STOPPED = 0x104;
const STOP_KEY = 0x6e52_4635;
const STOP_ALLOWED = 1 << 6;

/** WDT: resets the chip unless each enabled channel is fed. Source: nRF51 Series Reference Manual v3.0, chapter 25; nRF5340 Product Specification v1.5, WDT. */
export class Watchdog extends NrfPeripheral {
  readonly #expired: () => void;
  #runs = false;
  #reload = -1;
  #enabled = 1;
  #config = 1;
  #waitsFor = 0;
  #cancel = () => {};

  /** @param expired the chip is to be reset */
  constructor(chip: ChipContext, start: number, irq: number, expired: () => void, name = "WDT") {
    super(chip, name, start, irq);
    this.#expired = expired;
    this.tasks.set(0x000, () => this.#begin());
    this.registers.set(0x400, { read: () => (this.#runs ? 1 : 0) });
    this.registers.set(0x404, { read: () => (this.#runs ? this.#waitsFor : this.#enabled) });
    // What it counts and which channels count are fixed once it runs.
    const whileStopped = (write: (value: number) => void) => (value: number) => {
      if (!this.#runs) write(value);
    };
    this.registers.set(0x504, {
      read: () => this.#reload,
      write: whileStopped((value) => {
        this.#reload = value;
      }),
    });
    this.registers.set(0x508, {
      read: () => this.#enabled,
      write: whileStopped((value) => {
        this.#enabled = value & 0xff;
      }),
    });
    this.registers.set(0x50c, {
      read: () => this.#config,
      write: whileStopped((value) => {
        this.#config = value;
      }),
    });
    if (chip.channels) this.#addStop();
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      this.registers.set(0x600 + 4 * channel, { write: (value) => this.#feed(channel, value) });
    }
  }

  /** The nRF5340's can be stopped, where TSEN and CONFIG.STOPEN allow it. */
  #addStop(): void {
    this.registers.set(0x324, kept());
    this.registers.set(0x328, kept());
    let key = 0;
    this.registers.set(0x520, {
      read: () => key,
      write: (value) => {
        key = value;
      },
    });
    this.tasks.set(0x004, () => {
      if (key !== STOP_KEY || (this.#config & STOP_ALLOWED) === 0) return;
      this.#cancel();
      this.#runs = false;
      this.emit(STOPPED);
    });
  }

  #begin(): void {
    if (this.#runs) return;
    this.#runs = true;
    this.#restart();
  }

  #feed(channel: number, value: number): void {
    if (!this.#runs || value !== RELOAD) return;
    this.#waitsFor &= ~(1 << channel);
    if (this.#waitsFor === 0) this.#restart();
  }

  #restart(): void {
    this.#cancel();
    this.#waitsFor = this.#enabled;
    const seconds = ((this.#reload >>> 0) + 1) / LOW_FREQUENCY_HZ;
    this.#cancel = this.chip.scheduler.after(seconds * 1e6 * this.chip.cyclesPerUs, () => {
      this.emit(TIMEOUT);
      this.#expired();
    });
  }
}
