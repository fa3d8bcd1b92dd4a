import type { Bank, Core } from "../state/core.ts";
import { EXCEPTION } from "../state/cpu-fault.ts";
import { FPCCR } from "./float-context.ts";
import { pend, unpend } from "./pend.ts";
import { highestPending, indexOf, isBanked, targetOf } from "./priority.ts";
import { merged, type Register } from "./register.ts";
import { clearSysTick, readSysTickControl, sysTickValue, writeSysTickControl, writeSysTickReload } from "./sys-tick.ts";

const { nmi, hardFault, memManage, busFault, usageFault, secureFault, svCall, debugMonitor, pendSv, sysTick } =
  EXCEPTION;
const isV8 = (core: Core) => core.config.architecture === "v8m";

function isPending(core: Core, exception: number, bank: Bank): boolean {
  return core.system.exceptions.pending[indexOf(core, exception, bank)] === 1;
}

function isActive(core: Core, exception: number, bank: Bank): boolean {
  return core.system.exceptions.active[indexOf(core, exception, bank)] === 1;
}

/** ICSR. VECTPENDING is the most urgent one that is pending and enabled, whatever masks say. */
function readIcsr(core: Core, bank: Bank): number {
  const { exceptions, count } = core.system;
  const pending = highestPending(core);
  let word = core.exception;
  if (isV8(core) && activeCount(core) < 2) word |= 1 << 11;
  if (pending) word |= (bank === 0 && pending.bank === 1 ? 1 : pending.exception) << 12;
  for (let exception = EXCEPTION.irq0; exception < count; exception += 1) {
    if (exceptions.pending[exception] === 1) word |= 1 << 22;
  }
  if (isPending(core, sysTick, bank)) word |= 1 << 26;
  if (isPending(core, pendSv, bank)) word |= 1 << 28;
  if (isPending(core, nmi, bank)) word |= 1 << 31;
  return word;
}

function activeCount(core: Core): number {
  return core.system.exceptions.active.reduce((sum, active) => sum + active, 0);
}

function writeIcsr(core: Core, bank: Bank, value: number): void {
  if (value < 0) pend(core, nmi, targetOf(core, nmi));
  if ((value & (1 << 30)) !== 0 && isV8(core)) unpend(core, nmi, targetOf(core, nmi));
  if ((value & (1 << 28)) !== 0) pend(core, pendSv, bank);
  else if ((value & (1 << 27)) !== 0) unpend(core, pendSv, bank);
  if ((value & (1 << 26)) !== 0) pend(core, sysTick, bank);
  else if ((value & (1 << 25)) !== 0) unpend(core, sysTick, bank);
}

const VECTKEY = 0x05fa;

function writeAircr(core: Core, bank: Bank, value: number): void {
  if (value >>> 16 !== VECTKEY) return;
  if ((value & 4) !== 0) core.resetRequested();
  if (!isV8(core)) return;
  core.system.prigroup[bank] = (value >>> 8) & 7;
  if (bank !== 1) return;
  core.system.pris = (value >>> 14) & 1;
  core.system.bfhfnmins = (value >>> 13) & 1;
}

function readAircr(core: Core, bank: Bank): number {
  const { prigroup, pris, bfhfnmins } = core.system;
  return (0xfa05 << 16) | (prigroup[bank] << 8) | (pris << 14) | (bfhfnmins << 13);
}

/** Exceptions of SHPR1 to SHPR3, by byte; 0 where a byte is reserved. */
const SYSTEM_HANDLERS = [
  memManage,
  busFault,
  usageFault,
  secureFault,
  0,
  0,
  0,
  svCall,
  debugMonitor,
  0,
  pendSv,
  sysTick,
];

function readPriorities(core: Core, bank: Bank, index: number): number {
  let word = 0;
  for (let lane = 0; lane < 4; lane += 1) {
    const exception = SYSTEM_HANDLERS[4 * index + lane] ?? 0;
    if (hasPriority(core, exception, bank)) {
      word |= (core.system.exceptions.priority[indexOf(core, exception, bank)] as number) << (8 * lane);
    }
  }
  return word;
}

function hasPriority(core: Core, exception: number, bank: Bank): boolean {
  if (exception === 0) return false;
  if (!isV8(core)) return exception >= svCall && exception !== debugMonitor;
  if (exception === secureFault) return core.config.security && bank === 1;
  return isBanked(core, exception) || targetOf(core, exception) === bank || bank === 1;
}

function writePriorities(core: Core, bank: Bank, value: number, index: number, mask: number): void {
  const word = merged(readPriorities(core, bank, index), value, mask);
  for (let lane = 0; lane < 4; lane += 1) {
    const exception = SYSTEM_HANDLERS[4 * index + lane] ?? 0;
    if (!hasPriority(core, exception, bank)) continue;
    core.system.exceptions.priority[indexOf(core, exception, bank)] = (word >>> (8 * lane)) & core.system.priorityMask;
  }
}

/** Bits of SHCSR that show an exception as active or pending. Source: DDI 0553, D1.2.229. */
const SHCSR_STATES = [
  { bit: 0, exception: memManage, state: "active" },
  { bit: 1, exception: busFault, state: "active" },
  { bit: 2, exception: hardFault, state: "active" },
  { bit: 3, exception: usageFault, state: "active" },
  { bit: 4, exception: secureFault, state: "active" },
  { bit: 5, exception: nmi, state: "active" },
  { bit: 7, exception: svCall, state: "active" },
  { bit: 8, exception: debugMonitor, state: "active" },
  { bit: 10, exception: pendSv, state: "active" },
  { bit: 11, exception: sysTick, state: "active" },
  { bit: 12, exception: usageFault, state: "pending" },
  { bit: 13, exception: memManage, state: "pending" },
  { bit: 14, exception: busFault, state: "pending" },
  { bit: 15, exception: svCall, state: "pending" },
  { bit: 20, exception: secureFault, state: "pending" },
  { bit: 21, exception: hardFault, state: "pending" },
] as const;

const SHCSR_ENABLES = 0xf_0000;

function readShcsr(core: Core, bank: Bank): number {
  if (!isV8(core)) return isPending(core, svCall, 0) ? 1 << 15 : 0;
  let word = enablesOf(core, bank);
  for (const { bit, exception, state } of SHCSR_STATES) {
    const shown = state === "active" ? isActive(core, exception, bank) : isPending(core, exception, bank);
    if (shown && isSeen(core, exception, bank)) word |= 1 << bit;
  }
  return word;
}

/** Non-secure code does not see exceptions that the Secure state handles. */
function isSeen(core: Core, exception: number, bank: Bank): boolean {
  return !core.config.security || bank === 1 || isBanked(core, exception) || targetOf(core, exception) === 0;
}

/** BusFault's enable is one bit for both states. */
function enablesOf(core: Core, bank: Bank): number {
  const { shcsrEnables, bfhfnmins } = core.system;
  if (!core.config.security || bank === 1) return shcsrEnables[bank];
  return (shcsrEnables[0] & 0x5_0000) | (bfhfnmins === 1 ? shcsrEnables[1] & 0x2_0000 : 0);
}

function writeShcsr(core: Core, bank: Bank, value: number): void {
  if (!isV8(core)) return;
  const allowed = core.config.security && bank === 1 ? SHCSR_ENABLES : SHCSR_ENABLES & ~0x8_0000;
  core.system.shcsrEnables[bank] = value & allowed;
  const { exceptions } = core.system;
  for (const { bit, exception, state } of SHCSR_STATES) {
    if (exception === hardFault || exception === nmi || !isSeen(core, exception, bank)) continue;
    exceptions[state][indexOf(core, exception, bank)] = (value >>> bit) & 1;
  }
}

/** CCR bits that exist: USERSETMPEND, UNALIGN_TRP, DIV_0_TRP, BFHFNMIGN, STKOFHFNMIGN. STKALIGN and NONBASETHRDENA are fixed. */
const CCR_WRITABLE = 0x51a;

const CONTROL_REGISTERS: readonly Register[] = [
  { offset: 0xd00, name: "CPUID", read: (core) => (isV8(core) ? 0x410f_d213 : 0x410c_c200) },
  { offset: 0xd04, name: "ICSR", read: readIcsr, write: writeIcsr },
  {
    offset: 0xd08,
    name: "VTOR",
    read: (core, bank) => core.system.vtor[bank],
    write: (core, bank, value) => {
      if (isV8(core)) core.system.vtor[bank] = value & ~0x7f;
    },
  },
  { offset: 0xd0c, name: "AIRCR", read: readAircr, write: writeAircr },
  {
    offset: 0xd10,
    name: "SCR",
    read: (core, bank) => core.system.scr[bank],
    write: (core, bank, value) => {
      core.system.scr[bank] = value & 0x1e;
    },
  },
  {
    offset: 0xd14,
    name: "CCR",
    read: (core, bank) => (isV8(core) ? core.system.ccr[bank] | 1 : 0x208),
    write: (core, bank, value) => {
      if (isV8(core)) core.system.ccr[bank] = 0x200 | (value & CCR_WRITABLE);
    },
  },
  { offset: 0xd18, name: "SHPR", count: 3, byBytes: true, read: readPriorities, write: writePriorities },
  { offset: 0xd24, name: "SHCSR", read: readShcsr, write: writeShcsr },
];

/** CFSR: MemManage and UsageFault parts are banked, the BusFault part (bits 15:8) belongs to one state. */
function readCfsr(core: Core, bank: Bank): number {
  const { cfsr, bfhfnmins } = core.system;
  if (!core.config.security) return cfsr[0];
  const bus = bank === 1 || bfhfnmins === 1 ? cfsr[1] & 0xff00 : 0;
  return (cfsr[bank] & ~0xff00) | bus;
}

const FAULT_REGISTERS: readonly Register[] = [
  {
    offset: 0xd28,
    name: "CFSR",
    byBytes: true,
    read: (core, bank) => (isV8(core) ? readCfsr(core, bank) : 0),
    write: (core, bank, value) => {
      core.system.cfsr[bank] &= ~value;
      if (core.config.security && bank === 0 && core.system.bfhfnmins === 1) core.system.cfsr[1] &= ~(value & 0xff00);
    },
  },
  {
    offset: 0xd2c,
    name: "HFSR",
    read: (core, bank) => (isV8(core) && isSeen(core, hardFault, bank) ? core.system.hfsr : 0),
    write: (core, bank, value) => {
      if (isSeen(core, hardFault, bank)) core.system.hfsr &= ~value;
    },
  },
  {
    offset: 0xd34,
    name: "MMFAR",
    read: (core, bank) => core.system.mmfar[bank],
    write: (core, bank, value) => {
      core.system.mmfar[bank] = value;
    },
  },
  {
    offset: 0xd38,
    name: "BFAR",
    read: (core, bank) => (isSeen(core, busFault, bank) ? core.system.bfar : 0),
    write: (core, bank, value) => {
      if (isSeen(core, busFault, bank)) core.system.bfar = value;
    },
  },
];

const TIMER_REGISTERS: readonly Register[] = [
  { offset: 0x010, name: "SYST_CSR", read: readSysTickControl, write: writeSysTickControl },
  {
    offset: 0x014,
    name: "SYST_RVR",
    read: (core, bank) => core.system.sysTick[bank].reload,
    write: writeSysTickReload,
  },
  { offset: 0x018, name: "SYST_CVR", read: sysTickValue, write: clearSysTick },
];

const CPACR_FP = 0xf0_0000;

const FLOAT_REGISTERS: readonly Register[] = [
  {
    offset: 0xd88,
    name: "CPACR",
    read: (core, bank) => core.system.cpacr[bank],
    write: (core, bank, value) => {
      if (core.config.fpu) core.system.cpacr[bank] = value & CPACR_FP;
    },
  },
  {
    offset: 0xd8c,
    name: "NSACR",
    read: (core, bank) => (bank === 1 ? core.system.nsacr : 0),
    write: (core, bank, value) => {
      if (bank === 1) core.system.nsacr = value & 0xc00;
    },
  },
  {
    offset: 0xf34,
    name: "FPCCR",
    read: (core, bank) => (core.config.fpu ? core.system.fpccr[bank] : 0),
    write: (core, bank, value) => {
      const secureOnly = bank === 1 ? 0 : FPCCR.ts | FPCCR.secure;
      core.system.fpccr[bank] = (value & ~secureOnly) | (core.system.fpccr[bank] & secureOnly);
    },
  },
  {
    offset: 0xf38,
    name: "FPCAR",
    read: (core, bank) => core.system.fpcar[bank],
    write: (core, bank, value) => {
      core.system.fpcar[bank] = value & ~7;
    },
  },
  {
    offset: 0xf3c,
    name: "FPDSCR",
    read: (core, bank) => core.system.fpdscr[bank],
    write: (core, bank, value) => {
      core.system.fpdscr[bank] = value & 0x07c0_0000;
    },
  },
  { offset: 0xf40, name: "MVFR0", read: (core) => (core.config.fpu ? 0x1011_0021 : 0) },
  { offset: 0xf44, name: "MVFR1", read: (core) => (core.config.fpu ? 0x1100_0011 : 0) },
  { offset: 0xf48, name: "MVFR2", read: (core) => (core.config.fpu ? 0x40 : 0) },
];

/** System control, faults, SysTick and floating point. Source: Armv8-M ARM (DDI 0553), D1.1. */
export const SYSTEM_REGISTERS: readonly Register[] = [
  ...CONTROL_REGISTERS,
  ...FAULT_REGISTERS,
  ...TIMER_REGISTERS,
  ...FLOAT_REGISTERS,
];
