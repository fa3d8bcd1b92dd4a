import type { Core } from "../state/core.ts";
import { loadAligned, storeAligned } from "../system/access.ts";
import { floating } from "./floating.ts";
import { INDEXING, type Instruction } from "./instruction.ts";

/** VLDR: `amount` words from the base, which may be the aligned PC. */
export const loadFloat = floating((core, i) => {
  requireRegisters(core, i);
  const address = baseOf(core, i) + i.imm;
  const words = Array.from({ length: i.amount }, (_, index) => loadAligned(core, address + 4 * index, 4));
  core.s.set(words, i.d);
});

export const storeFloat = floating((core, i) => {
  requireRegisters(core, i);
  const address = baseOf(core, i) + i.imm;
  for (let index = 0; index < i.amount; index += 1) {
    storeAligned(core, address + 4 * index, 4, core.s[i.d + index] as number);
  }
});

/** None, or some behind the last one (D16 to D31 are not there): UNPREDICTABLE, and here undefined. */
function requireRegisters(core: Core, { d, amount }: Instruction): void {
  if (amount === 0 || d + amount > core.s.length) core.raise("UNDEFINSTR");
}

function baseOf(core: Core, i: Instruction): number {
  return i.n === 15 ? core.get(15) & ~3 : core.get(i.n);
}

/** Lowest address and the base afterwards; `imm` is the length in bytes. @throws CpuFault STKOF */
function span(core: Core, i: Instruction): readonly [number, number] {
  requireRegisters(core, i);
  const base = baseOf(core, i);
  const down = i.indexing === INDEXING.pre;
  const after = down ? base - i.imm : base + i.imm;
  const checked = i.n === 13 && i.set === 1 && down;
  if (checked && after >>> 0 < (core.limits[core.stack] as number) >>> 0) core.raise("STKOF");
  return [down ? after : base, after];
}

/** VLDM, VPOP. */
export const loadFloats = floating((core, i) => {
  const [from, after] = span(core, i);
  const words = Array.from({ length: i.amount }, (_, index) => loadAligned(core, from + 4 * index, 4));
  core.s.set(words, i.d);
  if (i.set === 1) core.set(i.n, after);
});

/** VSTM, VPUSH. */
export const storeFloats = floating((core, i) => {
  const [from, after] = span(core, i);
  for (let index = 0; index < i.amount; index += 1) {
    storeAligned(core, from + 4 * index, 4, core.s[i.d + index] as number);
  }
  if (i.set === 1) core.set(i.n, after);
});
