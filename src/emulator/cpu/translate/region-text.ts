import { ALWAYS, advanced } from "../execute/branch.ts";
import type { Instruction } from "../execute/instruction.ts";
import { actOf, type Block, isBranch, itAfter, type Placed } from "./blocks.ts";
import { arithmeticText, compareText, DATA, logicalTestText, logicalText, setCheckedStack } from "./data-text.ts";
import { liveFlags } from "./live-flags.ts";
import type { Exit } from "./region.ts";
import { STATE } from "./state.ts";
import { CHECK_EXCHANGE, TRANSFER, tableEntryText } from "./transfer-text.ts";
import type { Windows } from "./windows.ts";
import { Writer } from "./writer.ts";

/** Index of a block that is not there. */
const NONE = 255;
/** The table of blocks by address spans no more than so many halfwords. */
const SPAN_MAX = 0x8000;

const BY_OPERAND = {
  logical: logicalText,
  logicalTest: logicalTestText,
  arithmetic: arithmeticText,
  compare: compareText,
} as const;

/** Writes one instruction that does not branch. @returns false where only the interpreter does it */
function plainText(w: Writer, i: Instruction): boolean {
  const { form } = i.run;
  if (form === undefined) return false;
  const act = form.act as keyof typeof BY_OPERAND;
  if (act in BY_OPERAND) return BY_OPERAND[act](w, i, form.by, form.operand);
  if (form.act === "addHigh" || form.act === "moveHigh") return highText(w, i, form.act);
  return (DATA[form.act] ?? TRANSFER[form.act])?.(w, i, form.by) ?? false;
}

/** Of high registers: the one that is written may be sp or pc, whose value is left in x. */
function highText(w: Writer, i: Instruction, act: "addHigh" | "moveHigh"): boolean {
  if (i.d === 13 && i.set !== 0) return false;
  const value = act === "moveHigh" ? w.register(i.m) : `(${w.register(i.n)}+${w.register(i.m)})|0`;
  if (i.d < 13 || i.d === 14) w.write(`${w.target(i.d)}=${value};`);
  else w.write(`x=${value};`);
  if (i.d === 13) setCheckedStack(w, "x");
  if (i.set !== 0) w.setLogic(i.d === 15 ? "x" : w.register(i.d), undefined);
  return true;
}

/** The text of a region, and where its blocks are. */
interface RegionText {
  readonly text: string;
  readonly exits: readonly Exit[];
  /** Addresses of words that stand in the text as constants. */
  readonly literals: ReadonlySet<number>;
  /** Index of a block by (address - first address) / 2; 255: none. */
  readonly table: Uint8Array;
}

/** Writes blocks down as a function; see `Translated`. */
export class RegionWriter {
  readonly #w: Writer;
  readonly #blocks: readonly Block[];
  readonly #index = new Map<number, number>();

  constructor(blocks: readonly Block[], windows: Windows, isConstant: (address: number) => boolean) {
    this.#w = new Writer(windows, isConstant);
    this.#blocks = blocks;
    for (const [index, { start }] of blocks.entries()) this.#index.set(start, index);
  }

  write(): RegionText {
    for (const [index, block] of this.#blocks.entries()) this.#block(index, block);
    const { exits, literals } = this.#w;
    return { text: this.#framed(), exits, literals, table: this.#table() };
  }

  get #first(): number {
    return this.#blocks[0]?.start ?? 0;
  }

  get #tableLength(): number {
    const last = this.#blocks.at(-1)?.start ?? 0;
    return Math.min((last - this.#first) / 2 + 1, SPAN_MAX);
  }

  #table(): Uint8Array {
    const table = new Uint8Array(this.#tableLength).fill(NONE);
    for (const [index, { start }] of this.#blocks.entries()) {
      const at = (start - this.#first) / 2;
      if (at < table.length) table[at] = index;
    }
    return table;
  }

  #block(index: number, { start, instructions, next }: Block): void {
    const w = this.#w;
    w.block(index, start, instructions.length);
    const live = liveFlags(instructions);
    let it = 0;
    for (const [at, placed] of instructions.entries()) {
      const { pc, instruction } = placed;
      w.at(pc, placed.it, { pc: (pc + instruction.bytes) >>> 0, it: itAfter(placed) });
      w.live = live[at] as number;
      if (!w.attempt(() => this.#instruction(placed, index))) {
        w.write(w.bail);
        return;
      }
      w.done();
      it = itAfter(placed);
      if (isBranch(instruction) && placed.it === 0 && !fallsThrough(instruction)) return;
    }
    if (it === 0) this.#goTo(next, index);
    else w.write(w.leaveFor(next, it));
  }

  #instruction(placed: Placed, index: number): boolean {
    const w = this.#w;
    const { instruction, it } = placed;
    if (actOf(instruction) === "ifThen") {
      if (it !== 0) return false;
      w.know();
      w.eager = setsFlags(placed, this.#blocks[index] as Block);
      return true;
    }
    const one = it === 0 ? instruction : (instruction.inIt ?? instruction);
    if (it === 0) w.eager = false;
    const branches = isBranch(instruction);
    // Only the last instruction of an IT block may branch: the others are the interpreter's.
    if (branches && advanced(it) !== 0) return false;
    const condition = it >>> 4;
    if (it === 0 || condition >= ALWAYS) return branches ? this.#branch(one) : plainText(w, one);
    w.write(`if(${w.condition(condition)}){`);
    const written = branches ? this.#branch(one) : plainText(w, one);
    w.write("}");
    return written;
  }

  /** Where control goes next. */
  #goTo(target: number, from: number): void {
    const index = this.#index.get(target);
    this.#w.write(index === from + 1 ? this.#w.handOver() : this.#jump(target));
  }

  /** The same as a statement that does not fall through into the next block. */
  #jump(target: number): string {
    const index = this.#index.get(target);
    return index === undefined ? this.#w.leaveFor(target) : this.#w.goTo(index);
  }

  #branch(i: Instruction): boolean {
    const w = this.#w;
    const to = (w.pc + 4 + i.imm) >>> 0;
    switch (actOf(i)) {
      case "branchIf":
        if (i.a >= ALWAYS) w.write(this.#jump(to));
        else w.write(`if(${w.condition(i.a)})${this.#jump(to)}`);
        return true;
      case "compareBranch":
        w.write(`if(${w.register(i.n)}${i.set === 0 ? "===" : "!=="}0)${this.#jump(to)}`);
        return true;
      case "branch":
        w.write(this.#jump(to));
        return true;
      case "branchLink":
        w.set(14, String((w.pc + i.bytes) | 1));
        w.write(this.#jump(to));
        return true;
      default:
        return this.#indirect(i);
    }
  }

  #indirect(i: Instruction): boolean {
    const w = this.#w;
    switch (actOf(i)) {
      case "branchRegister":
        w.write(`x=${w.register(i.m)};${CHECK_EXCHANGE(w)}`);
        break;
      case "branchLinkRegister":
        w.write(`x=${w.register(i.m)};if((x&1)===0)${w.bail}`);
        w.set(14, String((w.pc + i.bytes) | 1));
        break;
      case "tableBranch":
        tableEntryText(w, i);
        w.write(`x=(${w.pc + 4}+2*x)|0;`);
        break;
      case "addHigh":
      case "moveHigh":
        if (i.set !== 0) return false;
        plainText(w, i);
        break;
      default:
        if (!plainText(w, i)) return false;
    }
    const [leave, table] = [w.leaveForX, w.view("table")] as const;
    w.write(
      `x=x&-2;k=(x-${this.#first})>>>1;${w.handOver()}if(k<${this.#tableLength}&&(b=${table}[k])!==${NONE})continue L;${leave}`,
    );
    return true;
  }

  #framed(): string {
    const w = this.#w;
    const { text } = w;
    const registers = Array.from({ length: 15 }, (_, register) => register);
    const used = registers.filter((register) => ((w.used >> register) & 1) === 1);
    const changed = registers.filter((register) => ((w.changed >> register) & 1) === 1);
    // What is used most comes first: the first sixteen locals have short instructions of V8's own.
    const locals = [
      ...["x=0", "o=0", "a=0"],
      ...used.map((r) => `r${r}=R[${r}]`),
      ...FLAGS.map((flag) => `${flag}=${cell(flag)}`),
      ...[`fk=S[${STATE.kind}]`, "e=0", "t=0", "k=0"],
    ];
    const masks = Object.entries(MASKS).filter(([name]) => w.views.has(name));
    const arrays = ARRAYS.filter((name) => name === "S" || w.views.has(name));
    // Only what is `const` in the function around is a constant to V8: an array's address and length stand in its code.
    return [
      `const ${arrays.map((name) => `${name}=_${name}`).join(",")};`,
      `return (function region_${this.#first.toString(16)}(R,b,left){`,
      `let ${locals.join(",")};`,
      ...masks.map(([name, value]) => `const ${name}=${value};`),
      "L:for(;;){switch(b){",
      text,
      "}}",
      changed.map((r) => `R[${r}]=r${r};`).join(""),
      FLAGS.map((name) => `${cell(name)}=${name};`).join(""),
      `S[${STATE.kind}]=fk;S[${STATE.exit}]=e;return left})`,
    ].join("\n");
  }
}

/** Locals that are handed over by their own names. */
const FLAGS = ["nz", "c", "v", "fa", "fb", "fr"] as const;
const MASKS = { rm: `S[${STATE.read}]`, wm: `S[${STATE.write}]`, lim: `S[${STATE.limit}]>>>0` } as const;

/**
 * What the text of a region has as constants, handed over with an underscore before: cells, the joint memory by its
 * widths, rights, the table of blocks, loads and stores through the port.
 */
export const ARRAYS = ["S", "M32", "M16", "M8", "M16s", "M8s", "P", "table", "Q", "T"] as const;

function cell(name: (typeof FLAGS)[number]): string {
  return `S[${STATE[name]}]`;
}

/** Whether control may go on behind it. */
function fallsThrough(i: Instruction): boolean {
  const act = actOf(i);
  return act === "compareBranch" || (act === "branchIf" && i.a < ALWAYS);
}

/** Whether an instruction of the IT block that this one begins sets flags. */
function setsFlags(ifThen: Placed, { instructions }: Block): boolean {
  const rest = instructions.slice(instructions.indexOf(ifThen) + 1);
  const end = rest.findIndex(({ it }) => it === 0);
  return rest.slice(0, end < 0 ? rest.length : end).some(({ instruction }) => {
    const one = instruction.inIt ?? instruction;
    const act = actOf(one);
    return one.set !== 0 || act === "compare" || act === "logicalTest";
  });
}
