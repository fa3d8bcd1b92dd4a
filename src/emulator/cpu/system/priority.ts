import type { Bank, Core } from "../state/core.ts";
import { EXCEPTION } from "../state/cpu-fault.ts";

/** Below every priority that can be configured: nothing runs. */
const THREAD_PRIORITY = 256;

/** Exceptions that exist once for each security state. Source: Armv8-M ARM (DDI 0553), B3.8, table of exceptions. */
const BANKED: ReadonlySet<number> = new Set([
  EXCEPTION.hardFault,
  EXCEPTION.memManage,
  EXCEPTION.usageFault,
  EXCEPTION.svCall,
  EXCEPTION.pendSv,
  EXCEPTION.sysTick,
]);

/** @returns whether each security state has its own pending and active state of this exception. */
export function isBanked(core: Core, exception: number): boolean {
  return core.config.security && BANKED.has(exception);
}

/** Index of an exception in the arrays of `SystemState.exceptions`. */
export function indexOf(core: Core, exception: number, bank: Bank): number {
  return isBanked(core, exception) && bank === 0 ? core.system.count + exception : exception;
}

/** The state that handles an exception which is not banked. Source: DDI 0553, ExceptionTargetsSecure. */
export function targetOf(core: Core, exception: number, from: Bank = core.bank): Bank {
  if (!core.config.security) return 0;
  const { exceptions, bfhfnmins } = core.system;
  if (exception >= EXCEPTION.irq0) return exceptions.nonSecure[exception] === 1 ? 0 : 1;
  if (exception === EXCEPTION.secureFault) return 1;
  if (exception === EXCEPTION.hardFault) return bfhfnmins === 1 && from === 0 ? 0 : 1;
  if (exception === EXCEPTION.nmi || exception === EXCEPTION.busFault) return bfhfnmins === 1 ? 0 : 1;
  return from;
}

/** A configured priority without its sub-priority; Non-secure ones may lie in the lower half (AIRCR.PRIS). */
function grouped(core: Core, priority: number, bank: Bank): number {
  const group = core.config.architecture === "v6m" ? priority : priority & (0xff << (prigroup(core, bank) + 1));
  return demoted(core, group, bank);
}

function prigroup(core: Core, bank: Bank): number {
  return core.system.prigroup[bank];
}

function demoted(core: Core, priority: number, bank: Bank): number {
  return core.config.security && bank === 0 && core.system.pris === 1 ? 0x80 + (priority >> 1) : priority;
}

/** Priority that decides whether an exception preempts. Lower numbers win. Source: DDI 0553, ExceptionPriority. */
export function groupPriority(core: Core, exception: number, bank: Bank): number {
  const fixed = fixedPriority(core, exception, bank);
  return fixed ?? grouped(core, configured(core, exception, bank), bank);
}

/** Priority with its sub-priority: the order among those that are pending. */
function fullPriority(core: Core, exception: number, bank: Bank): number {
  return fixedPriority(core, exception, bank) ?? demoted(core, configured(core, exception, bank), bank);
}

function configured(core: Core, exception: number, bank: Bank): number {
  return core.system.exceptions.priority[indexOf(core, exception, bank)] as number;
}

function fixedPriority(core: Core, exception: number, bank: Bank): number | undefined {
  if (exception === EXCEPTION.reset) return -4;
  if (exception === EXCEPTION.nmi) return -2;
  if (exception !== EXCEPTION.hardFault) return undefined;
  return bank === 1 && core.system.bfhfnmins === 1 ? -3 : -1;
}

/** The priority at which the core runs now: active exceptions and masks. Source: DDI 0553, ExecutionPriority. */
export function executionPriority(core: Core): number {
  return Math.min(activePriority(core), maskPriority(core));
}

function banksOf(core: Core): readonly Bank[] {
  return core.config.security ? [0, 1] : [0];
}

/** The highest priority of all active exceptions. */
function activePriority(core: Core): number {
  const { active } = core.system.exceptions;
  const { count } = core.system;
  let highest = THREAD_PRIORITY;
  for (let exception = 1; exception < count; exception += 1) {
    if (active[exception] === 1) {
      const bank = isBanked(core, exception) ? 1 : targetOf(core, exception);
      highest = Math.min(highest, groupPriority(core, exception, bank));
    }
    if (active[count + exception] === 1) highest = Math.min(highest, groupPriority(core, exception, 0));
  }
  return highest;
}

/** BASEPRI, PRIMASK and FAULTMASK of both states. */
function maskPriority(core: Core): number {
  let highest = THREAD_PRIORITY;
  for (const bank of banksOf(core)) {
    if (core.basepri[bank] !== 0) highest = Math.min(highest, grouped(core, core.basepri[bank], bank));
    if (core.primask[bank] !== 0) highest = Math.min(highest, demoted(core, 0, bank));
    if (core.faultmask[bank] !== 0) highest = Math.min(highest, faultmaskPriority(core, bank));
  }
  return highest;
}

function faultmaskPriority(core: Core, bank: Bank): number {
  if (!core.config.security) return -1;
  if (bank === 1) return core.system.bfhfnmins === 1 ? -3 : -1;
  return core.system.bfhfnmins === 1 ? -1 : demoted(core, 0, 0);
}

interface Pending {
  readonly exception: number;
  readonly bank: Bank;
}

/** The exception that would be taken first, whatever masks say; undefined when none is pending and enabled. */
export function highestPending(core: Core): Pending | undefined {
  const { count, exceptions } = core.system;
  let best: Pending | undefined;
  let bestPriority = THREAD_PRIORITY;
  const offer = (exception: number, bank: Bank) => {
    const priority = fullPriority(core, exception, bank);
    // Equal priorities: the lower number first, and of a banked one the Secure form, which is offered first.
    if (priority >= bestPriority) return;
    best = { exception, bank };
    bestPriority = priority;
  };
  for (let exception = 2; exception < count; exception += 1) {
    if (exceptions.pending[exception] === 1 && isEnabled(core, exception)) {
      offer(exception, isBanked(core, exception) ? 1 : targetOf(core, exception));
    }
    if (exceptions.pending[count + exception] === 1) offer(exception, 0);
  }
  return best;
}

function isEnabled(core: Core, exception: number): boolean {
  return exception < EXCEPTION.irq0 || core.system.exceptions.enabled[exception] === 1;
}
