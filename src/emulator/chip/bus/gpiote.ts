import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const CHANNELS = 8;

/** GPIOTE: nothing moves the pins here, so that it only keeps its set-up. Source: nRF5340 Product Specification v1.5. */
export class Gpiote extends NrfPeripheral {
  constructor(chip: ChipContext, name: string, start: number, irq: number) {
    super(chip, name, start, irq);
    this.registers.set(0x504, kept());
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      this.registers.set(0x510 + 4 * channel, kept());
      for (const task of [0x00, 0x30, 0x60]) this.tasks.set(task + 4 * channel, () => undefined);
    }
  }
}
