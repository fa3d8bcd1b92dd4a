import type { Core } from "../state/core.ts";
import { load, loadAligned, store, storeAligned } from "../system/access.ts";
import { branchExchange } from "../system/branch-exchange.ts";
import { formed, INDEXING, type Instruction, type Run } from "./instruction.ts";

type Kind = { readonly bytes: 1 | 2 | 4; readonly extend?: (value: number) => number };

/** Kinds of loads and stores. */
const KIND = {
  byte: { bytes: 1 },
  half: { bytes: 2 },
  word: { bytes: 4 },
  signedByte: { bytes: 1, extend: (value) => (value << 24) >> 24 },
  signedHalf: { bytes: 2, extend: (value) => (value << 16) >> 16 },
} as const satisfies Record<string, Kind>;

type KindName = keyof typeof KIND;

/** A writeback to sp that would go below its limit faults before anything is accessed. */
function checkWriteback(core: Core, i: Instruction): void {
  if (i.n !== 13 || i.indexing === INDEXING.offset) return;
  const lowest = i.indexing === INDEXING.pre || i.imm < 0 ? core.get(13) + i.imm : core.get(13);
  if (lowest >>> 0 < (core.limits[core.stack] as number) >>> 0) core.raise("STKOF");
}

/** Base and immediate offset; writes the base back when asked, after `access` went well. */
function withImmediate(core: Core, i: Instruction, access: (address: number) => void): void {
  checkWriteback(core, i);
  const base = core.get(i.n);
  access(i.indexing === INDEXING.post ? base : base + i.imm);
  if (i.indexing !== INDEXING.offset) core.set(i.n, base + i.imm);
}

/** A loaded register; the PC takes it as BX does. */
function loaded(core: Core, register: number, value: number): void {
  if (register === 15) branchExchange(core, value);
  else if (register === 13) core.set(13, value & ~3);
  else core.set(register, value);
}

function read(core: Core, address: number, kind: Kind): number {
  const value = load(core, address, kind.bytes);
  return kind.extend ? kind.extend(value) : value;
}

export function loadImmediate(by: KindName): Run {
  const kind: Kind = KIND[by];
  const run: Run = (core, i) => {
    if (i.indexing === INDEXING.offset) {
      loaded(core, i.d, read(core, core.get(i.n) + i.imm, kind));
      return;
    }
    let value = 0;
    withImmediate(core, i, (address) => {
      value = read(core, address, kind);
    });
    loaded(core, i.d, value);
  };
  return formed("loadImmediate", run, by);
}

export function storeImmediate(by: KindName): Run {
  const { bytes } = KIND[by];
  const run: Run = (core, i) => {
    if (i.indexing === INDEXING.offset) store(core, core.get(i.n) + i.imm, bytes, core.get(i.d));
    else withImmediate(core, i, (address) => store(core, address, bytes, core.get(i.d)));
  };
  return formed("storeImmediate", run, by);
}

/** Base and register shifted left. */
export function loadRegister(by: KindName): Run {
  const kind: Kind = KIND[by];
  const run: Run = (core, i) => loaded(core, i.d, read(core, core.get(i.n) + (core.get(i.m) << i.amount), kind));
  return formed("loadRegister", run, by);
}

export function storeRegister(by: KindName): Run {
  const { bytes } = KIND[by];
  const run: Run = (core, i) => store(core, core.get(i.n) + (core.get(i.m) << i.amount), bytes, core.get(i.d));
  return formed("storeRegister", run, by);
}

/** From the word-aligned PC. */
export function loadLiteral(by: KindName): Run {
  const kind: Kind = KIND[by];
  const run: Run = (core, i) => loaded(core, i.d, read(core, (core.get(15) & ~3) + i.imm, kind));
  return formed("loadLiteral", run, by);
}

/** LDRT, STRT …: with the rights of unprivileged code. */
export function loadUnprivileged(by: KindName): Run {
  const kind: Kind = KIND[by];
  return (core, i) => {
    const value = load(core, core.get(i.n) + i.imm, kind.bytes, false);
    loaded(core, i.d, kind.extend ? kind.extend(value) : value);
  };
}

export function storeUnprivileged(by: KindName): Run {
  const { bytes } = KIND[by];
  return (core, i) => store(core, core.get(i.n) + i.imm, bytes, core.get(i.d), false);
}

export const loadDual = formed("loadDual", (core, i) => {
  let [first, second] = [0, 0];
  const access = (address: number) => {
    first = loadAligned(core, address, 4);
    second = loadAligned(core, address + 4, 4);
  };
  if (i.n === 15) access((core.get(15) & ~3) + i.imm);
  else withImmediate(core, i, access);
  core.set(i.d, first);
  core.set(i.a, second);
});

export const storeDual = formed("storeDual", (core, i) =>
  withImmediate(core, i, (address) => {
    storeAligned(core, address, 4, core.get(i.d));
    storeAligned(core, address + 4, 4, core.get(i.a));
  }),
);

function listed(list: number): number[] {
  return Array.from({ length: 16 }, (_, register) => register).filter((register) => ((list >> register) & 1) === 1);
}

/** Registers of a list, cached: LDM and STM run often. */
const LISTS: (readonly number[] | undefined)[] = [];

export function registersOf(list: number): readonly number[] {
  const known = LISTS[list];
  if (known) return known;
  const registers = listed(list);
  LISTS[list] = registers;
  return registers;
}

/** Lowest address of a transfer, and the base after it. `indexing` pre: downwards (DB); else upwards (IA). */
function span(core: Core, i: Instruction, count: number): readonly [number, number] {
  const base = core.get(i.n);
  return i.indexing === INDEXING.pre ? [base - 4 * count, base - 4 * count] : [base, base + 4 * count];
}

/** What LDM has read, until all of it is there. */
const VALUES = new Int32Array(16);

/** LDM, POP. `imm` is the register list, `set` the writeback. A fault leaves every register as it was. */
export const loadMultiple = formed("loadMultiple", (core, i) => {
  const registers = registersOf(i.imm);
  const [from, after] = span(core, i, registers.length);
  if (i.n === 13 && i.set !== 0 && i.indexing === INDEXING.pre) core.setCheckedStack(after);
  const count = registers.length;
  for (let index = 0; index < count; index += 1) VALUES[index] = loadAligned(core, from + 4 * index, 4);
  if (i.set !== 0 && ((i.imm >> i.n) & 1) === 0) core.set(i.n, after);
  for (let index = 0; index < count; index += 1) loaded(core, registers[index] as number, VALUES[index] as number);
});

/** STM, PUSH. */
export const storeMultiple = formed("storeMultiple", (core, i) => {
  const registers = registersOf(i.imm);
  const [from, after] = span(core, i, registers.length);
  if (i.n === 13 && i.set !== 0 && after >>> 0 < (core.limits[core.stack] as number) >>> 0) core.raise("STKOF");
  for (let index = 0; index < registers.length; index += 1) {
    storeAligned(core, from + 4 * index, 4, core.get(registers[index] as number));
  }
  if (i.set !== 0) core.set(i.n, after);
});

/** LDREX …, LDAEX …: tags the address. */
export function loadExclusive(by: KindName): Run {
  const { bytes } = KIND[by];
  return (core, i) => {
    const address = (core.get(i.n) + i.imm) >>> 0;
    const value = loadAligned(core, address, bytes);
    core.exclusive = address;
    core.set(i.d, value);
  };
}

/** STREX …, STLEX …: Rd (field `a`) is 0 when stored, 1 when the address was not tagged. */
export function storeExclusive(by: KindName): Run {
  const { bytes } = KIND[by];
  return (core, i) => {
    const address = (core.get(i.n) + i.imm) >>> 0;
    if ((address & (bytes - 1)) !== 0) core.raise("UNALIGNED", address);
    const tagged = core.exclusive === address;
    core.exclusive = -1;
    if (tagged) store(core, address, bytes, core.get(i.d));
    core.set(i.a, tagged ? 0 : 1);
  };
}

export const clearExclusive: Run = (core) => {
  core.exclusive = -1;
};

/** LDA …: aligned always; order needs nothing here, memory is in program order. */
export function loadAcquire(by: KindName): Run {
  const { bytes } = KIND[by];
  return (core, i) => core.set(i.d, loadAligned(core, core.get(i.n), bytes));
}

export function storeRelease(by: KindName): Run {
  const { bytes } = KIND[by];
  return (core, i) => storeAligned(core, core.get(i.n), bytes, core.get(i.d));
}
