import type { Core } from "../state/core.ts";
import { load } from "../system/access.ts";
import { branchExchange, branchLinkExchange } from "../system/branch-exchange.ts";
import type { Run } from "./instruction.ts";

type Condition = (core: Core) => boolean;

const greaterOrEqual: Condition = ({ n, v }) => n < 0 === (v === 1);

/** Conditions by their number. Source: Armv8-M ARM (DDI 0553), C1.3.1, condition codes. */
const CONDITIONS: readonly Condition[] = [
  ({ z }) => z === 0,
  ({ z }) => z !== 0,
  ({ c }) => c === 1,
  ({ c }) => c === 0,
  ({ n }) => n < 0,
  ({ n }) => n >= 0,
  ({ v }) => v === 1,
  ({ v }) => v === 0,
  ({ c, z }) => c === 1 && z !== 0,
  ({ c, z }) => c === 0 || z === 0,
  greaterOrEqual,
  (core) => !greaterOrEqual(core),
  (core) => core.z !== 0 && greaterOrEqual(core),
  (core) => core.z === 0 || !greaterOrEqual(core),
  () => true,
  () => true,
];

/** @param condition 0 to 15; @returns whether it holds now. */
export function holds(core: Core, condition: number): boolean {
  return (CONDITIONS[condition] as Condition)(core);
}

export const branch: Run = (core, i) => core.branch(core.get(15) + i.imm);

/** B<cond>: the condition stands in `a`. */
export const branchIf: Run = (core, i) => {
  if (holds(core, i.a)) core.branch(core.get(15) + i.imm);
};

export const branchLink: Run = (core, i) => {
  core.set(14, core.next | 1);
  core.branch(core.get(15) + i.imm);
};

export const branchRegister: Run = (core, i) => branchExchange(core, core.get(i.m));

/** BXNS: to the Non-secure state when bit 0 of the address is clear. */
export const branchNonSecure: Run = (core, i) => branchExchange(core, core.get(i.m), { nonSecure: true });

export const branchLinkRegister: Run = (core, i) => branchLinkExchange(core, core.get(i.m), { nonSecure: false });
export const branchLinkNonSecure: Run = (core, i) => branchLinkExchange(core, core.get(i.m), { nonSecure: true });

/** CBZ (`set` 0) and CBNZ (`set` 1). */
export const compareBranch: Run = (core, i) => {
  if ((core.get(i.n) === 0) === (i.set === 0)) core.branch(core.get(15) + i.imm);
};

/** TBB and TBH: `amount` 1 for halfwords. */
export const tableBranch: Run = (core, i) => {
  const entry = load(core, core.get(i.n) + (core.get(i.m) << i.amount), i.amount === 0 ? 1 : 2);
  core.branch(core.get(15) + 2 * entry);
};

/** IT: the state as the instruction gives it. Source: DDI 0553, IT, "ITSTATE = firstcond:mask". */
export const ifThen: Run = (core, i) => {
  core.it = i.imm;
};

/** @returns ITSTATE after one instruction. Source: DDI 0553, ITAdvance. */
export function advanced(it: number): number {
  return (it & 7) === 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
}
