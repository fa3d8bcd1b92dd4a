import type { Bank, Core } from "../state/core.ts";
import { CpuFault, EXCEPTION } from "../state/cpu-fault.ts";
import { CALLEE_BYTES, EXC_RETURN, enterException, INTEGRITY_SIGNATURE, unstack } from "./exception-entry.ts";
import { BASIC_FRAME_BYTES, extendedFrameBytes, restoreFloats } from "./float-context.ts";
import { pendFault } from "./pend.ts";
import { executionPriority, groupPriority, highestPending, indexOf, targetOf } from "./priority.ts";
import { updateGuard } from "./protection.ts";
import { setSecurity } from "./security.ts";

const SLEEPONEXIT = 2;

/**
 * Ends the running exception. Something else that is urgent follows at once (tail-chaining); else the interrupted code
 * goes on. A return that is not legal is a fault whose handler runs with the same EXC_RETURN.
 * Source: Armv8-M ARM (DDI 0553), B3.22 (exception return), ExceptionReturn.
 */
export function exceptionReturn(core: Core, link: number): void {
  const { exceptions } = core.system;
  const ended = core.exception;
  const bank = endedBank(core, link);
  const wasActive = exceptions.active[indexOf(core, ended, bank)] === 1;
  const untrusted = core.config.security && core.bank === 0 && (link & EXC_RETURN.toSecure) !== 0;
  deactivate(core, ended, bank);
  try {
    if (untrusted) core.raise("INVER");
    if (!wasActive || !isWellFormed(core, link)) core.raise("INVPC");
    if (tailChain(core, link)) return;
    unstackContext(core, link);
  } catch (error) {
    if (!(error instanceof CpuFault)) throw error;
    chainFault(core, error, link);
  }
}

function endedBank(core: Core, link: number): Bank {
  if (!core.config.security) return 0;
  const secure = core.bank === 1 && (link & EXC_RETURN.toSecure) !== 0;
  const own: Bank = secure ? 1 : 0;
  return core.exception >= EXCEPTION.irq0 ? targetOf(core, core.exception) : own;
}

/** Source: DDI 0553, DeActivate: FAULTMASK is cleared by every return but from NMI and HardFault. */
function deactivate(core: Core, exception: number, bank: Bank): void {
  const priority = groupPriority(core, exception, bank);
  core.system.exceptions.active[indexOf(core, exception, bank)] = 0;
  if (core.config.architecture === "v8m" && priority >= 0) core.faultmask[bank] = 0;
  if (core.system.exceptions.line[exception] === 1) core.system.exceptions.pending[exception] = 1;
  core.lookCloser();
}

function isWellFormed(core: Core, link: number): boolean {
  if (core.config.architecture === "v6m") return [0xffff_fff1, 0xffff_fff9, 0xffff_fffd].includes(link);
  if ((link & EXC_RETURN.prefix) >>> 0 !== EXC_RETURN.prefix || (link & 2) !== 0) return false;
  if (core.config.fpu || (link & EXC_RETURN.standardFrame) !== 0) return true;
  return false;
}

/** @returns whether another exception follows without unstacking. */
function tailChain(core: Core, link: number): boolean {
  const pending = highestPending(core);
  if (pending === undefined || groupPriority(core, pending.exception, pending.bank) >= executionPriority(core)) {
    return false;
  }
  enterException(core, pending, link, true);
  return true;
}

/** The handler of a failed return: taken without saving anything, for nothing was restored. */
function chainFault(core: Core, fault: CpuFault, link: number): void {
  const pended = pendFault(core, fault);
  if (pended === undefined) core.lockedUp = true;
  else enterException(core, pended, link, true);
}

/** The security state, stack and mode that EXC_RETURN names. */
function returnsTo(
  core: Core,
  link: number,
): { readonly bank: Bank; readonly stack: number; readonly thread: boolean } {
  const bank: Bank = core.config.security && (link & EXC_RETURN.secureStack) !== 0 ? 1 : 0;
  const thread = (link & EXC_RETURN.thread) !== 0;
  const process = thread && (link & EXC_RETURN.processStack) !== 0;
  return { bank, thread, stack: bank * 2 + (process ? 1 : 0) };
}

function unstackContext(core: Core, link: number): void {
  const { bank, stack, thread } = returnsTo(core, link);
  const leaving = core.bank;
  setSecurity(core, bank);
  let frame = core.stackPointer(stack);
  const crossed = core.config.security && bank === 1 && (link & EXC_RETURN.toSecure) === 0;
  const calleesSaved = crossed || (bank === 1 && (link & EXC_RETURN.defaultRules) === 0);
  try {
    if (calleesSaved) frame = unstackCallees(core, frame, link);
    const words = Array.from({ length: 8 }, (_, index) => unstack(core, frame + 4 * index));
    const state = words[7] as number;
    if (thread !== ((state & 0x1ff) === 0)) core.raise("INVPC");
    if ((link & EXC_RETURN.standardFrame) === 0 && core.config.fpu) restoreFloats(core, frame, bank);
    resume(core, { link, words, state, stack, bank, frame });
  } catch (error) {
    setSecurity(core, leaving);
    throw error;
  }
}

function unstackCallees(core: Core, frame: number, link: number): number {
  const signature = INTEGRITY_SIGNATURE | ((link & EXC_RETURN.standardFrame) === 0 ? 0 : 1);
  if (unstack(core, frame) !== (signature | 0)) core.raise("INVIS");
  for (let register = 4; register <= 11; register += 1) core.set(register, unstack(core, frame + 4 * (register - 2)));
  return frame + CALLEE_BYTES;
}

interface Resumed {
  readonly link: number;
  readonly words: readonly number[];
  readonly state: number;
  readonly stack: number;
  readonly bank: Bank;
  readonly frame: number;
}

function resume(core: Core, { link, words, state, stack, bank, frame }: Resumed): void {
  const v8 = core.config.architecture === "v8m";
  const standard = !v8 || (link & EXC_RETURN.standardFrame) !== 0;
  const bytes = standard ? BASIC_FRAME_BYTES : extendedFrameBytes(core);
  for (const [index, register] of [0, 1, 2, 3, 12, 14].entries()) core.set(register, words[index] as number);
  const top = frame + bytes;
  core.setStackPointer(stack, (state & 0x200) === 0 ? top : top | 4);
  const exceptionBank: Bank = core.config.security && (link & EXC_RETURN.toSecure) !== 0 ? 1 : 0;
  const process = (link & EXC_RETURN.processStack) === 0 ? 0 : 1;
  core.exception = state & 0x1ff;
  core.spsel[exceptionBank] = process;
  if ((link & EXC_RETURN.thread) !== 0) core.spsel[bank] = process;
  core.selectStack();
  core.setFlags(state);
  if (v8) core.ge = core.config.dsp ? (state >>> 16) & 15 : 0;
  core.fpca = standard ? 0 : 1;
  core.sfpa = bank === 1 ? (state >>> 20) & 1 : 0;
  core.thumb = (state >>> 24) & 1;
  const it = v8 ? ((state >>> 25) & 3) | (((state >>> 10) & 0x3f) << 2) : 0;
  core.it = it;
  core.itNext = it;
  core.next = ((words[6] as number) & ~1) >>> 0;
  core.exclusive = -1;
  core.event = true;
  updateGuard(core);
  core.lookCloser();
  if (core.exception === 0 && (core.system.scr[bank] & SLEEPONEXIT) !== 0) core.asleep = "wfi";
}
