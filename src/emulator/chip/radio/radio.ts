import type { ChipContext } from "../parts/chip-context.ts";
import { refuseBlock } from "../parts/missing.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const HINT = "Leave Bluetooth and 802.15.4 off in the image of the network core: boot, logs and IPC need no radio.";
const TASKS = { txEnable: 0x000, rxEnable: 0x004, start: 0x008, energy: 0x024, channel: 0x02c };
const QUIET_TASKS = [0x00c, 0x014, 0x018, 0x01c, 0x020, 0x028, 0x030];
const DISABLE = 0x010;
const DISABLED = 0x110;
const FIRST_REGISTER = 0x504;
const LAST_REGISTER = 0xffc;

/**
 * RADIO, as far as a stack sets it up: its registers keep what is written, and there is no air. What would send or
 * receive is refused. Source: nRF5340 Product Specification v1.5, RADIO.
 */
export class Radio extends NrfPeripheral {
  constructor(chip: ChipContext, start: number, irq: number) {
    super(chip, "RADIO", start, irq);
    for (const task of Object.values(TASKS)) this.tasks.set(task, () => refuseBlock("the radio", start + task, HINT));
    for (const task of QUIET_TASKS) this.tasks.set(task, () => undefined);
    this.tasks.set(DISABLE, () => {
      this.chip.scheduler.after(1, () => this.emit(DISABLED));
    });
    for (let offset = FIRST_REGISTER; offset <= LAST_REGISTER; offset += 4) this.registers.set(offset, kept());
  }
}
