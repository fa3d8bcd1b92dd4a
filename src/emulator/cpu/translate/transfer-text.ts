import { CODE_BLOCK_BITS } from "../../memory/ram.ts";
import { INDEXING, type Instruction } from "../execute/instruction.ts";
import { registersOf } from "../execute/transfer.ts";
import { ALLOWED } from "../state/core.ts";
import type { Emit } from "./data-text.ts";
import type { Writer } from "./writer.ts";

interface Access {
  readonly bytes: 1 | 2 | 4;
  /** Suffix of the view's name. */
  readonly view: string;
  /** How far an offset is shifted to be an index. */
  readonly shift: 0 | 1 | 2;
}

const ACCESS: Readonly<Record<string, Access>> = {
  byte: { bytes: 1, view: "8", shift: 0 },
  half: { bytes: 2, view: "16", shift: 1 },
  word: { bytes: 4, view: "32", shift: 2 },
  signedByte: { bytes: 1, view: "8s", shift: 0 },
  signedHalf: { bytes: 2, view: "16s", shift: 1 },
};

const WORD = ACCESS["word"] as Access;
const INDEX = (address: string) => `((${address}>>>5)^(${address}>>>17))&${ALLOWED - 1}`;
/** Whether the data window's block of an offset holds code: not 0. */
const MARK = (w: Writer, offset: string) => `${w.view("M")}[${offset}>>>${CODE_BLOCK_BITS}]`;

/** Whether the protection has not allowed this before; `a` plus a constant. Mirrors `Core.mayAccess`. */
function forbidden(w: Writer, kind: "RD" | "WR", address: string): string {
  return `${w.view(kind)}[${INDEX(address)}]!==(((${address})>>>2)&-8|rights)`;
}

/** Leaves where `a` is not aligned or not known to be allowed. */
function check(w: Writer, kind: "RD" | "WR", bytes: number): void {
  const conditions = [...(bytes > 1 ? [`(a&${bytes - 1})!==0`] : []), ...(w.guarded ? [forbidden(w, kind, "a")] : [])];
  if (conditions.length > 0) w.write(`if(${conditions.join("||")})${w.bail}`);
}

/** Loads from `a` into x. */
function loadText(w: Writer, { bytes, view, shift }: Access): void {
  const { data, code } = w.windows;
  check(w, "RD", bytes);
  const index = shift === 0 ? "o" : `o>>>${shift}`;
  w.write(`o=(a-${data.start})>>>0;if(o<${data.bytes})x=${w.view(`D${view}`)}[${index}];`);
  w.write(`else{o=(a-${code.start})>>>0;if(o<${code.bytes})x=${w.view(`C${view}`)}[${index}];else ${w.bail}}`);
}

/** Stores an expression's low bytes at `a`. */
function storeText(w: Writer, { bytes, view, shift }: Access, value: string): void {
  const { data } = w.windows;
  check(w, "WR", bytes);
  w.write(`o=(a-${data.start})>>>0;if(o>=${data.bytes}||${MARK(w, "o")}!==0)${w.bail}`);
  w.write(`${w.view(`D${view}`)}[${shift === 0 ? "o" : `o>>>${shift}`}]=${value};`);
}

/** A register that memory gave its value. */
function loaded(w: Writer, register: number, value: string): void {
  w.set(register, register === 13 ? `${value}&-4` : value);
}

/** Base and offset into `a`; `back` is the base afterwards. @returns false for what the interpreter does */
function addressText(w: Writer, i: Instruction): void {
  const base = w.register(i.n);
  if (i.n === 13 && i.indexing !== INDEXING.offset) {
    const lowest = i.indexing === INDEXING.pre || i.imm < 0 ? `(${base}+${i.imm})` : `(${base}|0)`;
    w.write(`if((${lowest}>>>0)<lim)${w.bail}`);
  }
  w.write(i.indexing === INDEXING.post ? `a=${base};` : `a=(${base}+${i.imm})|0;`);
}

function writeBack(w: Writer, i: Instruction): void {
  if (i.indexing !== INDEXING.offset) w.set(i.n, `${w.register(i.n)}+${i.imm}`);
}

/** Addresses that return from an exception or from a Non-secure function lie above: see `branchExchange`. */
const RETURNS_FROM = 0xf000_0000;

/** Where a load to the PC goes: an address as BX takes it, or the interpreter's. */
export const CHECK_EXCHANGE = (w: Writer) => `if((x&1)===0||(x>>>0)>=${RETURNS_FROM})${w.bail}`;

function access(by: string): Access {
  return ACCESS[by] ?? WORD;
}

const loadImmediate: Emit = (w, i, by) => {
  addressText(w, i);
  loadText(w, access(by));
  if (i.d === 15) w.write(CHECK_EXCHANGE(w));
  writeBack(w, i);
  if (i.d !== 15) loaded(w, i.d, "x");
  return true;
};

const storeImmediate: Emit = (w, i, by) => {
  if (i.d === 15 || i.n === 15) return false;
  addressText(w, i);
  storeText(w, access(by), w.register(i.d));
  writeBack(w, i);
  return true;
};

const shiftedIndex = (w: Writer, i: Instruction) => `a=(${w.register(i.n)}+(${w.register(i.m)}<<${i.amount}))|0;`;

const loadRegister: Emit = (w, i, by) => {
  w.write(shiftedIndex(w, i));
  loadText(w, access(by));
  if (i.d === 15) w.write(CHECK_EXCHANGE(w));
  else loaded(w, i.d, "x");
  return true;
};

const storeRegister: Emit = (w, i, by) => {
  if (i.d === 15 || i.n === 15) return false;
  w.write(shiftedIndex(w, i));
  storeText(w, access(by), w.register(i.d));
  return true;
};

const loadLiteral: Emit = (w, i, by) => {
  const address = (((w.pc + 4) & ~3) + i.imm) | 0;
  w.write(`a=${address};`);
  loadText(w, access(by));
  if (i.d === 15) w.write(CHECK_EXCHANGE(w));
  else loaded(w, i.d, "x");
  return true;
};

const loadDual: Emit = (w, i) => {
  if (i.n === 15) return false;
  addressText(w, i);
  loadText(w, WORD);
  w.write("t=x;a=(a+4)|0;");
  loadText(w, WORD);
  writeBack(w, i);
  w.set(i.d, "t");
  w.set(i.a, "x");
  return true;
};

const storeDual: Emit = (w, i) => {
  if (i.n === 15 || i.d === 15 || i.a === 15) return false;
  // Both words or none: a fault in the second leaves the first written, which is the interpreter's to do.
  addressText(w, i);
  multipleCheck(w, "WR", 2);
  const { data } = w.windows;
  w.write(`o=(a-${data.start})>>>0;if(o>${data.bytes - 8}||(${MARK(w, "o")}|${MARK(w, "(o+4)")})!==0)${w.bail}`);
  w.write(`${w.view("D32")}[o>>>2]=${w.register(i.d)};D32[(o>>>2)+1]=${w.register(i.a)};`);
  writeBack(w, i);
  return true;
};

/** Leaves where one of so many words from `a` is not aligned or not known to be allowed. */
function multipleCheck(w: Writer, kind: "RD" | "WR", count: number): void {
  const conditions = ["(a&3)!==0"];
  if (w.guarded) {
    conditions.push(forbidden(w, kind, "a"));
    for (let offset = 32; offset < 4 * count - 4; offset += 32) conditions.push(forbidden(w, kind, `(a+${offset})`));
    if (count > 1) conditions.push(forbidden(w, kind, `(a+${4 * count - 4})`));
  }
  w.write(`if(${conditions.join("||")})${w.bail}`);
}

/** Where the transfer begins, into `a`, and how far the base moves. */
function spanText(w: Writer, i: Instruction, count: number): number {
  const moved = i.indexing === INDEXING.pre ? -4 * count : 4 * count;
  w.write(`a=(${w.register(i.n)}${moved < 0 ? moved : ""})|0;`);
  return moved;
}

const loadMultiple: Emit = (w, i) => {
  const registers = registersOf(i.imm);
  const count = registers.length;
  if (count === 0 || i.n === 15 || (i.n === 13 && i.set !== 0 && i.indexing === INDEXING.pre)) return false;
  const moved = spanText(w, i, count);
  multipleCheck(w, "RD", count);
  const { data, code } = w.windows;
  w.write(`X=${w.view("D32")};o=(a-${data.start})>>>0;if(o>${data.bytes - 4 * count}){X=${w.view("C32")};`);
  w.write(`o=(a-${code.start})>>>0;if(o>${code.bytes - 4 * count})${w.bail}}o=o>>>2;`);
  if (registers.at(-1) === 15) w.write(`x=X[o+${count - 1}];${CHECK_EXCHANGE(w)}`);
  if (i.set !== 0 && ((i.imm >> i.n) & 1) === 0) w.set(i.n, `${w.register(i.n)}+${moved}`);
  for (const [index, register] of registers.entries()) if (register !== 15) loaded(w, register, `X[o+${index}]`);
  return true;
};

const storeMultiple: Emit = (w, i) => {
  const registers = registersOf(i.imm);
  const count = registers.length;
  if (count === 0 || i.n === 15 || registers.at(-1) === 15) return false;
  const moved = spanText(w, i, count);
  if (i.n === 13 && i.set !== 0) w.write(`if(((r13+${moved})>>>0)<lim)${w.bail}`);
  multipleCheck(w, "WR", count);
  const { data } = w.windows;
  const marks = `${MARK(w, "o")}|${MARK(w, `(o+${4 * count - 4})`)}`;
  w.write(`o=(a-${data.start})>>>0;if(o>${data.bytes - 4 * count}||(${marks})!==0)${w.bail}o=o>>>2;`);
  for (const [index, register] of registers.entries()) {
    w.write(`${w.view("D32")}[o+${index}]=${w.register(register)};`);
  }
  if (i.set !== 0) w.set(i.n, `${w.register(i.n)}+${moved}`);
  return true;
};

/** TBB, TBH: the entry of the table into x. */
export function tableEntryText(w: Writer, i: Instruction): void {
  w.write(shiftedIndex(w, i));
  loadText(w, i.amount === 0 ? access("byte") : access("half"));
}

/** Loads and stores, by the act of their form. A load to the PC leaves its address in x. */
export const TRANSFER: Readonly<Record<string, Emit>> = {
  loadImmediate,
  storeImmediate,
  loadRegister,
  storeRegister,
  loadLiteral,
  loadDual,
  storeDual,
  loadMultiple,
  storeMultiple,
};
