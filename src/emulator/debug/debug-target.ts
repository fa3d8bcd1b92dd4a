import { ConfigurationError, viewOf } from "../../core/index.ts";
import { Breakpoint } from "../cpu/state/breakpoint.ts";
import type { Core } from "../cpu/state/core.ts";
import { CpuFault } from "../cpu/state/cpu-fault.ts";
import type { Region } from "../memory/memory-map.ts";
import { Ram } from "../memory/ram.ts";

/** A chip as a debugger holds it: one of its cores, and its time. */
export interface DebuggedChip {
  /** The core looked at; a reset makes a new one; undefined without power. */
  readonly core: Core | undefined;
  breakAt(addresses: ReadonlySet<number>): void;
  /** Microseconds of the chip's time between two of its cycles. */
  readonly cycleUs: number;
  readonly idleUntilUs: number | undefined;
  readonly nowUs: number;
  run(us: number): void;
  powerOn(): void;
  powerOff(): void;
}

const [SP, PC, XPSR, MSP, PSP] = [13, 15, 25, 26, 27];
/** A step ends when so much time went by without an instruction: the core sleeps for good. */
const STEP_MAX_US = 10_000_000;

/** More than a person sets; each one more costs as much as all that are there. */
const BREAKPOINTS_MAX = 1_000;

const NONE: ReadonlySet<number> = new Set();

/** What a debugger does to a core: registers, memory, one instruction, and stops before instructions. */
export class DebugTarget {
  readonly #chip: DebuggedChip;
  /** Never changed, only replaced: the core keeps it. */
  #breakpoints: ReadonlySet<number> = NONE;

  constructor(chip: DebuggedChip) {
    this.#chip = chip;
  }

  /** @param number as in `REGISTERS` @returns undefined without power, and for a number that none has */
  register(number: number): number | undefined {
    const { core } = this.#chip;
    if (core === undefined) return undefined;
    if (number === PC) return core.pc;
    if (number >= 0 && number < PC) return core.get(number) >>> 0;
    if (number === XPSR) return core.xpsr() >>> 0;
    if (number === MSP || number === PSP) return core.stackPointer(core.bank * 2 + (number - MSP)) >>> 0;
    return undefined;
  }

  /** @returns whether there is such a register, and it can be written */
  setRegister(number: number, value: number): boolean {
    const { core } = this.#chip;
    if (core === undefined) return false;
    if (number === PC) {
      core.pc = (value & ~1) >>> 0;
      core.next = core.pc;
    } else if (number >= 0 && number < PC) core.set(number, number === SP ? value & ~3 : value | 0);
    else if (number === XPSR) core.setFlags(value);
    else if (number === MSP || number === PSP) core.setStackPointer(core.bank * 2 + (number - MSP), value);
    else return false;
    return true;
  }

  /** @returns fewer bytes where memory ends, or a read faults or is refused */
  read(address: number, bytes: number): Uint8Array {
    const found: number[] = [];
    for (let at = 0; at < bytes; at += 1) {
      const byte = this.#byteAt((address + at) >>> 0);
      if (byte === undefined) break;
      found.push(byte);
    }
    return Uint8Array.from(found);
  }

  /** Into RAM and registers; flash is not written past its controller. @returns whether all was written */
  write(address: number, data: Uint8Array): boolean {
    const isWhole = data.length % 4 === 0 && address % 4 === 0;
    const bytes = isWhole ? 4 : 1;
    const view = viewOf(data);
    for (let at = 0; at < data.length; at += bytes) {
      const done = this.#guarded((address + at) >>> 0, (region, offset) => {
        if (region instanceof Ram && !region.isWritable) return false;
        region.write(offset, bytes, isWhole ? view.getInt32(at, true) : (data[at] as number));
        return true;
      });
      if (done !== true) return false;
    }
    return true;
  }

  /** Stops before the instruction at an address. @returns false where there are as many as there may be */
  break(address: number): boolean {
    if (this.#breakpoints.size >= BREAKPOINTS_MAX) return false;
    this.#breakpoints = new Set([...this.#breakpoints, address & ~1]);
    return true;
  }

  unbreak(address: number): void {
    this.#breakpoints = new Set([...this.#breakpoints].filter((other) => other !== (address & ~1)));
  }

  /** The debugger goes. */
  letGo(): void {
    this.#breakpoints = NONE;
  }

  /** One instruction, or an exception's entry and its first one; a core that sleeps wakes first. */
  step(): void {
    const { core } = this.#chip;
    if (core === undefined) return;
    const endUs = this.#chip.nowUs + STEP_MAX_US;
    const before = instructionsOf(core);
    this.#chip.breakAt(NONE);
    while (this.#chip.core === core && instructionsOf(core) === before && this.#chip.nowUs < endUs) {
      const idle = this.#chip.idleUntilUs;
      const waitUs = idle === undefined ? 0 : Math.min(idle, endUs) - this.#chip.nowUs;
      this.#chip.run(Math.max(this.#chip.cycleUs, waitUs));
    }
  }

  /**
   * Runs so long, in microseconds of the chip's time, or up to a breakpoint.
   * @param fresh whether it starts from a stop: a breakpoint where it stands does not hold it then
   * @returns whether a breakpoint was met
   */
  run(us: number, fresh: boolean): boolean {
    const untilUs = this.#chip.nowUs + us;
    if (fresh) this.step();
    this.#chip.breakAt(this.#breakpoints);
    try {
      if (this.#chip.nowUs < untilUs) this.#chip.run(untilUs - this.#chip.nowUs);
      return false;
    } catch (error) {
      if (error instanceof Breakpoint) return true;
      throw error;
    }
  }

  /** Power goes, and comes back: the core stands at its reset vector. */
  restart(): void {
    this.#chip.powerOff();
    this.#chip.powerOn();
  }

  #byteAt(address: number): number | undefined {
    return this.#guarded(address, (region, offset) => region.read(offset, 1) & 0xff);
  }

  #guarded<T>(address: number, act: (region: Region, offset: number) => T): T | undefined {
    const region = this.#chip.core?.memory.at(address);
    if (region === undefined) return undefined;
    try {
      return act(region, address - region.start);
    } catch (error) {
      if (error instanceof CpuFault || error instanceof ConfigurationError) return undefined;
      throw error;
    }
  }
}

function instructionsOf({ cycles, skipped }: Core): number {
  return cycles - skipped;
}
