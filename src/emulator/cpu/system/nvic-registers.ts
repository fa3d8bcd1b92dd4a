import type { Bank, Core } from "../state/core.ts";
import { EXCEPTION } from "../state/cpu-fault.ts";
import { pend } from "./pend.ts";
import { merged, type Register } from "./register.ts";

const WORDS = 16;
const PRIORITY_WORDS = 124;

/** @returns whether software of this bank sees an interrupt: Non-secure code only its own. */
function isVisible(core: Core, bank: Bank, exception: number): boolean {
  if (exception >= core.system.count) return false;
  return !core.config.security || bank === 1 || core.system.exceptions.nonSecure[exception] === 1;
}

/** One bit for each of 32 interrupts. */
function gathered(core: Core, bank: Bank, index: number, states: Uint8Array): number {
  let word = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    const exception = EXCEPTION.irq0 + 32 * index + bit;
    if (isVisible(core, bank, exception) && states[exception] === 1) word |= 1 << bit;
  }
  return word;
}

/** Calls for each bit that is written as one. */
function forEachSet(core: Core, bank: Bank, index: number, value: number, act: (exception: number) => void): void {
  for (let bit = 0; bit < 32; bit += 1) {
    const exception = EXCEPTION.irq0 + 32 * index + bit;
    if (((value >>> bit) & 1) === 1 && isVisible(core, bank, exception)) act(exception);
  }
}

type Which = "enabled" | "pending" | "active";

/** A pair of set and clear registers over one state; the active bits can be read alone. */
function bits(offset: number, name: string, which: Which, written: 0 | 1 | undefined): Register {
  const read: Register["read"] = (core, bank, index) => gathered(core, bank, index, core.system.exceptions[which]);
  if (written === undefined) return { offset, name, count: WORDS, read };
  return {
    offset,
    name,
    count: WORDS,
    read,
    write: (core, bank, value, index) =>
      forEachSet(core, bank, index, value, (exception) => {
        core.system.exceptions[which][exception] = written;
      }),
  };
}

function priorities(core: Core, bank: Bank, index: number): number {
  let word = 0;
  for (let lane = 0; lane < 4; lane += 1) {
    const exception = EXCEPTION.irq0 + 4 * index + lane;
    if (isVisible(core, bank, exception)) {
      word |= (core.system.exceptions.priority[exception] as number) << (8 * lane);
    }
  }
  return word;
}

/** Registers of the interrupt controller. Source: Armv8-M ARM (DDI 0553), D1.1.10. */
export const INTERRUPT_REGISTERS: readonly Register[] = [
  { offset: 0x004, name: "ICTR", read: (core) => (core.config.interrupts - 1) >> 5 },
  bits(0x100, "NVIC_ISER", "enabled", 1),
  bits(0x180, "NVIC_ICER", "enabled", 0),
  bits(0x200, "NVIC_ISPR", "pending", 1),
  bits(0x280, "NVIC_ICPR", "pending", 0),
  bits(0x300, "NVIC_IABR", "active", undefined),
  {
    offset: 0x380,
    name: "NVIC_ITNS",
    count: WORDS,
    read: (core, bank, index) => (bank === 1 ? gathered(core, 1, index, core.system.exceptions.nonSecure) : 0),
    write: (core, bank, value, index) => {
      if (bank !== 1) return;
      for (let bit = 0; bit < 32; bit += 1) {
        const exception = EXCEPTION.irq0 + 32 * index + bit;
        if (exception < core.system.count) core.system.exceptions.nonSecure[exception] = (value >>> bit) & 1;
      }
    },
  },
  {
    offset: 0x400,
    name: "NVIC_IPR",
    count: PRIORITY_WORDS,
    byBytes: true,
    read: priorities,
    write: (core, bank, value, index, mask) => {
      const word = merged(priorities(core, bank, index), value, mask);
      for (let lane = 0; lane < 4; lane += 1) {
        const exception = EXCEPTION.irq0 + 4 * index + lane;
        if (!isVisible(core, bank, exception)) continue;
        core.system.exceptions.priority[exception] = (word >>> (8 * lane)) & core.system.priorityMask;
      }
    },
  },
  {
    offset: 0xf00,
    name: "STIR",
    write: (core, bank, value) => {
      const exception = EXCEPTION.irq0 + (value & 0x1ff);
      if (isVisible(core, bank, exception)) pend(core, exception, bank);
    },
  },
];
