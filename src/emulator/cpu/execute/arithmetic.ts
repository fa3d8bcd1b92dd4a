import type { Core } from "../state/core.ts";
import { type Form, formed, type Instruction, type Run, SHIFT } from "./instruction.ts";

/** a + b + carry, with the flags when `set`. Source: Armv8-M ARM (DDI 0553), AddWithCarry. */
function addWithCarry(core: Core, a: number, b: number, carry: number, set: number): number {
  const result = (a + b + carry) | 0;
  if (set !== 0) {
    core.n = result;
    core.z = result;
    core.c = (a >>> 0) + (b >>> 0) + carry > 0xffff_ffff ? 1 : 0;
    core.v = ((a ^ result) & (b ^ result)) >>> 31;
  }
  return result;
}

/**
 * Shifts by any amount and leaves the carry in `core.shiftCarry`. Source: DDI 0553, Shift_C.
 * @param amount 0 to 255; 0 leaves value and carry as they are, but for RRX
 */
export function shifted(core: Core, value: number, type: number, amount: number): number {
  if (type === SHIFT.rrx) {
    core.shiftCarry = value & 1;
    return (core.c << 31) | (value >>> 1);
  }
  if (amount === 0) {
    core.shiftCarry = core.c;
    return value;
  }
  if (type === SHIFT.lsl) return shiftedLeft(core, value, amount);
  if (type === SHIFT.lsr) {
    core.shiftCarry = amount > 32 ? 0 : (value >>> (amount - 1)) & 1;
    return amount > 31 ? 0 : value >>> amount;
  }
  if (type === SHIFT.asr) {
    core.shiftCarry = amount > 31 ? value >>> 31 : (value >> (amount - 1)) & 1;
    return value >> Math.min(amount, 31);
  }
  const turn = amount & 31;
  const result = turn === 0 ? value : (value >>> turn) | (value << (32 - turn));
  core.shiftCarry = result >>> 31;
  return result;
}

function shiftedLeft(core: Core, value: number, amount: number): number {
  core.shiftCarry = amount > 32 ? 0 : (value >>> (32 - amount)) & 1;
  return amount > 31 ? 0 : value << amount;
}

type Operand = (core: Core, i: Instruction) => number;

/** The last operand: an immediate with its carry, or a register shifted by a constant. */
const immediate: Operand = (core, i) => {
  core.shiftCarry = i.carry < 0 ? core.c : i.carry;
  return i.imm;
};

const shiftedRegister: Operand = (core, i) => shifted(core, core.get(i.m), i.shift, i.amount);

type Logic = (a: number, b: number) => number;

const OPERANDS: Readonly<Record<Form["operand"], Operand>> = { immediate, register: shiftedRegister };

/** Logical instructions, MOV and MVN: the carry comes from the shifter. */
export function logical(by: keyof typeof LOGIC, from: Form["operand"]): Run {
  const [compute, operand] = [LOGIC[by], OPERANDS[from]];
  const run: Run = (core, i) => {
    const result = compute(core.get(i.n), operand(core, i)) | 0;
    core.set(i.d, result);
    if (i.set !== 0) {
      core.setNz(result);
      core.c = core.shiftCarry;
    }
  };
  return formed("logical", run, by, from);
}

/** TST and TEQ: flags alone. */
export function logicalTest(by: keyof typeof LOGIC, from: Form["operand"]): Run {
  const [compute, operand] = [LOGIC[by], OPERANDS[from]];
  const run: Run = (core, i) => {
    core.setNz(compute(core.get(i.n), operand(core, i)) | 0);
    core.c = core.shiftCarry;
  };
  return formed("logicalTest", run, by, from);
}

const LOGIC = {
  and: (a, b) => a & b,
  bic: (a, b) => a & ~b,
  orr: (a, b) => a | b,
  orn: (a, b) => a | ~b,
  eor: (a, b) => a ^ b,
  mov: (_, b) => b,
  mvn: (_, b) => ~b,
} as const satisfies Record<string, Logic>;

type Sum = (core: Core, a: number, b: number, set: number) => number;

const SUM = {
  add: (core, a, b, set) => addWithCarry(core, a, b, 0, set),
  adc: (core, a, b, set) => addWithCarry(core, a, b, core.c, set),
  sub: (core, a, b, set) => addWithCarry(core, a, ~b, 1, set),
  sbc: (core, a, b, set) => addWithCarry(core, a, ~b, core.c, set),
  rsb: (core, a, b, set) => addWithCarry(core, ~a, b, 1, set),
} as const satisfies Record<string, Sum>;

/** Additions and subtractions. A result for sp is checked against its limit. */
export function arithmetic(by: keyof typeof SUM, from: Form["operand"]): Run {
  const [compute, operand] = [SUM[by], OPERANDS[from]];
  const run: Run = (core, i) => {
    const b = operand(core, i);
    if (i.d === 13) core.setCheckedStack(compute(core, core.get(i.n), b, i.set));
    else core.set(i.d, compute(core, core.get(i.n), b, i.set));
  };
  return formed("arithmetic", run, by, from);
}

/** CMP and CMN. */
export function compare(by: keyof typeof SUM, from: Form["operand"]): Run {
  const [compute, operand] = [SUM[by], OPERANDS[from]];
  const run: Run = (core, i) => void compute(core, core.get(i.n), operand(core, i), 1);
  return formed("compare", run, by, from);
}

/** ADD and SUB without flags from the word-aligned PC: ADR. */
export const addressOf = formed("addressOf", (core, i) => core.set(i.d, (core.get(15) & ~3) + i.imm));

/** A shift by a register's low byte. */
export const shiftByRegister = formed("shiftByRegister", (core, i) => {
  const result = shifted(core, core.get(i.n), i.shift, core.get(i.m) & 0xff) | 0;
  core.set(i.d, result);
  if (i.set !== 0) {
    core.setNz(result);
    core.c = core.shiftCarry;
  }
});

/** ADD (register) of two high registers: the PC may be written; no flags. */
export const addHigh = formed("addHigh", (core, i) => writeHigh(core, i.d, (core.get(i.n) + core.get(i.m)) | 0));

/** MOV (register): the PC may be written. */
export const moveHigh = formed("moveHigh", (core, i) => {
  const value = core.get(i.m);
  writeHigh(core, i.d, value);
  if (i.set !== 0) core.setNz(value);
});

function writeHigh(core: Core, register: number, value: number): void {
  if (register === 15) core.branch(value);
  else if (register === 13) core.setCheckedStack(value);
  else core.set(register, value);
}

export const moveTop = formed("moveTop", (core, i) => core.set(i.d, (core.get(i.d) & 0xffff) | (i.imm << 16)));
