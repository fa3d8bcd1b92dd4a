import type { ChipContext } from "../parts/chip-context.ts";
import { NrfPeripheral } from "../parts/nrf-peripheral.ts";

const COUNT = 16;
const FIRST = 0x400;

/** MUTEX: a read locks, and tells whether it was locked before. Source: nRF5340 Product Specification v1.5, MUTEX. */
export class Mutex extends NrfPeripheral {
  constructor(chip: ChipContext, start: number) {
    super(chip, "MUTEX", start);
    const locked = new Uint8Array(COUNT);
    for (let index = 0; index < COUNT; index += 1) {
      this.registers.set(FIRST + 4 * index, {
        read: () => {
          const before = locked[index] as number;
          locked[index] = 1;
          return before;
        },
        write: (value) => {
          if ((value & 1) === 0) locked[index] = 0;
        },
      });
    }
  }
}
