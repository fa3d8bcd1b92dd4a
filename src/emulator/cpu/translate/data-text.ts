import { fieldMask } from "../execute/bits.ts";
import { type Instruction, SHIFT } from "../execute/instruction.ts";
import { CONDITION_FLAG, type Writer } from "./writer.ts";

/** Writes an instruction down. @returns false where only the interpreter does this one */
export type Emit = (w: Writer, i: Instruction, by: string) => boolean;

const LOGIC: Readonly<Record<string, (a: string, b: string) => string>> = {
  and: (a, b) => `${a}&${b}`,
  bic: (a, b) => `${a}&~${b}`,
  orr: (a, b) => `${a}|${b}`,
  orn: (a, b) => `${a}|~${b}`,
  eor: (a, b) => `${a}^${b}`,
  mov: (_, b) => b,
  mvn: (_, b) => `~${b}`,
};

/** A register shifted by a constant: its value, and its carry where the shift makes one. Source: DDI 0553, Shift_C. */
function shifted(w: Writer, { m, shift, amount }: Instruction): { readonly value: string; readonly carry?: string } {
  const r = w.register(m);
  if (shift === SHIFT.rrx) return { value: `((${w.carry()}<<31)|(${r}>>>1))`, carry: `${r}&1` };
  if (amount === 0) return { value: r };
  const carry = (bit: number) => `(${r}>>>${bit})&1`;
  if (shift === SHIFT.lsl) {
    return { value: amount > 31 ? "0" : `(${r}<<${amount})`, carry: amount > 32 ? "0" : carry(32 - amount) };
  }
  if (shift === SHIFT.lsr) {
    return { value: amount > 31 ? "0" : `(${r}>>>${amount})`, carry: amount > 32 ? "0" : carry(amount - 1) };
  }
  if (shift === SHIFT.asr) return { value: `(${r}>>${Math.min(amount, 31)})`, carry: carry(Math.min(amount - 1, 31)) };
  const turn = amount & 31;
  return turn === 0
    ? { value: r, carry: carry(31) }
    : { value: `((${r}>>>${turn})|(${r}<<${32 - turn}))`, carry: carry(turn - 1) };
}

function operandOf(w: Writer, i: Instruction, from: string): { readonly value: string; readonly carry?: string } {
  if (from === "register") return shifted(w, i);
  const value = i.imm < 0 ? `(${i.imm})` : `${i.imm}`;
  return i.carry < 0 ? { value } : { value, carry: String(i.carry) };
}

export function logicalText(w: Writer, i: Instruction, by: string, from: string): boolean {
  const n = by === "mov" || by === "mvn" ? "0" : w.register(i.n);
  if (i.d === 15) return false;
  const { value, carry } = operandOf(w, i, from);
  const text = LOGIC[by]?.(n, value);
  if (text === undefined) return false;
  if (i.set === 0) {
    w.set(i.d, text);
    return true;
  }
  // The carry may be of the register that is written.
  w.write(`x=(${text})|0;`);
  w.setLogic("x", carry);
  w.write(`${w.target(i.d)}=x;`);
  return true;
}

export function logicalTestText(w: Writer, i: Instruction, by: string, from: string): boolean {
  const n = w.register(i.n);
  const { value, carry } = operandOf(w, i, from);
  const text = LOGIC[by]?.(n, value);
  if (text === undefined) return false;
  if (w.isLive(CONDITION_FLAG.nz)) w.write(`x=(${text})|0;`);
  w.setLogic("x", carry);
  return true;
}

type Sum = { readonly by: string; readonly from: string; readonly set: boolean };

/** The sum as an expression; with flags, which are set, a local. */
function sumText(w: Writer, i: Instruction, { by, from, set }: Sum): string {
  const { value } = operandOf(w, i, from);
  const n = w.register(i.n);
  const isSet = set && w.isLive(CONDITION_FLAG.all);
  if (by === "adc" || by === "sbc") {
    const [b, carry] = [by === "adc" ? value : `~${value}`, w.carry()];
    if (!isSet) return `${n}+${b}+${carry}`;
    // The carry may be told by fa and fb of the operation before.
    w.write(`x=${n};o=${b};nz=fr=(x+o+${carry})|0;fa=x;fb=o;`);
    w.setFlags("wide");
    return "nz";
  }
  const [a, b] = by === "rsb" ? [value, n] : [n, value];
  const sign = by === "add" ? "+" : "-";
  if (!isSet) return `${a}${sign}${b}`;
  w.write(`fa=${a};fb=${b};nz=(fa${sign}fb)|0;`);
  w.setFlags(by === "add" ? "sum" : "difference");
  return "nz";
}

export function arithmeticText(w: Writer, i: Instruction, by: string, from: string): boolean {
  if (i.d === 15) return false;
  if (i.d === 13) {
    // A result below the limit faults, after its flags are set: the interpreter's.
    if (i.set !== 0) return false;
    w.write(`x=(${sumText(w, i, { by, from, set: false })})|0;`);
    setCheckedStack(w, "x");
    return true;
  }
  const sum = sumText(w, i, { by, from, set: i.set !== 0 });
  if (sum === "nz") w.write(`${w.target(i.d)}=nz;`);
  else w.set(i.d, sum);
  return true;
}

export function setCheckedStack(w: Writer, value: string): void {
  w.write(`if((${value}>>>0)<${w.view("lim")})${w.bail}`);
  w.set(13, `${value}&-4`);
}

export function compareText(w: Writer, i: Instruction, by: string, from: string): boolean {
  sumText(w, i, { by, from, set: true });
  return true;
}

/** A shift by a register's low byte: amounts of 32 and more have rules of their own. */
const shiftByRegister: Emit = (w, i) => {
  const value = w.register(i.n);
  w.write(`x=${value};t=${w.register(i.m)}&255;`);
  const [result, carry] = byRegister(i.shift);
  if (i.set !== 0 && w.isLive(CONDITION_FLAG.c)) {
    w.keepCarry();
    w.write(`if(t!==0)c=${carry};`);
  }
  w.write(`x=${result};`);
  if (i.set !== 0) w.setLogic("x", undefined);
  w.write(`${w.target(i.d)}=x;`);
  return true;
};

function byRegister(shift: number): readonly [string, string] {
  if (shift === SHIFT.lsl) return ["t>31?0:x<<t", "t>32?0:(x>>>(32-t))&1"];
  if (shift === SHIFT.lsr) return ["t>31?0:(x>>>t)|0", "t>32?0:(x>>>(t-1))&1"];
  if (shift === SHIFT.asr) return ["x>>(t>31?31:t)", "t>31?x>>>31:(x>>(t-1))&1"];
  return ["((x>>>(t&31))|(x<<((32-t)&31)))|0", "(x>>>((t-1)&31))&1"];
}

const EXTEND: Readonly<Record<string, (x: string) => string>> = {
  signedByte: (x) => `(${x}<<24>>24)`,
  signedHalf: (x) => `(${x}<<16>>16)`,
  unsignedByte: (x) => `(${x}&255)`,
  unsignedHalf: (x) => `(${x}&65535)`,
};

const extend: Emit = (w, i, by) => {
  const m = w.register(i.m);
  const turned = i.amount === 0 ? m : `((${m}>>>${i.amount})|(${m}<<${32 - i.amount}))`;
  w.set(i.d, `${EXTEND[by]?.(turned)}${i.n === 15 ? "" : `+${w.register(i.n)}`}`);
  return true;
};

/** An expression of Rn, Rm, Ra and Rd. */
function simple(text: (read: (letter: "n" | "m" | "a" | "d") => string, i: Instruction) => string): Emit {
  return (w, i) => {
    const value = text((letter) => w.register(i[letter]), i);
    w.set(i.d, value);
    return true;
  };
}

const divide =
  (text: (n: string, m: string) => string): Emit =>
  (w, i) => {
    const [n, m] = [w.register(i.n), w.register(i.m)];
    w.write(`if(${m}===0)${w.bail}`);
    w.set(i.d, text(n, m));
    return true;
  };

/**
 * The upper word of a 64-bit sum of products: from the sum as a floating-point number, which is wrong by some units of
 * 2^11 at most, and its lower word, which is exact; the rest is a multiple of 2^32.
 */
const UPPER = (sum: string, low: string) => `Math.floor((${sum}-(${low}>>>0))*2.3283064365386963e-10+.5)`;

const product = (by: string) => (by === "signed" ? "x*o" : "(x>>>0)*(o>>>0)");

const multiplyLong: Emit = (w, i, by) => {
  w.write(`x=${w.register(i.n)};o=${w.register(i.m)};t=Math.imul(x,o);`);
  w.set(i.d, UPPER(product(by), "t"));
  w.write(`${w.target(i.a)}=t;`);
  return true;
};

const multiplyAddLong: Emit = (w, i, by) => {
  w.write(`x=${w.register(i.n)};o=${w.register(i.m)};t=${w.register(i.a)};k=(Math.imul(x,o)+t)|0;`);
  w.set(i.d, `${UPPER(`(${product(by)}+(t>>>0))`, "k")}+${w.register(i.d)}`);
  w.write(`${w.target(i.a)}=k;`);
  return true;
};

const multiplyAddAdd: Emit = (w, i) => {
  const [a, d] = [w.register(i.a), w.register(i.d)];
  w.write(`x=${w.register(i.n)};o=${w.register(i.m)};k=(Math.imul(x,o)+${a}+${d})|0;`);
  w.set(i.d, UPPER(`(${product("unsigned")}+(${a}>>>0)+(${d}>>>0))`, "k"));
  w.write(`${w.target(i.a)}=k;`);
  return true;
};

/** Data processing that is neither logic nor addition, by the act of its form. */
export const DATA: Readonly<Record<string, Emit>> = {
  shiftByRegister,
  extend,
  multiplyLong,
  multiplyAddLong,
  multiplyAddAdd,
  nothing: () => true,
  addressOf: (w, i) => {
    w.set(i.d, String((((w.pc + 4) & ~3) + i.imm) | 0));
    return true;
  },
  moveTop: simple((read, i) => `(${read("d")}&65535)|${(i.imm << 16) | 0}`),
  bitFieldInsert: simple((read, { imm, amount }) => {
    const mask = fieldMask(imm, amount);
    return `(${read("d")}&${~mask})|((${read("n")}<<${imm})&${mask})`;
  }),
  bitFieldClear: simple((read, { imm, amount }) => `${read("d")}&${~fieldMask(imm, amount)}`),
  bitFieldUnsigned: simple((read, { imm, amount }) => `(${read("n")}>>>${imm})&${fieldMask(0, amount)}`),
  bitFieldSigned: simple((read, { imm, amount }) => `(${read("n")}<<${31 - amount - imm})>>${31 - amount}`),
  countLeadingZeros: simple((read) => `Math.clz32(${read("m")})`),
  reverseBytes: (w, i) => {
    w.write(`x=${w.register(i.m)};`);
    w.set(i.d, "(x<<24)|((x&65280)<<8)|((x>>>8)&65280)|(x>>>24)");
    return true;
  },
  reverseBytesInHalves: simple((read) => `((${read("m")}&16711935)<<8)|((${read("m")}>>>8)&16711935)`),
  reverseSignedHalf: simple((read) => `((${read("m")}&255)<<24>>16)|((${read("m")}>>>8)&255)`),
  multiplyWords: (w, i) => {
    w.write(`x=Math.imul(${w.register(i.n)},${w.register(i.m)});`);
    if (i.set !== 0) w.setLogic("x", undefined);
    w.write(`${w.target(i.d)}=x;`);
    return true;
  },
  multiplyWordsAdd: simple((read) => `${read("a")}+Math.imul(${read("n")},${read("m")})`),
  multiplySubtract: simple((read) => `${read("a")}-Math.imul(${read("n")},${read("m")})`),
  divideSigned: divide((n, m) => `${n}/${m}`),
  divideUnsigned: divide((n, m) => `(${n}>>>0)/(${m}>>>0)`),
};
