import type { Bank, Core } from "../state/core.ts";
import { EXCEPTION } from "../state/cpu-fault.ts";
import { pendSynchronous } from "../system/pend.ts";
import { executionPriority } from "../system/priority.ts";
import { attributionOf, mpuVerdict, updateGuard } from "../system/protection.ts";
import { setSecurity } from "../system/security.ts";
import { formed, type Run } from "./instruction.ts";

export const nothing = formed("nothing", () => undefined);

export const undefinedInstruction: Run = (core) => core.raise("UNDEFINSTR");

/** Coprocessors that are not there, or off. */
export const noCoprocessor: Run = (core) => core.raise("NOCP");

/** SVC: taken after the instruction; where it cannot be taken, HardFault. The saved PC is the next instruction either way. */
export const supervisorCall: Run = (core) => {
  if (pendSynchronous(core, EXCEPTION.svCall) === undefined) core.lockedUp = true;
};

export const waitForInterrupt: Run = (core) => {
  core.asleep = "wfi";
  core.lookCloser();
};

export const waitForEvent: Run = (core) => {
  if (core.event) {
    core.event = false;
    return;
  }
  core.asleep = "wfe";
  core.lookCloser();
};

export const sendEvent: Run = (core) => {
  core.event = true;
  core.sendEvent();
};

/** CPS: `set` 1 disables (masks), `imm` bit 1 is PRIMASK, bit 0 FAULTMASK. Unprivileged code changes nothing. */
export const changeState: Run = (core, i) => {
  if (!core.privileged) return;
  if ((i.imm & 2) !== 0) core.primask[core.bank] = i.set;
  if ((i.imm & 1) !== 0) setFaultmask(core, i.set);
  core.lookCloser();
};

function setFaultmask(core: Core, value: number): void {
  if (value === 0 || executionPriority(core) > -1) core.faultmask[core.bank] = value;
  updateGuard(core);
}

/** SG: from the Non-secure state into Secure code; lr says where it came from. */
export const secureGateway: Run = (core) => {
  if (core.secure || !core.config.security) return;
  core.set(14, core.get(14) & ~1);
  setSecurity(core, 1);
};

/** TT, TTT, TTA, TTAT: `imm` bit 1 is A, bit 0 is T. Source: DDI 0553, TTResp. */
export const testTarget: Run = (core, i) => {
  const address = core.get(i.n) >>> 0;
  const alternate = (i.imm & 2) !== 0;
  if (alternate && !core.secure) core.raise("UNDEFINSTR");
  const bank: Bank = alternate ? 0 : core.bank;
  const privileged = (i.imm & 1) === 0 && (alternate ? core.npriv[0] === 0 || core.exception !== 0 : core.privileged);
  const mpu = mpuVerdict(core, bank, address, privileged);
  let response = 0;
  if (mpu.region !== undefined) response |= mpu.region | 0x1_0000;
  response |= (mpu.readable ? 1 << 18 : 0) | (mpu.writable ? 1 << 19 : 0);
  if (core.secure) {
    const { secure, region } = attributionOf(core, address, bank);
    if (region !== undefined) response |= (region << 8) | 0x2_0000;
    if (secure) response |= 1 << 22;
    else response |= (mpu.readable ? 1 << 20 : 0) | (mpu.writable ? 1 << 21 : 0);
  }
  core.set(i.d, response);
};

interface SpecialRegister {
  readonly read: (core: Core, bank: Bank) => number;
  readonly write: (core: Core, value: number, bank: Bank) => void;
  /** Readable and writable by unprivileged code. */
  readonly free?: true;
}

/** Bits of xPSR that MRS reads by the low bits of SYSm: 0 IPSR, 1 EPSR (reads 0), 2 not APSR. */
function readPsr(core: Core, sysm: number): number {
  const apsr = (sysm & 4) === 0 ? core.xpsr() & 0xf80f_0000 : 0;
  const ipsr = (sysm & 1) === 0 ? 0 : core.exception;
  return apsr | ipsr;
}

function stackRow(process: 0 | 1): SpecialRegister {
  return {
    read: (core, bank) => core.stackPointer(bank * 2 + process),
    write: (core, value, bank) => core.setStackPointer(bank * 2 + process, value),
  };
}

function limitRow(process: 0 | 1): SpecialRegister {
  return {
    read: (core, bank) => core.limits[bank * 2 + process] as number,
    write: (core, value, bank) => {
      core.limits[bank * 2 + process] = value & ~7;
    },
  };
}

function writeControl(core: Core, value: number, bank: Bank): void {
  const unprivileged = core.config.architecture === "v6m" ? 0 : value & 1;
  core.npriv[bank] = unprivileged;
  // In handler mode SPSEL is written on Armv8-M, and does not count until thread mode; Armv6-M ignores it there.
  if (core.config.architecture === "v8m" || core.exception === 0) core.spsel[bank] = (value >> 1) & 1;
  if (core.config.fpu) {
    core.fpca = (value >> 2) & 1;
    if (core.secure) core.sfpa = (value >> 3) & 1;
  }
  core.selectStack();
  updateGuard(core);
}

/** Special registers by SYSm. With bit 7 set Secure code reaches the Non-secure one. Source: DDI 0553, C2.4, MRS. */
const SPECIAL: Readonly<Record<number, SpecialRegister>> = {
  8: stackRow(0),
  9: stackRow(1),
  10: limitRow(0),
  11: limitRow(1),
  16: {
    read: (core, bank) => core.primask[bank],
    write: (core, value, bank) => {
      core.primask[bank] = value & 1;
    },
  },
  17: {
    read: (core, bank) => core.basepri[bank],
    write: (core, value, bank) => {
      core.basepri[bank] = value & core.system.priorityMask;
    },
  },
  18: {
    read: (core, bank) => core.basepri[bank],
    write: (core, value, bank) => {
      const wanted = value & core.system.priorityMask;
      if (wanted !== 0 && (wanted < core.basepri[bank] || core.basepri[bank] === 0)) core.basepri[bank] = wanted;
    },
  },
  19: {
    read: (core, bank) => core.faultmask[bank],
    write: (core, value) => setFaultmask(core, value & 1),
  },
  20: {
    read: (core, bank) =>
      core.npriv[bank] | (core.spsel[bank] << 1) | (core.fpca << 2) | (core.secure ? core.sfpa << 3 : 0),
    write: writeControl,
    free: true,
  },
};

/** Which register and bank a SYSm means; undefined: it reads as zero. */
function specialOf(core: Core, sysm: number): { readonly row: SpecialRegister; readonly bank: Bank } | undefined {
  const other = (sysm & 0x80) !== 0;
  if (other && !core.secure) return undefined;
  const row = SPECIAL[sysm & 0x7f];
  const v6 = core.config.architecture === "v6m";
  if (row === undefined || (v6 && ![8, 9, 16, 20].includes(sysm))) return undefined;
  return { row, bank: other ? 0 : core.bank };
}

export const readSpecial: Run = (core, i) => {
  if (i.imm < 8) {
    core.set(i.d, readPsr(core, i.imm));
    return;
  }
  const special = specialOf(core, i.imm);
  const allowed = special !== undefined && (core.privileged || special.row.free === true);
  core.set(i.d, allowed ? special.row.read(core, special.bank) : 0);
};

/** MSR: `amount` is the mask of APSR parts, bit 1 the flags, bit 0 GE. */
export const writeSpecial: Run = (core, i) => {
  const value = core.get(i.n);
  if (i.imm < 8) {
    if ((i.imm & 4) !== 0) return;
    if ((i.amount & 2) !== 0) core.setFlags(value);
    if ((i.amount & 1) !== 0 && core.config.dsp) core.ge = (value >>> 16) & 15;
    return;
  }
  const special = specialOf(core, i.imm);
  if (special === undefined || !core.privileged) return;
  special.row.write(core, value, special.bank);
  core.lookCloser();
};
