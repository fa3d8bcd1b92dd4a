import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const CHANNELS = 16;
const SEND_CNF = 0x510;
const RECEIVE_CNF = 0x590;
const GPMEM = 0x610;
/** Zephyr links both cores' IPC and DPPI into a ring: a signal that took no time would go round without end. */
const DELAY_US = 1 / 8;

/** The wires between the cores' IPC blocks: a signal on a channel reaches every block that is on. */
export class IpcWires {
  readonly #blocks = new Set<Ipc>();

  attach(block: Ipc): void {
    this.#blocks.add(block);
  }

  /** The block's core has no power any more. */
  detach(block: Ipc): void {
    this.#blocks.delete(block);
  }

  /** @param channels a bit each */
  signal(channels: number): void {
    for (const block of this.#blocks) block.receive(channels);
  }
}

/** IPC: signals between the cores. Source: nRF5340 Product Specification v1.5, IPC. */
export class Ipc extends NrfPeripheral {
  readonly #receives = new Int32Array(CHANNELS);

  constructor(chip: ChipContext, start: number, irq: number, wires: IpcWires) {
    super(chip, "IPC", start, irq);
    const sends = new Int32Array(CHANNELS);
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      this.tasks.set(4 * channel, () => {
        const channels = sends[channel] as number;
        if (channels !== 0) wires.signal(channels);
      });
      this.#addMask(SEND_CNF + 4 * channel, sends, channel);
      this.#addMask(RECEIVE_CNF + 4 * channel, this.#receives, channel);
    }
    wires.attach(this);
    this.registers.set(GPMEM, kept());
    this.registers.set(GPMEM + 4, kept());
  }

  receive(channels: number): void {
    this.chip.scheduler.after(DELAY_US * this.chip.cyclesPerUs, () => {
      for (const [index, mask] of this.#receives.entries()) {
        if ((mask & channels) !== 0) this.emit(0x100 + 4 * index);
      }
    });
  }

  #addMask(offset: number, masks: Int32Array, index: number): void {
    this.registers.set(offset, {
      read: () => masks[index] as number,
      write: (value) => {
        masks[index] = value & 0xffff;
      },
    });
  }
}
