import { fieldMask } from "../execute/bits.ts";
import { type Instruction, SHIFT } from "../execute/instruction.ts";
import type { Writer } from "./writer.ts";

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
  if (shift === SHIFT.rrx) return { value: `((${w.carry()}?-2147483648:0)|(${r}>>>1))`, carry: `${r}&1` };
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

/** N and Z of x, and the shifter's carry. */
function setLogicFlags(w: Writer, carry: string | undefined): void {
  if (carry !== undefined) {
    w.keep();
    w.write(`c=${carry};`);
  }
  w.write("n=z=x;");
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
  w.write(`x=(${text})|0;`);
  setLogicFlags(w, carry);
  w.set(i.d, "x");
  return true;
}

export function logicalTestText(w: Writer, i: Instruction, by: string, from: string): boolean {
  const n = w.register(i.n);
  const { value, carry } = operandOf(w, i, from);
  const text = LOGIC[by]?.(n, value);
  if (text === undefined) return false;
  w.write(`x=(${text})|0;`);
  setLogicFlags(w, carry);
  return true;
}

/** The sum into x; its flags when asked for. */
function sumText(w: Writer, i: Instruction, { by, from, set }: { by: string; from: string; set: boolean }): void {
  const { value } = operandOf(w, i, from);
  const n = w.register(i.n);
  if (by === "adc" || by === "sbc") {
    const [b, carry] = [by === "adc" ? value : `~${value}`, `(${w.carry()}?1:0)`];
    if (!set) return w.write(`x=(${n}+(${b})+${carry})|0;`);
    w.keep();
    w.write(`x=${n};o=${b};t=(x+o+c)|0;`);
    w.write("c=((x&o)|((x|o)&~t))>>>31;v=((x^t)&(o^t))>>>31;n=z=x=t;");
    return;
  }
  const [a, b] = by === "rsb" ? [value, n] : [n, value];
  const sign = by === "add" ? "+" : "-";
  if (!set) return w.write(`x=(${a}${sign}${b})|0;`);
  w.write(`x=${a};fb=${b};fa=x;n=z=x=fr=(fa${sign}fb)|0;`);
  w.setFlags(by === "add" ? "sum" : "difference");
}

export function arithmeticText(w: Writer, i: Instruction, by: string, from: string): boolean {
  if (i.d === 15) return false;
  if (i.d === 13) {
    // A result below the limit faults, after its flags are set: the interpreter's.
    if (i.set !== 0) return false;
    sumText(w, i, { by, from, set: false });
    setCheckedStack(w, "x");
    return true;
  }
  sumText(w, i, { by, from, set: i.set !== 0 });
  w.set(i.d, "x");
  return true;
}

export function setCheckedStack(w: Writer, value: string): void {
  w.write(`if((${value}>>>0)<lim)${w.bail}`);
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
  if (i.set !== 0) w.keep();
  const [result, carry] = byRegister(i.shift);
  if (i.set !== 0) w.write(`if(t!==0)c=${carry};`);
  w.write(`x=${result};`);
  if (i.set !== 0) w.write("n=z=x;");
  w.set(i.d, "x");
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

const multiplyLong: Emit = (w, i, by) => {
  w.write(`x=${w.register(i.n)};o=${w.register(i.m)};`);
  w.set(i.d, `${by}(x,o)`);
  w.set(i.a, "Math.imul(x,o)");
  return true;
};

const multiplyAddLong: Emit = (w, i, by) => {
  w.write(`x=${w.register(i.n)};o=${w.register(i.m)};t=Math.imul(x,o);k=(t+${w.register(i.a)})|0;`);
  w.set(i.d, `${by}(x,o)+${w.register(i.d)}+((k>>>0)<(t>>>0)?1:0)`);
  w.set(i.a, "k");
  return true;
};

const multiplyAddAdd: Emit = (w, i) => {
  w.write(`x=${w.register(i.n)};o=${w.register(i.m)};t=Math.imul(x,o);k=(t+${w.register(i.a)})|0;`);
  w.write(`a=(k+${w.register(i.d)})|0;`);
  w.set(i.d, "unsigned(x,o)+((k>>>0)<(t>>>0)?1:0)+((a>>>0)<(k>>>0)?1:0)");
  w.set(i.a, "a");
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
    if (i.set !== 0) w.write("n=z=x;");
    w.set(i.d, "x");
    return true;
  },
  multiplyWordsAdd: simple((read) => `${read("a")}+Math.imul(${read("n")},${read("m")})`),
  multiplySubtract: simple((read) => `${read("a")}-Math.imul(${read("n")},${read("m")})`),
  divideSigned: divide((n, m) => `${n}/${m}`),
  divideUnsigned: divide((n, m) => `(${n}>>>0)/(${m}>>>0)`),
};
