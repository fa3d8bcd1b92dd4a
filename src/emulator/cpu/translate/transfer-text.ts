import { INDEXING, type Instruction } from "../execute/instruction.ts";
import { registersOf } from "../execute/transfer.ts";
import type { Emit } from "./data-text.ts";
import { GRAIN_BITS } from "./windows.ts";
import type { Writer } from "./writer.ts";

/** Names of a window's arrays in the text: of the data D and of the code C. */
interface Access {
  readonly bytes: 1 | 2 | 4;
  /** Suffix of the array's name. */
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

/** Distance of the address in `a` from a window's start, into `o`. */
const offsetText = (start: number) => (start === 0 ? "o=a>>>0" : `o=(a-${start})>>>0`);

/** Whether `o` lies in a window, and may be read or written there, so many bytes from it, too. */
function isAdmitted(w: Writer, window: "data" | "code", mask: "rm" | "wm", bytes: number): string {
  const rights = w.view(window === "data" ? "DR" : "CR");
  w.view(mask);
  const size = w.windows[window].bytes;
  const conditions = [bytes > 4 ? `o<=${size - bytes}` : `o<${size}`, `(${rights}[o>>>${GRAIN_BITS}]&${mask})!==0`];
  for (let at = 1 << GRAIN_BITS; at < bytes - 4; at += 1 << GRAIN_BITS) conditions.push(grainAt(rights, at, mask));
  if (bytes > 4) conditions.push(grainAt(rights, bytes - 4, mask));
  return conditions.join("&&");
}

const grainAt = (rights: string, at: number, mask: string) => `(${rights}[(o+${at})>>>${GRAIN_BITS}]&${mask})!==0`;

/** Leaves where `a` is not a multiple. */
function alignedText(w: Writer, bytes: number): void {
  if (bytes > 1) w.write(`if((a&${bytes - 1})!==0)${w.bail}`);
}

const indexOf = (shift: number) => (shift === 0 ? "o" : `o>>>${shift}`);

/** Loads from `a` into x. @param isStack the code's window is not looked at: no stack lies there */
function loadText(w: Writer, { bytes, view, shift }: Access, isStack = false): void {
  alignedText(w, bytes);
  const { data, code } = w.windows;
  const index = indexOf(shift);
  w.write(`${offsetText(data.start)};if(${isAdmitted(w, "data", "rm", bytes)})x=${w.view(`D${view}`)}[${index}];`);
  if (isStack) return w.write(`else ${w.bail}`);
  w.write(`else{${offsetText(code.start)};`);
  w.write(`if(${isAdmitted(w, "code", "rm", bytes)})x=${w.view(`C${view}`)}[${index}];else ${w.bail}}`);
}

/** Stores an expression's low bytes at `a`. */
function storeText(w: Writer, { bytes, view, shift }: Access, value: string): void {
  alignedText(w, bytes);
  w.write(`${offsetText(w.windows.data.start)};if(${isAdmitted(w, "data", "wm", bytes)})`);
  w.write(`${w.view(`D${view}`)}[${indexOf(shift)}]=${value};else ${w.bail}`);
}

/** A register that memory gave its value. */
function loaded(w: Writer, register: number, value: string): void {
  if (register === 13) w.set(13, `${value}&-4`);
  else w.write(`${w.target(register)}=${value};`);
}

/** Base and offset into `a`. */
function addressText(w: Writer, i: Instruction): void {
  const base = w.register(i.n);
  if (i.n === 13 && i.indexing !== INDEXING.offset) {
    const lowest = i.indexing === INDEXING.pre || i.imm < 0 ? `(${base}+${i.imm})` : `(${base}|0)`;
    w.write(`if((${lowest}>>>0)<${w.view("lim")})${w.bail}`);
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
  loadText(w, access(by), i.n === 13);
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

/** A word of the code beside its region: a constant, for a region ends with what it was made of. */
const loadLiteral: Emit = (w, i, by) => {
  const address = (((w.pc + 4) & ~3) + i.imm) >>> 0;
  const { code } = w.windows;
  if (i.d !== 15 && access(by) === WORD && w.dependsOn(address)) {
    loaded(w, i.d, String(code.words[(address - code.start) >>> 2]));
    return true;
  }
  w.write(`a=${address | 0};`);
  loadText(w, access(by));
  if (i.d === 15) w.write(CHECK_EXCHANGE(w));
  else loaded(w, i.d, "x");
  return true;
};

const loadDual: Emit = (w, i) => {
  if (i.n === 15) return false;
  addressText(w, i);
  alignedText(w, 4);
  const { data, code } = w.windows;
  const [D, C] = [w.view("D32"), w.view("C32")];
  w.write(`${offsetText(data.start)};if(${isAdmitted(w, "data", "rm", 8)}){x=${D}[o>>>2];t=${D}[(o>>>2)+1]}`);
  w.write(`else{${offsetText(code.start)};if(${isAdmitted(w, "code", "rm", 8)}){x=${C}[o>>>2];t=${C}[(o>>>2)+1]}`);
  w.write(`else ${w.bail}}`);
  writeBack(w, i);
  w.write(`${w.target(i.d)}=x;${w.target(i.a)}=t;`);
  return true;
};

const storeDual: Emit = (w, i) => {
  if (i.n === 15 || i.d === 15 || i.a === 15) return false;
  // Both words or none: a fault in the second leaves the first written, which is the interpreter's to do.
  addressText(w, i);
  alignedText(w, 4);
  w.write(`${offsetText(w.windows.data.start)};if(${isAdmitted(w, "data", "wm", 8)}){o=o>>>2;`);
  w.write(`${w.view("D32")}[o]=${w.register(i.d)};D32[o+1]=${w.register(i.a)}}else ${w.bail}`);
  writeBack(w, i);
  return true;
};

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
  alignedText(w, 4);
  const { data, code } = w.windows;
  const bytes = 4 * count;
  const D = w.view("D32");
  if (i.n === 13) w.write(`${offsetText(data.start)};if(!(${isAdmitted(w, "data", "rm", bytes)}))${w.bail}`);
  else {
    w.write(`X=${D};${offsetText(data.start)};if(!(${isAdmitted(w, "data", "rm", bytes)})){X=${w.view("C32")};`);
    w.write(`${offsetText(code.start)};if(!(${isAdmitted(w, "code", "rm", bytes)}))${w.bail}}`);
  }
  w.write("o=o>>>2;");
  const from = i.n === 13 ? D : w.view("X");
  if (registers.at(-1) === 15) w.write(`x=${from}[o+${count - 1}];${CHECK_EXCHANGE(w)}`);
  if (i.set !== 0 && ((i.imm >> i.n) & 1) === 0) w.set(i.n, `${w.register(i.n)}+${moved}`);
  for (const [index, register] of registers.entries()) if (register !== 15) loaded(w, register, `${from}[o+${index}]`);
  return true;
};

const storeMultiple: Emit = (w, i) => {
  const registers = registersOf(i.imm);
  const count = registers.length;
  if (count === 0 || i.n === 15 || registers.at(-1) === 15) return false;
  const moved = spanText(w, i, count);
  if (i.n === 13 && i.set !== 0) w.write(`if(((r13+${moved})>>>0)<${w.view("lim")})${w.bail}`);
  alignedText(w, 4);
  w.write(`${offsetText(w.windows.data.start)};if(!(${isAdmitted(w, "data", "wm", 4 * count)}))${w.bail}o=o>>>2;`);
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
