import type { Bank, Core } from "../state/core.ts";
import { type CpuFault, EXCEPTION, FAULTS, type FaultName } from "../state/cpu-fault.ts";
import { executionPriority, groupPriority, indexOf, targetOf } from "./priority.ts";

const HFSR_FORCED = 0x4000_0000;

/** Makes an exception pending in a state. */
export function pend(core: Core, exception: number, bank: Bank): void {
  core.system.exceptions.pending[indexOf(core, exception, bank)] = 1;
  core.lookCloser();
}

export function unpend(core: Core, exception: number, bank: Bank): void {
  core.system.exceptions.pending[indexOf(core, exception, bank)] = 0;
}

/** Writes the fault's bit, and its address, where software looks for them. */
function record(core: Core, fault: FaultName, address: number): void {
  const row = FAULTS[fault];
  const { system } = core;
  const bits = (1 << row.bit) | ("addressBit" in row ? 1 << row.addressBit : 0);
  if (row.exception === EXCEPTION.secureFault) {
    system.sfsr |= bits;
    if ("addressBit" in row) system.sfar = address;
  } else if (row.exception === EXCEPTION.hardFault) {
    system.hfsr |= bits;
  } else if (row.exception === EXCEPTION.busFault) {
    const bank = core.config.security ? 1 : 0;
    system.cfsr[bank] |= bits;
    if ("addressBit" in row) system.bfar = address;
  } else {
    system.cfsr[core.bank] |= bits;
    if ("addressBit" in row) system.mmfar[core.bank] = address;
  }
}

const ENABLE_BITS: Readonly<Record<number, number>> = {
  [EXCEPTION.memManage]: 16,
  [EXCEPTION.busFault]: 17,
  [EXCEPTION.usageFault]: 18,
  [EXCEPTION.secureFault]: 19,
};

/** Whether SHCSR lets a fault have its own exception. SVCall and HardFault always have. */
function isFaultEnabled(core: Core, exception: number, bank: Bank): boolean {
  if (core.config.architecture === "v6m") return exception === EXCEPTION.svCall;
  const bit = ENABLE_BITS[exception];
  return bit === undefined || ((core.system.shcsrEnables[bank] >>> bit) & 1) === 1;
}

interface Pended {
  readonly exception: number;
  readonly bank: Bank;
}

/**
 * Makes a synchronous exception pending; one that is off or not urgent enough becomes a HardFault.
 * @returns what was made pending; undefined when not even a HardFault can be taken: lock-up
 * Source: Armv8-M ARM (DDI 0553), B3.10 (escalation), HandleException.
 */
export function pendSynchronous(core: Core, exception: number, over = executionPriority(core)): Pended | undefined {
  const bank = targetOf(core, exception);
  const own = isFaultEnabled(core, exception, bank) && groupPriority(core, exception, bank) < over;
  if (own) {
    pend(core, exception, bank);
    return { exception, bank };
  }
  const hard = targetOf(core, EXCEPTION.hardFault);
  if (groupPriority(core, EXCEPTION.hardFault, hard) >= over) return undefined;
  if (exception !== EXCEPTION.hardFault) core.system.hfsr |= HFSR_FORCED;
  pend(core, EXCEPTION.hardFault, hard);
  return { exception: EXCEPTION.hardFault, bank: hard };
}

/** A fault of the running instruction: recorded, and pending. */
export function pendFault(core: Core, { fault, address }: CpuFault, over?: number): Pended | undefined {
  record(core, fault, address);
  return pendSynchronous(core, FAULTS[fault].exception, over);
}
