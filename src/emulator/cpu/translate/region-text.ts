import { ALWAYS, advanced } from "../execute/branch.ts";
import type { Instruction } from "../execute/instruction.ts";
import { actOf, type Block, isBranch, itAfter, type Placed } from "./blocks.ts";
import { arithmeticText, compareText, DATA, logicalTestText, logicalText, setCheckedStack } from "./data-text.ts";
import { CHECK_EXCHANGE, TRANSFER, tableEntryText } from "./transfer-text.ts";
import { STATE, type Windows } from "./windows.ts";
import { NORMALISE, Writer } from "./writer.ts";

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
  if (form.act === "addHigh") w.write(`x=(${w.register(i.n)}+${w.register(i.m)})|0;`);
  if (form.act === "moveHigh") w.write(`x=${w.register(i.m)};`);
  if (form.act === "addHigh" || form.act === "moveHigh") {
    if (i.d === 13 && i.set !== 0) return false;
    if (i.d === 13) setCheckedStack(w, "x");
    else if (i.d !== 15) w.set(i.d, "x");
    if (i.set !== 0) w.write("n=z=x;");
    return true;
  }
  return (DATA[form.act] ?? TRANSFER[form.act])?.(w, i, form.by) ?? false;
}

/** The text of a region, and where its blocks are. */
interface RegionText {
  readonly text: string;
  /** Index of a block by (address - first address) / 2; 255: none. */
  readonly table: Uint8Array;
}

/** Writes blocks down as a function; see `Translated`. */
export class RegionWriter {
  readonly #w: Writer;
  readonly #blocks: readonly Block[];
  readonly #index = new Map<number, number>();

  constructor(blocks: readonly Block[], windows: Windows, guarded: boolean) {
    this.#w = new Writer(windows, guarded);
    this.#blocks = blocks;
    for (const [index, { start }] of blocks.entries()) this.#index.set(start, index);
  }

  write(): RegionText {
    for (const [index, block] of this.#blocks.entries()) this.#block(index, block);
    return { text: this.#framed(), table: this.#table() };
  }

  get #first(): number {
    return this.#blocks[0]?.start ?? 0;
  }

  #table(): Uint8Array {
    const last = this.#blocks.at(-1)?.start ?? 0;
    const table = new Uint8Array(Math.min((last - this.#first) / 2 + 1, SPAN_MAX)).fill(NONE);
    for (const [index, { start }] of this.#blocks.entries()) {
      const at = (start - this.#first) / 2;
      if (at < table.length) table[at] = index;
    }
    return table;
  }

  #block(index: number, { start, instructions, next }: Block): void {
    const w = this.#w;
    w.block(index, start, instructions.length);
    let it = 0;
    for (const placed of instructions) {
      const { pc, instruction } = placed;
      w.at(pc, placed.it);
      if (!w.attempt(() => this.#instruction(placed, index))) {
        w.write(w.bail);
        return;
      }
      w.done();
      it = itAfter(placed);
      if (isBranch(instruction) && placed.it === 0 && !fallsThrough(instruction)) return;
    }
    if (it !== 0) w.write(`it=${it};`);
    if (!isBranch((instructions.at(-1) as Placed).instruction)) w.leave();
    if (it === 0) this.#goTo(next, index);
    else w.write(`pc=${next};break L`);
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
    if (branches) w.leave();
    w.write(`if(${w.condition(condition)}){`);
    const written = branches ? this.#branch(one) : plainText(w, one);
    w.write("}");
    return written;
  }

  /** Where control goes next. */
  #goTo(target: number, from: number): void {
    const index = this.#index.get(target);
    if (index === undefined) this.#w.write(`pc=${target};break L`);
    else if (index !== from + 1) this.#w.write(`b=${index};continue L`);
  }

  /** The same as a statement that does not fall through into the next block. */
  #jump(target: number): string {
    const index = this.#index.get(target);
    return index === undefined ? `{pc=${target};break L}` : `{b=${index};continue L}`;
  }

  #branch(i: Instruction): boolean {
    const w = this.#w;
    const to = (w.pc + 4 + i.imm) >>> 0;
    switch (actOf(i)) {
      case "branchIf":
        w.leave();
        if (i.a >= ALWAYS) w.write(this.#jump(to));
        else w.write(`if(${w.condition(i.a)})${this.#jump(to)}`);
        return true;
      case "compareBranch":
        w.leave();
        w.write(`if(${w.register(i.n)}${i.set === 0 ? "===" : "!=="}0)${this.#jump(to)}`);
        return true;
      case "branch":
        w.leave();
        w.write(this.#jump(to));
        return true;
      case "branchLink":
        w.set(14, String((w.pc + i.bytes) | 1));
        w.leave();
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
    w.leave();
    w.write(`pc=x&-2;k=(pc-${this.#first})>>>1;if(k<table.length&&(b=table[k])!==${NONE})continue L;break L`);
    return true;
  }

  #framed(): string {
    const w = this.#w;
    const { text } = w;
    const registers = Array.from({ length: 15 }, (_, register) => register);
    const used = registers.filter((register) => ((w.used >> register) & 1) === 1);
    const changed = registers.filter((register) => ((w.changed >> register) & 1) === 1);
    return [
      `return function region_${this.#first.toString(16)}(env,b){`,
      `const {R,S}=env,rights=${cell("rights")},lim=${cell("limit")}>>>0;`,
      ...(w.views.size === 0 ? [] : [`const {${[...w.views].join(",")}}=env;`]),
      `let ${[...FLAGS.map((flag) => `${flag}=${cell(flag)}`), ...used.map((r) => `r${r}=R[${r}]`)].join(",")};`,
      `let fa=0,fb=0,fr=0,fk=0,a=0,o=0,x=0,k=0,t=0,it=0,how=0,back=0,pc=0,last=R[15],left=${cell("left")},X=R;`,
      "L:for(;;){switch(b){",
      text,
      "}}",
      NORMALISE,
      changed.map((r) => `R[${r}]=r${r};`).join(""),
      [...FLAGS, ...OUT].map((name) => `${cell(name)}=${name};`).join(""),
      "R[15]=last;return left+back}",
    ].join("\n");
  }
}

/** Locals that are handed over by their own names. */
const FLAGS = ["n", "z", "c", "v"] as const;
const OUT = ["it", "pc", "how"] as const;

function cell(name: keyof typeof STATE): string {
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
