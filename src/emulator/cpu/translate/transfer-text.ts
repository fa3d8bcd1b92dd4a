import { INDEXING, type Instruction } from "../execute/instruction.ts";
import { registersOf } from "../execute/transfer.ts";
import type { Emit } from "./data-text.ts";
import { placeText } from "./joint-memory.ts";
import { loadKind } from "./port.ts";
import { STATE } from "./state.ts";
import { GRAIN_BITS } from "./windows.ts";
import type { Writer } from "./writer.ts";

interface Access {
  readonly bytes: 1 | 2 | 4;
  readonly isSigned: boolean;
  /** Name of the joint memory's array of this width. */
  readonly view: string;
  /** How far an offset is shifted to be an index. */
  readonly shift: 0 | 1 | 2;
}

const ACCESS: Readonly<Record<string, Access>> = {
  byte: { bytes: 1, isSigned: false, view: "M8", shift: 0 },
  half: { bytes: 2, isSigned: false, view: "M16", shift: 1 },
  word: { bytes: 4, isSigned: false, view: "M32", shift: 2 },
  signedByte: { bytes: 1, isSigned: true, view: "M8s", shift: 0 },
  signedHalf: { bytes: 2, isSigned: true, view: "M16s", shift: 1 },
};

const WORD = ACCESS["word"] as Access;

/**
 * Whether `a` is refused: it lies in neither memory, is no multiple, or may not be read or written. Leaves its place
 * in `o`. @param bytes of the whole transfer; more than 4 are words
 */
function refusalText(w: Writer, mask: "rm" | "wm", bytes: number): string {
  const { placing } = w.windows.joint;
  const rights = w.view("P");
  w.view(mask);
  const isOutside = (address: string) => `(${address}&${placing.outside | Math.min(bytes - 1, 3)})!==${placing.common}`;
  const conditions = [isOutside("a"), `(${rights}[(o=${placeText("a", placing)})>>>${GRAIN_BITS}]&${mask})===0`];
  const grain = 1 << GRAIN_BITS;
  for (let at = grain; at < bytes - 4; at += grain) conditions.push(grainAt(rights, at, mask));
  // The end of one memory lies beside the other's start.
  if (bytes > 4) conditions.push(isOutside(`(a+${bytes - 4})`), grainAt(rights, bytes - 4, mask));
  return conditions.join("||");
}

const grainAt = (rights: string, at: number, mask: string) => `(${rights}[(o+${at})>>>${GRAIN_BITS}]&${mask})===0`;

const indexOf = (shift: number) => (shift === 0 ? "o" : `o>>>${shift}`);

/**
 * Loads from `a`. @param done writes what happens to the value; written twice where the port may give it
 */
function loadText(w: Writer, { bytes, isSigned, view, shift }: Access, done: (value: string) => void): void {
  const value = `${w.view(view)}[${indexOf(shift)}]`;
  w.write(`if(${refusalText(w, "rm", bytes)})`);
  if (!w.usesPort) {
    w.write(w.bailOfAccess);
    done(value);
    return;
  }
  w.write(`{x=${w.view("Q")}(a,${w.left},${w.pc},${loadKind(bytes, isSigned)});`);
  portText(w, () => done("x"));
  w.write("}else{");
  done(value);
  w.write("}");
}

/** Behind an access through the port. @param done writes the rest of the instruction */
function portText(w: Writer, done: () => void): void {
  w.write(`${w.takeLeft}t=S[${STATE.stop}];if(t<0)${w.bail}`);
  done();
  w.write(`if(t>0)${w.leaveBehind}`);
}

/** Loads from `a` into x; what is refused is the interpreter's. */
function loadPlainText(w: Writer, { bytes, view, shift }: Access): void {
  w.write(`if(${refusalText(w, "rm", bytes)})${w.bail}x=${w.view(view)}[${indexOf(shift)}];`);
}

/** Stores an expression's low bytes at `a`. @param done writes the rest of the instruction */
function storeText(w: Writer, { bytes, view, shift }: Access, value: string, done: () => void): void {
  w.write(`if(${refusalText(w, "wm", bytes)})`);
  const store = `${w.view(view)}[${indexOf(shift)}]=${value};`;
  if (!w.usesPort) {
    w.write(`${w.bailOfAccess}${store}`);
    done();
    return;
  }
  w.write(`{${w.view("T")}(a,${value},${w.left},${w.pc},${bytes});`);
  portText(w, done);
  w.write(`}else{${store}`);
  done();
  w.write("}");
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
  if (i.d === 15) {
    loadPlainText(w, access(by));
    w.write(CHECK_EXCHANGE(w));
    writeBack(w, i);
    return true;
  }
  loadText(w, access(by), (value) => {
    writeBack(w, i);
    loaded(w, i.d, value);
  });
  return true;
};

const storeImmediate: Emit = (w, i, by) => {
  if (i.d === 15 || i.n === 15) return false;
  addressText(w, i);
  storeText(w, access(by), w.register(i.d), () => writeBack(w, i));
  return true;
};

const shiftedIndex = (w: Writer, i: Instruction) =>
  `a=(${w.register(i.n)}+${i.amount === 0 ? w.register(i.m) : `(${w.register(i.m)}<<${i.amount})`})|0;`;

const loadRegister: Emit = (w, i, by) => {
  w.write(shiftedIndex(w, i));
  if (i.d === 15) {
    loadPlainText(w, access(by));
    w.write(CHECK_EXCHANGE(w));
  } else loadText(w, access(by), (value) => loaded(w, i.d, value));
  return true;
};

const storeRegister: Emit = (w, i, by) => {
  if (i.d === 15 || i.n === 15) return false;
  w.write(shiftedIndex(w, i));
  storeText(w, access(by), w.register(i.d), () => undefined);
  return true;
};

/** A word of the code beside its region: a constant, for a region ends with what it was made of. */
const loadLiteral: Emit = (w, i, by) => {
  const address = (((w.pc + 4) & ~3) + i.imm) >>> 0;
  const { joint } = w.windows;
  if (i.d !== 15 && access(by) === WORD && w.dependsOn(address)) {
    loaded(w, i.d, String(joint.words[joint.placeOf(address) >>> 2]));
    return true;
  }
  w.write(`a=${address | 0};`);
  if (i.d === 15) {
    loadPlainText(w, access(by));
    w.write(CHECK_EXCHANGE(w));
  } else loadText(w, access(by), (value) => loaded(w, i.d, value));
  return true;
};

const loadDual: Emit = (w, i) => {
  if (i.n === 15) return false;
  addressText(w, i);
  const M = w.view("M32");
  w.write(`if(${refusalText(w, "rm", 8)})${w.bail}o=o>>>2;x=${M}[o];t=${M}[o+1];`);
  writeBack(w, i);
  w.write(`${w.target(i.d)}=x;${w.target(i.a)}=t;`);
  return true;
};

const storeDual: Emit = (w, i) => {
  if (i.n === 15 || i.d === 15 || i.a === 15) return false;
  // Both words or none: a fault in the second leaves the first written, which is the interpreter's to do.
  addressText(w, i);
  const M = w.view("M32");
  w.write(`if(${refusalText(w, "wm", 8)})${w.bail}`);
  w.write(`o=o>>>2;${M}[o]=${w.register(i.d)};${M}[o+1]=${w.register(i.a)};`);
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
  const M = w.view("M32");
  w.write(`if(${refusalText(w, "rm", 4 * count)})${w.bail}o=o>>>2;`);
  if (registers.at(-1) === 15) w.write(`x=${M}[o+${count - 1}];${CHECK_EXCHANGE(w)}`);
  if (i.set !== 0 && ((i.imm >> i.n) & 1) === 0) w.set(i.n, `${w.register(i.n)}+${moved}`);
  for (const [index, register] of registers.entries()) if (register !== 15) loaded(w, register, `${M}[o+${index}]`);
  return true;
};

const storeMultiple: Emit = (w, i) => {
  const registers = registersOf(i.imm);
  const count = registers.length;
  if (count === 0 || i.n === 15 || registers.at(-1) === 15) return false;
  const moved = spanText(w, i, count);
  if (i.n === 13 && i.set !== 0) w.write(`if(((r13+${moved})>>>0)<${w.view("lim")})${w.bail}`);
  w.write(`if(${refusalText(w, "wm", 4 * count)})${w.bail}o=o>>>2;`);
  for (const [index, register] of registers.entries()) {
    w.write(`${w.view("M32")}[o+${index}]=${w.register(register)};`);
  }
  if (i.set !== 0) w.set(i.n, `${w.register(i.n)}+${moved}`);
  return true;
};

/** TBB, TBH: the entry of the table into x. */
export function tableEntryText(w: Writer, i: Instruction): void {
  w.write(shiftedIndex(w, i));
  loadPlainText(w, i.amount === 0 ? access("byte") : access("half"));
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
