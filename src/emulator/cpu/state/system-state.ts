import type { CoreConfig } from "./core-config.ts";
import { EXCEPTION } from "./cpu-fault.ts";

/** A value for each bank: Non-secure, Secure. */
type Banked = [number, number];

/** State of one exception. Exceptions that are not banked keep all in the first half of each array. */
class Exceptions {
  readonly priority: Uint8Array;
  readonly pending: Uint8Array;
  readonly active: Uint8Array;
  readonly enabled: Uint8Array;
  /** Level of an interrupt's line: it pends again while the line is high. */
  readonly line: Uint8Array;
  /** ITNS: the interrupt is handled in Non-secure state. */
  readonly nonSecure: Uint8Array;

  constructor(count: number) {
    this.priority = new Uint8Array(count * 2);
    this.pending = new Uint8Array(count * 2);
    this.active = new Uint8Array(count * 2);
    this.enabled = new Uint8Array(count);
    this.line = new Uint8Array(count);
    this.nonSecure = new Uint8Array(count);
  }
}

interface MpuState {
  control: number;
  region: number;
  readonly base: Uint32Array;
  readonly limit: Uint32Array;
  readonly attributes: Uint32Array;
}

interface SysTickState {
  control: number;
  reload: number;
  /** Value at `startedAt`, and the cycle then. */
  value: number;
  startedAt: number;
}

function mpu(regions: number): MpuState {
  const words = () => new Uint32Array(Math.max(regions, 1));
  return { control: 0, region: 0, base: words(), limit: words(), attributes: new Uint32Array(2) };
}

function sysTick(): SysTickState {
  return { control: 0, reload: 0, value: 0, startedAt: 0 };
}

/**
 * Registers of the System Control Space and what stands behind them, as fields.
 * Source: Armv8-M ARM (DDI 0553), D1.2 (register index).
 */
export class SystemState {
  /** Exception numbers below this one exist. */
  readonly count: number;
  readonly exceptions: Exceptions;
  readonly vtor: Banked = [0, 0];
  readonly prigroup: Banked = [0, 0];
  /** AIRCR.PRIS and AIRCR.BFHFNMINS. */
  pris = 0;
  bfhfnmins = 0;
  readonly scr: Banked = [0, 0];
  readonly ccr: Banked = [0x200, 0x200];
  /** SHCSR enable bits as in the register: 16 MemManage, 17 BusFault, 18 UsageFault, 19 SecureFault. */
  readonly shcsrEnables: Banked = [0, 0];
  readonly cfsr: Banked = [0, 0];
  hfsr = 0;
  readonly mmfar: Banked = [0, 0];
  bfar = 0;
  sfsr = 0;
  sfar = 0;
  readonly cpacr: Banked = [0, 0];
  nsacr = 0;
  /** FPCCR with ASPEN, LSPEN; the banked bits of the other state beside it. */
  readonly fpccr: Banked = [0xc000_0004, 0xc000_0004];
  readonly fpcar: Banked = [0, 0];
  readonly fpdscr: Banked = [0, 0];
  readonly mpu: readonly [MpuState, MpuState];
  readonly sau: { control: number; region: number; readonly base: Uint32Array; readonly limit: Uint32Array };
  readonly sysTick: readonly [SysTickState, SysTickState] = [sysTick(), sysTick()];
  /** Priority bits that exist. */
  readonly priorityMask: number;

  constructor(config: CoreConfig) {
    this.count = EXCEPTION.irq0 + config.interrupts;
    this.exceptions = new Exceptions(this.count);
    this.mpu = [mpu(config.mpuRegions), mpu(config.mpuRegions)];
    const regions = Math.max(config.sauRegions, 1);
    this.sau = { control: 0, region: 0, base: new Uint32Array(regions), limit: new Uint32Array(regions) };
    this.priorityMask = (0xff00 >> config.priorityBits) & 0xff;
  }
}
