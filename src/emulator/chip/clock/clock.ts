import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const HFCLK_START_US = 1;
const LFCLK_START_US = 1;
const RUNNING = 1 << 16;

/** Why the chip started: bits of RESETREAS. Source: nRF51 Series Reference Manual v3.0, POWER. */
export const RESET_REASON = { pin: 1, watchdog: 2, software: 4, lockup: 8 } as const;

/**
 * CLOCK and POWER, which share an address. Oscillators start within a microsecond here.
 * Source: nRF51 Series Reference Manual v3.0, chapters 12 (POWER) and 13 (CLOCK).
 */
export class ClockPower extends NrfPeripheral {
  #highRuns = false;
  #lowRuns = false;
  #source = 0;
  #reason: number;

  /** @param reason RESETREAS at this start; it is kept until software clears it */
  constructor(chip: ChipContext, start: number, irq: number, reason: number) {
    super(chip, "CLOCK", start, irq);
    this.#reason = reason;
    this.tasks.set(0x000, () => this.#startHigh());
    this.tasks.set(0x004, () => {
      this.#highRuns = false;
    });
    this.tasks.set(0x008, () => this.#startLow());
    this.tasks.set(0x00c, () => {
      this.#lowRuns = false;
    });
    this.tasks.set(0x010, () => this.emit(0x10c));
    this.registers.set(0x400, {
      read: () => this.#reason,
      write: (value) => {
        this.#reason &= ~value;
      },
    });
    this.registers.set(0x408, { read: () => (this.#highRuns ? 1 : 0) });
    this.registers.set(0x40c, { read: () => (this.#highRuns ? RUNNING | 1 : RUNNING) });
    this.registers.set(0x414, { read: () => (this.#lowRuns ? 1 : 0) });
    this.registers.set(0x418, { read: () => (this.#lowRuns ? RUNNING | this.#source : 0) });
    this.registers.set(0x41c, { read: () => this.#source });
    this.registers.set(0x518, {
      read: () => this.#source,
      write: (value) => {
        this.#source = value & 3;
      },
    });
    for (const offset of [0x500, 0x510, 0x51c, 0x524, 0x538, 0x544, 0x550, 0x554, 0x578]) {
      this.registers.set(offset, kept());
    }
  }

  #startHigh(): void {
    this.chip.scheduler.after(HFCLK_START_US * this.chip.cyclesPerUs, () => {
      this.#highRuns = true;
      this.emit(0x100);
    });
  }

  #startLow(): void {
    this.chip.scheduler.after(LFCLK_START_US * this.chip.cyclesPerUs, () => {
      this.#lowRuns = true;
      this.emit(0x104);
    });
  }
}
