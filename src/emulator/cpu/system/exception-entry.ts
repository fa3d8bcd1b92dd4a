import type { Bank, Core } from "../state/core.ts";
import { CpuFault, type FaultName } from "../state/cpu-fault.ts";
import { load, store } from "./access.ts";
import { BASIC_FRAME_BYTES, extendedFrameBytes, saveFloats } from "./float-context.ts";
import { pendFault } from "./pend.ts";
import { groupPriority, indexOf } from "./priority.ts";
import { updateGuard } from "./protection.ts";
import { setSecurity } from "./security.ts";

interface Taken {
  readonly exception: number;
  readonly bank: Bank;
}

/** Bits of EXC_RETURN. Source: Armv8-M ARM (DDI 0553), D1.2.83. */
export const EXC_RETURN = {
  prefix: 0xffff_ff80,
  secureStack: 0x40,
  defaultRules: 0x20,
  standardFrame: 0x10,
  thread: 8,
  processStack: 4,
  toSecure: 1,
} as const;

/** First word of the callee registers that an exception of the Non-secure state finds saved; bit 0: no FP frame. */
export const INTEGRITY_SIGNATURE = 0xfefa_125a;
export const CALLEE_BYTES = 0x28;

/**
 * Takes a pending exception: saves the context, and goes on at its vector. What goes wrong while saving is pending
 * afterwards and taken first, if it is more urgent.
 * @param returnAddress where the interrupted code goes on
 * Source: Armv8-M ARM (DDI 0553), B3.18 (exception entry), ExceptionEntry.
 */
export function takeException(core: Core, taken: Taken, returnAddress: number): void {
  const link = exceptionLink(core);
  const failed = pushContext(core, returnAddress);
  const chosen = failed === undefined ? taken : afterFailure(core, taken, failed);
  if (chosen) enterException(core, chosen, link);
}

/** The derived exception of a failed save, or the first one where that is more urgent. */
function afterFailure(core: Core, taken: Taken, failed: CpuFault): Taken | undefined {
  const derived = pendFault(core, failed);
  if (derived === undefined) {
    core.lockedUp = true;
    return undefined;
  }
  const first = groupPriority(core, taken.exception, taken.bank);
  return groupPriority(core, derived.exception, derived.bank) <= first ? derived : taken;
}

function exceptionLink(core: Core): number {
  const thread = core.exception === 0 ? EXC_RETURN.thread : 0;
  if (core.config.architecture === "v6m") {
    const process = thread !== 0 && core.spsel[0] === 1 ? EXC_RETURN.processStack : 0;
    return (0xffff_fff1 | thread | process) >>> 0;
  }
  const secure = core.secure ? EXC_RETURN.secureStack : 0;
  const process = core.spsel[core.bank] === 1 ? EXC_RETURN.processStack : 0;
  const standard = core.fpca === 1 ? 0 : EXC_RETURN.standardFrame;
  const target = EXC_RETURN.toSecure;
  return (EXC_RETURN.prefix | secure | EXC_RETURN.defaultRules | standard | thread | process | target) >>> 0;
}

/** @returns the fault that kept the context from being saved */
function pushContext(core: Core, returnAddress: number): CpuFault | undefined {
  const sp = core.get(13);
  const extended = core.fpca === 1 ? extendedFrameBytes(core) : BASIC_FRAME_BYTES;
  const frame = (sp - extended) & ~7;
  const limit = core.limits[core.stack] as number;
  if (frame >>> 0 < limit >>> 0) {
    core.set(13, limit);
    return faultOf("STKOF", 0);
  }
  core.set(13, frame);
  const padding = (sp & 4) === 0 ? 0 : 0x200;
  const state = (core.xpsr() & ~0x200) | padding | (core.secure && core.sfpa === 1 ? 0x10_0000 : 0);
  const words = [core.get(0), core.get(1), core.get(2), core.get(3), core.get(12), core.get(14), returnAddress, state];
  try {
    for (const [index, word] of words.entries()) store(core, frame + 4 * index, 4, word);
    if (core.fpca === 1) saveFloats(core, frame);
    return undefined;
  } catch (error) {
    return stackingFault(error);
  }
}

const STACKING: Readonly<Partial<Record<FaultName, FaultName>>> = { DACCVIOL: "MSTKERR", PRECISERR: "STKERR" };

function stackingFault(error: unknown): CpuFault {
  if (!(error instanceof CpuFault)) throw error;
  return faultOf(STACKING[error.fault] ?? error.fault, error.address);
}

function faultOf(fault: FaultName, address: number): CpuFault {
  const made = new CpuFault();
  made.fault = fault;
  made.address = address;
  return made;
}

/**
 * Goes on at the vector of an exception whose context is saved.
 * @param link EXC_RETURN without its bit "taken to the Secure state"
 * Source: DDI 0553, ExceptionTaken.
 */
export function enterException(core: Core, { exception, bank }: Taken, link: number, chained = false): void {
  let lr = link;
  if (core.config.security) lr = crossStates(core, bank, lr, chained);
  if (core.config.architecture === "v8m") lr = bank === 1 ? lr | EXC_RETURN.toSecure : lr & ~EXC_RETURN.toSecure;
  core.system.exceptions.pending[indexOf(core, exception, bank)] = 0;
  core.system.exceptions.active[indexOf(core, exception, bank)] = 1;
  setSecurity(core, bank);
  core.exception = exception;
  core.spsel[bank] = 0;
  core.selectStack();
  updateGuard(core);
  core.set(14, lr);
  core.fpca = 0;
  core.sfpa = 0;
  core.it = 0;
  core.itNext = 0;
  core.exclusive = -1;
  core.event = true;
  core.asleep = "no";
  core.lookCloser();
  const vector = vectorOf(core, exception, bank);
  if (vector === undefined) return;
  core.thumb = vector & 1;
  core.pc = (vector & ~1) >>> 0;
  core.next = core.pc;
}

function vectorOf(core: Core, exception: number, bank: Bank): number | undefined {
  const address = (core.system.vtor[bank] + 4 * exception) >>> 0;
  const region = core.memory.at(address);
  if (region !== undefined) return region.read(address - region.start, 4);
  // A vector that cannot be read is a HardFault of its own, and with a bad table the core locks up.
  core.system.hfsr |= 2;
  core.lockedUp = true;
  return undefined;
}

/**
 * What TrustZone asks for on entry: callee registers of Secure code are saved before Non-secure code runs, and
 * registers cleared that it must not see. @returns EXC_RETURN
 * Source: DDI 0553, ExceptionTaken; PushCalleeStack.
 */
function crossStates(core: Core, bank: Bank, link: number, chained: boolean): number {
  const fromSecure = (link & EXC_RETURN.secureStack) !== 0;
  // Chained after a Non-secure exception, the callee registers lie on the stack already.
  const saved = chained && (link & EXC_RETURN.toSecure) === 0;
  if (bank === 1) return fromSecure && saved ? link & ~EXC_RETURN.defaultRules : link;
  let lr = link;
  if (fromSecure) {
    const failed = (link & EXC_RETURN.defaultRules) !== 0 && !saved ? pushCallees(core, link) : undefined;
    if (failed) pendFault(core, failed);
    lr |= EXC_RETURN.defaultRules;
  }
  for (let register = 0; register <= 12; register += 1) {
    if (register < 4 || register === 12 || fromSecure) core.set(register, 0);
  }
  core.setFlags(0);
  core.ge = 0;
  return lr;
}

function pushCallees(core: Core, link: number): CpuFault | undefined {
  const thread = (link & EXC_RETURN.thread) !== 0;
  const stack = 2 + (thread && (link & EXC_RETURN.processStack) !== 0 ? 1 : 0);
  const frame = core.stackPointer(stack) - CALLEE_BYTES;
  core.setStackPointer(stack, frame);
  const signature = INTEGRITY_SIGNATURE | ((link & EXC_RETURN.standardFrame) === 0 ? 0 : 1);
  try {
    store(core, frame, 4, signature);
    for (let register = 4; register <= 11; register += 1)
      store(core, frame + 4 * (register - 2), 4, core.get(register));
    return undefined;
  } catch (error) {
    return stackingFault(error);
  }
}

/** Reads a saved word. @throws CpuFault MUNSTKERR or UNSTKERR */
export function unstack(core: Core, address: number): number {
  try {
    return load(core, address, 4);
  } catch (error) {
    if (!(error instanceof CpuFault)) throw error;
    const { fault } = error;
    if (fault === "DACCVIOL") return core.raise("MUNSTKERR");
    return core.raise(fault === "PRECISERR" ? "UNSTKERR" : fault, error.address);
  }
}
