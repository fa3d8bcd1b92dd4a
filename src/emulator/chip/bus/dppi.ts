import type { ChipContext, EventChannels } from "../parts/chip-context.ts";
import { NrfPeripheral } from "../parts/nrf-peripheral.ts";
import type { Scheduler } from "../parts/scheduler.ts";

const CHANNELS = 32;
const GROUPS = 6;
/** One cycle of the peripherals' 16 MHz clock: firmware links channels into rings, which must not take no time. */
const DELAY_US = 1 / 16;

/** The channels of one domain: who subscribes to which, and which are on. */
export class DppiChannels implements EventChannels {
  enabled = 0;
  readonly #tasks: Set<() => void>[] = Array.from({ length: CHANNELS }, () => new Set());
  readonly #scheduler: Scheduler;
  readonly #delay: number;

  constructor(scheduler: Scheduler, cyclesPerUs: number) {
    this.#scheduler = scheduler;
    this.#delay = DELAY_US * cyclesPerUs;
  }

  subscribe(channel: number, task: () => void): () => void {
    const entry = () => task();
    const tasks = this.#tasks[channel % CHANNELS];
    tasks?.add(entry);
    return () => tasks?.delete(entry);
  }

  publish(channel: number): void {
    if (((this.enabled >>> channel) & 1) === 0) return;
    const tasks = this.#tasks[channel];
    if (tasks === undefined || tasks.size === 0) return;
    this.#scheduler.after(this.#delay, () => {
      for (const task of [...tasks]) task();
    });
  }
}

/** DPPIC: switches channels on and off, alone and in groups. Source: nRF5340 Product Specification v1.5, DPPI. */
export class Dppic extends NrfPeripheral {
  constructor(chip: ChipContext, start: number, channels: DppiChannels) {
    super(chip, "DPPIC", start);
    const groups = new Int32Array(GROUPS);
    const read = () => channels.enabled;
    this.registers.set(0x500, {
      read,
      write: (value) => {
        channels.enabled = value;
      },
    });
    const set = (value: number) => {
      channels.enabled |= value;
    };
    const clear = (value: number) => {
      channels.enabled &= ~value;
    };
    this.registers.set(0x504, { read, write: set });
    this.registers.set(0x508, { read, write: clear });
    for (let group = 0; group < GROUPS; group += 1) {
      this.tasks.set(8 * group, () => set(groups[group] as number));
      this.tasks.set(8 * group + 4, () => clear(groups[group] as number));
      this.registers.set(0x800 + 4 * group, {
        read: () => groups[group] as number,
        write: (value) => {
          groups[group] = value;
        },
      });
    }
  }
}
