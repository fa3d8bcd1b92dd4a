import type { Instruction } from "../execute/instruction.ts";
import { SHIFT } from "../execute/instruction.ts";
import { actOf, type Placed } from "./blocks.ts";
import { CONDITION_FLAG } from "./writer.ts";

/** What an instruction has to do with the flags. */
interface Effect {
  /** Flags that it sets whatever happens, and those that it looks at. */
  readonly sets: number;
  readonly reads: number;
}

/** It may leave the region, or is not known here: who comes next may look at all of them. */
const READS_ALL: Effect = { sets: 0, reads: CONDITION_FLAG.all };

/** Data processing that never leaves a region, and has no flags. */
const QUIET = new Set([
  ...["extend", "nothing", "addressOf", "moveTop", "multiplyLong", "multiplyAddLong", "multiplyAddAdd"],
  ...["bitFieldInsert", "bitFieldClear", "bitFieldUnsigned", "bitFieldSigned", "countLeadingZeros"],
  ...["reverseBytes", "reverseBytesInHalves", "reverseSignedHalf", "multiplyWordsAdd", "multiplySubtract"],
]);

const CARRY_USERS = new Set(["adc", "sbc"]);

function effectOf(i: Instruction): Effect {
  const act = actOf(i);
  const { form } = i.run;
  if (form === undefined || (i.d >= 13 && act !== "compare" && act !== "logicalTest")) return READS_ALL;
  if (QUIET.has(act)) return { sets: 0, reads: 0 };
  if (act === "moveHigh" || act === "addHigh" || act === "multiplyWords" || act === "shiftByRegister") {
    // A shift by a register may leave the carry as it is.
    return { sets: i.set === 0 ? 0 : CONDITION_FLAG.nz, reads: 0 };
  }
  const sets = i.set !== 0 || act === "compare" || act === "logicalTest";
  if (act === "arithmetic" || act === "compare") {
    return { sets: sets ? CONDITION_FLAG.all : 0, reads: CARRY_USERS.has(form.by) ? CONDITION_FLAG.c : 0 };
  }
  if (act !== "logical" && act !== "logicalTest") return READS_ALL;
  const isShifted = form.operand === "register" ? i.amount !== 0 || i.shift === SHIFT.rrx : i.carry >= 0;
  const reads = form.operand === "register" && i.shift === SHIFT.rrx ? CONDITION_FLAG.c : 0;
  return { sets: sets ? CONDITION_FLAG.nz | (isShifted ? CONDITION_FLAG.c : 0) : 0, reads };
}

/** Flags that something looks at behind each instruction of a block, before they are set again. */
export function liveFlags(instructions: readonly Placed[]): readonly number[] {
  const live: number[] = Array.from(instructions, () => CONDITION_FLAG.all);
  let behind: number = CONDITION_FLAG.all;
  for (let at = instructions.length - 1; at >= 0; at -= 1) {
    const { instruction, it } = instructions[at] as Placed;
    live[at] = behind;
    const { sets, reads } = it === 0 ? effectOf(instruction) : READS_ALL;
    behind = (behind & ~sets) | reads;
  }
  return live;
}
