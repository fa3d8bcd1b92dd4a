import { advanced } from "../execute/branch.ts";
import type { Instruction } from "../execute/instruction.ts";

/** An instruction where it stands. */
export interface Placed {
  readonly pc: number;
  readonly instruction: Instruction;
  /** Its IT state; 0 outside an IT block. */
  readonly it: number;
}

/** Instructions that run one after the other. */
export interface Block {
  readonly start: number;
  readonly instructions: readonly Placed[];
  /** What comes after the last one where it does not branch. */
  readonly next: number;
}

const BLOCKS_MAX = 48;
const INSTRUCTIONS_MAX = 120;
const BLOCK_MAX = 64;

/** Acts of control flow: the block ends behind them. */
const CONDITIONAL = new Set(["branchIf", "compareBranch"]);
const CALLS = new Set(["branchLink", "branchLinkRegister"]);
const JUMPS = new Set(["branch", "branchRegister", "tableBranch"]);
const TO_PC = new Set(["loadImmediate", "loadRegister", "loadLiteral", "addHigh", "moveHigh"]);

/** What kind of act it is; "" for what only the interpreter does. */
export function actOf({ run }: Instruction): string {
  return run.form?.act ?? "";
}

/** IT state behind an instruction. */
export function itAfter({ instruction, it }: Placed): number {
  return it === 0 && actOf(instruction) === "ifThen" ? instruction.imm : advanced(it);
}

/** Whether control goes elsewhere by this instruction, perhaps. */
export function isBranch(instruction: Instruction): boolean {
  const { d, imm } = instruction;
  const act = actOf(instruction);
  if (CONDITIONAL.has(act) || CALLS.has(act) || JUMPS.has(act)) return true;
  return (TO_PC.has(act) && d === 15) || (act === "loadMultiple" && (imm & 0x8000) !== 0);
}

/** Addresses that an instruction may go to and that are known. */
function targets({ pc, instruction, it }: Placed): readonly number[] {
  const { run, imm, bytes } = instruction;
  const act = actOf(instruction);
  const after = pc + bytes;
  const to = (pc + 4 + imm) >>> 0;
  if (run.form === undefined) return [after];
  if (CONDITIONAL.has(act)) return [after, to];
  if (act === "branchLink") return [to, after];
  if (act === "branchLinkRegister") return [after];
  if (act === "branch") return it === 0 ? [to] : [after, to];
  return it === 0 ? [] : [after];
}

/**
 * Blocks that are reached from an address by direct branches and calls. Other regions may have some of them, too: what
 * is called in a loop is best in the same function as the loop.
 * @param decode undefined where nothing can be fetched
 */
export function blocksFrom(entry: number, decode: (pc: number) => Instruction | undefined): readonly Block[] {
  const placed = new Map<number, Placed>();
  const leaders = new Set<number>([entry]);
  const waiting = [entry];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    if (placed.has(at) || placed.size >= INSTRUCTIONS_MAX) continue;
    for (const target of straight(at, decode, placed)) {
      if (leaders.has(target) || leaders.size >= BLOCKS_MAX) continue;
      leaders.add(target);
      waiting.push(target);
    }
  }
  const starts = [...leaders].filter((start) => (placed.get(start)?.it ?? 1) === 0);
  return starts.toSorted((a, b) => a - b).map((start) => blockAt(start, placed, leaders));
}

/** Reads on until control goes elsewhere. @returns where to */
function straight(
  start: number,
  decode: (pc: number) => Instruction | undefined,
  placed: Map<number, Placed>,
): readonly number[] {
  let it = 0;
  for (let pc = start; ; ) {
    if (placed.has(pc)) return it === 0 ? [pc] : [];
    const instruction = decode(pc);
    if (instruction === undefined) return [];
    const one: Placed = { pc, instruction, it };
    placed.set(pc, one);
    it = itAfter(one);
    if (isBranch(instruction) || instruction.run.form === undefined) return it === 0 ? targets(one) : [];
    pc += instruction.bytes;
    if (placed.size >= INSTRUCTIONS_MAX && it === 0) return [pc];
  }
}

function blockAt(start: number, placed: Map<number, Placed>, leaders: ReadonlySet<number>): Block {
  const instructions: Placed[] = [];
  let pc = start;
  let it = 0;
  for (;;) {
    const one = placed.get(pc);
    if (one === undefined || one.it !== it) break;
    if (instructions.length > 0 && it === 0 && (leaders.has(pc) || instructions.length >= BLOCK_MAX)) break;
    instructions.push(one);
    const { instruction } = one;
    it = itAfter(one);
    pc += instruction.bytes;
    if (isBranch(instruction) || instruction.run.form === undefined) break;
  }
  return { start, instructions, next: pc };
}
