import type { Bank, Core } from "../state/core.ts";
import { EXCEPTION } from "../state/cpu-fault.ts";
import { pend } from "./pend.ts";

const ENABLE = 1;
const TICKINT = 2;
const COUNTFLAG = 0x1_0000;
const COUNTER_MASK = 0xff_ffff;

/** Cycles of one round: from the reload value to 0, and the reload. */
function periodOf(core: Core, bank: Bank): number {
  return core.system.sysTick[bank].reload + 1;
}

/** SYST_CVR now. The counter runs down by one each cycle. Source: Armv8-M ARM (DDI 0553), B13.1. */
export function sysTickValue(core: Core, bank: Bank): number {
  const { control, value, startedAt, reload } = core.system.sysTick[bank];
  if ((control & ENABLE) === 0 || (value === 0 && reload === 0)) return value;
  const passed = core.cycles - startedAt;
  if (passed <= value) return value - passed;
  const beyond = (passed - value - 1) % periodOf(core, bank);
  return reload - beyond;
}

/** Cycle at which the counter next reaches 0; Infinity when it stands still. */
export function sysTickDue(core: Core, bank: Bank): number {
  const { control, value, startedAt, reload } = core.system.sysTick[bank];
  if ((control & ENABLE) === 0 || (value === 0 && reload === 0)) return Number.POSITIVE_INFINITY;
  return startedAt + (value === 0 ? periodOf(core, bank) : value);
}

/** The counter reached 0: the flag is set, and the exception pends when asked for. */
export function sysTickReached(core: Core, bank: Bank): void {
  const timer = core.system.sysTick[bank];
  timer.startedAt = sysTickDue(core, bank);
  timer.value = 0;
  timer.control |= COUNTFLAG;
  if ((timer.control & TICKINT) !== 0) pend(core, EXCEPTION.sysTick, bank);
}

export function readSysTickControl(core: Core, bank: Bank): number {
  const timer = core.system.sysTick[bank];
  const { control } = timer;
  timer.control &= ~COUNTFLAG;
  return control;
}

export function writeSysTickControl(core: Core, bank: Bank, value: number): void {
  const timer = core.system.sysTick[bank];
  timer.value = sysTickValue(core, bank);
  timer.startedAt = core.cycles;
  timer.control = (timer.control & COUNTFLAG) | (value & 7);
  core.deadline = Math.min(core.deadline, sysTickDue(core, bank));
}

export function writeSysTickReload(core: Core, bank: Bank, value: number): void {
  const timer = core.system.sysTick[bank];
  timer.value = sysTickValue(core, bank);
  timer.startedAt = core.cycles;
  timer.reload = value & COUNTER_MASK;
  core.deadline = Math.min(core.deadline, sysTickDue(core, bank));
}

/** Any write clears the counter and its flag. */
export function clearSysTick(core: Core, bank: Bank): void {
  const timer = core.system.sysTick[bank];
  timer.value = 0;
  timer.startedAt = core.cycles;
  timer.control &= ~COUNTFLAG;
  core.deadline = Math.min(core.deadline, sysTickDue(core, bank));
}
