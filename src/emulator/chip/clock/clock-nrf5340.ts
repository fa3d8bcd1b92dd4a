import type { ChipContext } from "../parts/chip-context.ts";
import { kept, NrfPeripheral } from "../parts/nrf-peripheral.ts";

const RUNNING = 1 << 16;
const CALIBRATION_US = 100;

/** An oscillator: how it is started and what tells of it. Offsets are those of the product specification. */
interface ClockRow {
  readonly name: string;
  readonly start: number;
  readonly stop: number;
  readonly started: number;
  readonly run: number;
  readonly stat: number;
  readonly source: number | undefined;
  /** Time from the task to the event. */
  readonly startUs: number;
  /** What the source reads when nobody chose one; it counts in STAT. */
  readonly runsFrom: number;
}

/**
 * Source: nRF5340 Product Specification v1.5, CLOCK; starting times are typical ones of its electrical specification,
 * rounded: the crystal 360 µs; the low-frequency RC 200 µs, which a crystal that takes longer runs on first.
 */
const CLOCKS: readonly ClockRow[] = [
  {
    name: "HFCLK128M",
    start: 0x000,
    stop: 0x004,
    started: 0x100,
    run: 0x408,
    stat: 0x40c,
    source: 0x514,
    startUs: 360,
    runsFrom: 1,
  },
  {
    name: "LFCLK",
    start: 0x008,
    stop: 0x00c,
    started: 0x104,
    run: 0x414,
    stat: 0x418,
    source: 0x518,
    startUs: 200,
    runsFrom: 1,
  },
  {
    name: "HFCLKAUDIO",
    start: 0x018,
    stop: 0x01c,
    started: 0x120,
    run: 0x450,
    stat: 0x454,
    source: undefined,
    startUs: 360,
    runsFrom: 0,
  },
  {
    name: "HFCLK192M",
    start: 0x020,
    stop: 0x024,
    started: 0x124,
    run: 0x458,
    stat: 0x45c,
    source: 0x580,
    startUs: 360,
    runsFrom: 1,
  },
];

/** HFCLKCTRL, audio frequency and the bits that keep clocks running: kept, the processor stays at 64 MHz. */
const KEPT = [0x41c, 0x558, 0x55c, 0x570, 0x574, 0x57c, 0x584, 0x5b8];

/** What the block cannot do by itself: the chip has it. */
export interface ResetControl {
  /** RESETREAS. */
  reasons: number;
  /** GPREGRET: two registers that outlive a reset. */
  readonly retained: [number, number];
  /** RESET.NETWORK.FORCEOFF; absent on the network core. */
  readonly forceOff?: { get(): number; set(value: number): void };
}

/** CLOCK, POWER and RESET, which share an address. Source: nRF5340 Product Specification v1.5, CLOCK, POWER, RESET. */
export class ClockPowerReset extends NrfPeripheral {
  constructor(chip: ChipContext, start: number, irq: number, control: ResetControl) {
    super(chip, "CLOCK", start, irq);
    for (const row of CLOCKS) this.#addClock(row);
    this.tasks.set(0x010, () => this.#later(CALIBRATION_US, () => this.emit(0x11c)));
    for (const offset of [0x078, 0x07c]) this.tasks.set(offset, () => undefined);
    for (const offset of KEPT) this.registers.set(offset, kept());
    this.registers.set(0x400, {
      read: () => control.reasons,
      write: (value) => {
        control.reasons &= ~value;
      },
    });
    for (const index of [0, 1] as const) {
      this.registers.set(0x51c + 4 * index, {
        read: () => control.retained[index],
        write: (value) => {
          control.retained[index] = value & 0xff;
        },
      });
    }
    const { forceOff } = control;
    if (forceOff === undefined) return;
    // Written around FORCEOFF for a fault of the silicon; without a name. Source: nrfx, nrf_reset.h, anomaly 161.
    this.registers.set(0x618, kept());
    this.registers.set(0x614, { read: () => forceOff.get(), write: (value) => forceOff.set(value & 1) });
  }

  #addClock({ start, stop, started, run, stat, source, startUs, runsFrom }: ClockRow): void {
    let asked = false;
    let runs = false;
    let chosen = runsFrom;
    this.tasks.set(start, () => {
      asked = true;
      this.#later(startUs, () => {
        if (!asked) return;
        runs = true;
        this.emit(started);
      });
    });
    this.tasks.set(stop, () => {
      asked = false;
      runs = false;
    });
    this.registers.set(run, { read: () => (asked ? 1 : 0) });
    this.registers.set(stat, { read: () => (runs ? RUNNING | chosen : 0) });
    if (source === undefined) return;
    this.registers.set(source, {
      read: () => chosen,
      write: (value) => {
        chosen = value & 3;
      },
    });
  }

  #later(us: number, act: () => void): void {
    this.chip.scheduler.after(us * this.chip.cyclesPerUs, act);
  }
}
