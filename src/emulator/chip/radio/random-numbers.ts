import type { Random } from "../../../core/index.ts";
import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const VALRDY = 0x100;
const VALUE_US = 120;

/** RNG: a byte now and then, from the campaign's seed. Source: nRF51 Series Reference Manual v3.0, chapter 21. */
export class RandomNumbers extends NrfPeripheral {
  readonly #random: Random;
  #runs = false;
  #value = 0;

  constructor(chip: ChipContext, start: number, irq: number, random: Random) {
    super(chip, "RNG", start, irq);
    this.#random = random;
    this.tasks.set(0x000, () => {
      if (this.#runs) return;
      this.#runs = true;
      this.#next();
    });
    this.tasks.set(0x004, () => {
      this.#runs = false;
    });
    this.registers.set(0x504, kept());
    this.registers.set(0x508, { read: () => this.#value });
    this.shortcuts.push({ bit: 0, event: VALRDY, task: 0x004 });
  }

  #next(): void {
    this.chip.scheduler.after(VALUE_US * this.chip.cyclesPerUs, () => {
      if (!this.#runs) return;
      this.#value = this.#random.below(256);
      this.emit(VALRDY);
      this.#next();
    });
  }
}
