import type { Core } from "../state/core.ts";
import { load } from "../system/access.ts";
import { branchExchange, branchLinkExchange } from "../system/branch-exchange.ts";
import { formed, type Run } from "./instruction.ts";

/** Conditions from here on hold always. */
export const ALWAYS = 14;

/** Pairs of conditions by the upper bits of their number; the lowest bit turns one round. AL and what follows it hold. */
function pairHolds({ n, z, c, v }: Core, pair: number): boolean {
  switch (pair) {
    case 0:
      return z === 0;
    case 1:
      return c === 1;
    case 2:
      return n < 0;
    case 3:
      return v === 1;
    case 4:
      return c === 1 && z !== 0;
    case 5:
      return n < 0 === (v === 1);
    default:
      return z !== 0 && n < 0 === (v === 1);
  }
}

/**
 * @param condition 0 to 15; @returns whether it holds now.
 * Source: Armv8-M ARM (DDI 0553), C1.3.1, condition codes.
 */
export function holds(core: Core, condition: number): boolean {
  return condition >= ALWAYS || pairHolds(core, condition >> 1) === ((condition & 1) === 0);
}

export const branch = formed("branch", (core, i) => core.branch(core.get(15) + i.imm));

/** B<cond>: the condition stands in `a`. */
export const branchIf = formed("branchIf", (core, i) => {
  if (holds(core, i.a)) core.branch(core.get(15) + i.imm);
});

export const branchLink = formed("branchLink", (core, i) => {
  core.set(14, core.next | 1);
  core.branch(core.get(15) + i.imm);
});

export const branchRegister = formed("branchRegister", (core, i) => branchExchange(core, core.get(i.m)));

/** BXNS: to the Non-secure state when bit 0 of the address is clear. */
export const branchNonSecure: Run = (core, i) => branchExchange(core, core.get(i.m), { nonSecure: true });

export const branchLinkRegister = formed("branchLinkRegister", (core, i) =>
  branchLinkExchange(core, core.get(i.m), { nonSecure: false }),
);
export const branchLinkNonSecure: Run = (core, i) => branchLinkExchange(core, core.get(i.m), { nonSecure: true });

/** CBZ (`set` 0) and CBNZ (`set` 1). */
export const compareBranch = formed("compareBranch", (core, i) => {
  if ((core.get(i.n) === 0) === (i.set === 0)) core.branch(core.get(15) + i.imm);
});

/** TBB and TBH: `amount` 1 for halfwords. */
export const tableBranch = formed("tableBranch", (core, i) => {
  const entry = load(core, core.get(i.n) + (core.get(i.m) << i.amount), i.amount === 0 ? 1 : 2);
  core.branch(core.get(15) + 2 * entry);
});

/** IT: the state as the instruction gives it. Source: DDI 0553, IT, "ITSTATE = firstcond:mask". */
export const ifThen = formed("ifThen", (core, i) => {
  core.it = i.imm;
});

/** @returns ITSTATE after one instruction. Source: DDI 0553, ITAdvance. */
export function advanced(it: number): number {
  return (it & 7) === 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
}
