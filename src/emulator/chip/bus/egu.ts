import type { ChipContext } from "../parts/chip-context.ts";
import { NrfPeripheral } from "../parts/nrf-peripheral.ts";

const CHANNELS = 16;

/** EGU: a task makes its event; software interrupts. Source: nRF5340 Product Specification v1.5, EGU. */
export class EventGenerator extends NrfPeripheral {
  constructor(chip: ChipContext, name: string, start: number, irq: number) {
    super(chip, name, start, irq);
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      this.tasks.set(4 * channel, () => this.emit(0x100 + 4 * channel));
    }
  }
}
