import {
  carryIs,
  carryText,
  conditionText,
  kindOf,
  NORMALISE,
  overflowIs,
  overflowText,
  type Sources,
} from "./flags-text.ts";
import type { Exit } from "./region.ts";
import { STATE } from "./state.ts";
import type { Windows } from "./windows.ts";

const KEPT = { carry: "kept", overflow: "kept" } as const;

/** Flags that an instruction may change; `live` names those that something looks at before they change again. */
export const CONDITION_FLAG = { nz: 1, c: 2, v: 4, all: 7 } as const;

type ExitOptions = Pick<Exit, "pc" | "it" | "ahead" | "kind" | "isRefused"> & { readonly isOfAccess?: boolean };

/** Writes the statements of one region; knows where the flags are, and which registers it has used. */
export class Writer {
  readonly windows: Windows;
  readonly exits: Exit[] = [];
  /** Masks of registers that are read or written. */
  used = 0;
  changed = 0;
  /** Names of arrays that are read or written. */
  readonly views = new Set<string>();
  /** Flags that are looked at behind the present instruction. */
  live: number = CONDITION_FLAG.all;
  readonly #parts: string[] = [];
  #flags: Sources = "unknown";
  /** nz is the result of fa - fb. */
  #isCompared = false;
  #pc = 0;
  #it = 0;
  /** The instruction behind the present one, and its IT state. */
  #after = { pc: 0, it: 0 };
  /** Instructions of the block that do not run when this one is not reached. */
  #ahead = 0;
  #eager = false;
  #isRefused = false;

  /** Words of the code that stand in the text as constants. */
  readonly literals = new Set<number>();
  readonly #isConstant: (address: number) => boolean;

  /** @param isConstant whether a word may be read here, and its change would be heard of */
  constructor(windows: Windows, isConstant: (address: number) => boolean) {
    this.windows = windows;
    this.#isConstant = isConstant;
  }

  /** @returns whether a word may stand in the text as a constant: the region then depends on it, too */
  dependsOn(address: number): boolean {
    if (!this.#isConstant(address)) return false;
    this.literals.add(address);
    return true;
  }

  get text(): string {
    return this.#parts.join("\n");
  }

  get pc(): number {
    return this.#pc;
  }

  write(text: string): void {
    this.#parts.push(text);
  }

  /** A block begins, of so many instructions: it runs whole or not at all. */
  block(index: number, start: number, count: number): void {
    this.#flags = "unknown";
    this.#isCompared = false;
    this.#ahead = count;
    const exit = this.#exit({ pc: start, it: 0, ahead: count, kind: -1, isRefused: true });
    this.write(`case ${index}:if((left-=${count})<0)${exit}`);
  }

  /** The next instruction. @param after the one behind it */
  at(pc: number, it: number, after: { readonly pc: number; readonly it: number }): void {
    this.#pc = pc;
    this.#it = it;
    this.#after = after;
  }

  /** It is written. */
  done(): void {
    this.#ahead -= 1;
  }

  /** Tries to write something; what is refused leaves nothing behind. @returns whether it is written */
  attempt(emit: () => boolean): boolean {
    const [length, flags, isCompared] = [this.#parts.length, this.#flags, this.#isCompared];
    this.#isRefused = false;
    if (emit() && !this.#isRefused) return true;
    this.#parts.length = length;
    this.#flags = flags;
    this.#isCompared = isCompared;
    return false;
  }

  /** A register as it is read; 15 is the address of the instruction plus 4. */
  register(number: number): string {
    if (number === 15) return String((this.#pc + 4) | 0);
    this.used |= 1 << number;
    return `r${number}`;
  }

  set(number: number, expression: string): void {
    this.write(`${this.target(number)}=(${expression})|0;`);
  }

  /** A register whose value is written by the caller, as a signed word. */
  target(number: number): string {
    if (number === 15) this.#isRefused = true;
    this.used |= 1 << number;
    this.changed |= 1 << number;
    return `r${number}`;
  }

  view(name: string): string {
    this.views.add(name);
    return name;
  }

  /** Whether the instruction is known to come to something else than plain memory. */
  get usesPort(): boolean {
    return this.windows.devices.has(this.#pc);
  }

  /** Cycles before this instruction, of those that the region may use. */
  get left(): string {
    return `left+${this.#ahead}`;
  }

  /** Leaves the region before this instruction: the interpreter does it. */
  get bail(): string {
    return this.#exit({ ...this.#here, isRefused: true });
  }

  /** The same where an address is refused: next time it may use the port. */
  get bailOfAccess(): string {
    return this.#exit({ ...this.#here, isRefused: true, isOfAccess: true });
  }

  /** Behind an access through the port: how many cycles are left. */
  get takeLeft(): string {
    return `left=${this.view("S")}[${STATE.left}]-${this.#ahead - 1};`;
  }

  /** Leaves behind this instruction. */
  get leaveBehind(): string {
    return this.#exit({ ...this.#here, ...this.#after, ahead: this.#ahead - 1, isRefused: false });
  }

  get #here() {
    return { pc: this.#pc, it: this.#it, ahead: this.#ahead, kind: this.#kind };
  }

  /** Leaves the region for an instruction elsewhere. @param it its IT state */
  leaveFor(pc: number, it = 0): string {
    return this.#exit({ pc, it, ahead: 0, kind: this.#kind, isRefused: false });
  }

  /** Leaves the region for the address in x. */
  get leaveForX(): string {
    return `{${this.view("S")}[${STATE.pc}]=x;${this.leaveFor(-1).slice(1)}`;
  }

  /** Goes on with a block of the region. */
  goTo(block: number): string {
    return `{${this.handOver()}b=${block};continue L}`;
  }

  /** Before another block of the region: what it has to know of the flags. */
  handOver(): string {
    const kind = this.#kind;
    return kind < 0 ? "" : `fk=${kind};`;
  }

  get #kind(): number {
    return this.#flags === "unknown" ? -1 : kindOf(this.#flags);
  }

  #exit({ pc, it, ahead, kind, isRefused, isOfAccess = false }: ExitOptions): string {
    this.exits.push({ pc, it, ahead, kind, isRefused, isOfAccess, refusals: 0, link: undefined, to: 0, epoch: -1 });
    return `{e=${this.exits.length - 1};break L}`;
  }

  /** Carry as 0 or 1. */
  carry(): string {
    return carryText(this.#known().carry);
  }

  /** @param condition 0 to 13 */
  condition(condition: number): string {
    return conditionText(
      condition,
      { carry: () => carryIs(this.#known().carry), overflow: () => overflowIs(this.#known().overflow) },
      this.#isCompared,
    );
  }

  /** Whether something looks at these flags behind the instruction. */
  isLive(flags: number): boolean {
    return this.#eager || (this.live & flags) !== 0;
  }

  /** Sets N and Z by a value, and the carry where there is one. */
  setLogic(value: string, carry: string | undefined): void {
    if (carry !== undefined && this.isLive(CONDITION_FLAG.c)) {
      const { overflow } = this.#known();
      this.write(`c=${carry};`);
      this.#flags = { carry: "kept", overflow };
    }
    this.#isCompared = false;
    if (this.isLive(CONDITION_FLAG.nz)) this.write(`nz=${value};`);
  }

  /** Carry into c. */
  keepCarry(): void {
    const { carry, overflow } = this.#known();
    if (carry !== "kept") this.write(`c=${carryText(carry)};`);
    this.#flags = { carry: "kept", overflow };
    this.#isCompared = false;
  }

  /** In an IT block flags are kept at once, for the instruction may not have run. */
  set eager(eager: boolean) {
    if (eager) this.#keep();
    this.#eager = eager;
  }

  /** All flags are those of the operation in fa and fb, and fr where it is wide; nz its result. */
  setFlags(of: "sum" | "difference" | "wide"): void {
    this.#flags = { carry: of, overflow: of };
    this.#isCompared = of === "difference";
    if (this.#eager) this.#keep();
  }

  /** Whatever kind the flags are of: from here on it is known. */
  know(): void {
    this.#known();
  }

  /** Carry and overflow into c and v. */
  #keep(): void {
    const { carry, overflow } = this.#known();
    if (carry !== "kept") this.write(`c=${carryText(carry)};`);
    if (overflow !== "kept") this.write(`v=${overflowText(overflow)};`);
    this.#flags = KEPT;
    this.#isCompared = false;
  }

  #known(): Exclude<Sources, "unknown"> {
    if (this.#flags !== "unknown") return this.#flags;
    this.write(NORMALISE);
    this.#flags = KEPT;
    return KEPT;
  }
}
