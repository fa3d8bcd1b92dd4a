import type { Windows } from "./windows.ts";

/**
 * Where carry and overflow are. `kept`: in the locals c and v. `sum`, `difference`: of the last addition or subtraction,
 * in fa, fb and its result fr. `unknown`: one of these, as the local fk says.
 */
type Flags = "kept" | "sum" | "difference" | "unknown";

const FLAG_KIND = { kept: 0, difference: 1, sum: 2 } as const;

/** Carry and overflow from what is kept of the last operation. Source: Armv8-M ARM (DDI 0553), AddWithCarry. */
const CARRY = { kept: "(c!==0)", difference: "((fa>>>0)>=(fb>>>0))", sum: "((fr>>>0)<(fa>>>0))" } as const;
const OVERFLOW = {
  kept: "(v!==0)",
  difference: "(((fa^fb)&(fa^fr))<0)",
  sum: "(((fa^fr)&(fb^fr))<0)",
} as const;

const PAIRS: readonly ((carry: () => string, overflow: () => string) => string)[] = [
  () => "z===0",
  (carry) => carry(),
  () => "n<0",
  (_, overflow) => overflow(),
  (carry) => `(${carry()}&&z!==0)`,
  (_, overflow) => `(n<0)===${overflow()}`,
  (_, overflow) => `(z!==0&&(n<0)===${overflow()})`,
];

/** Writes the statements of one region; knows where the flags are, and which registers it has used. */
export class Writer {
  readonly windows: Windows;
  readonly guarded: boolean;
  /** Masks of registers that are read or written. */
  used = 0;
  changed = 0;
  /** Names of views that are read or written. */
  readonly views = new Set<string>();
  readonly #parts: string[] = [];
  #flags: Flags = "unknown";
  #pc = 0;
  #it = 0;
  /** Instructions of the block that do not run when this one is not reached. */
  #ahead = 0;
  #before = -1;
  #eager = false;
  #isRefused = false;

  constructor(windows: Windows, guarded: boolean) {
    this.windows = windows;
    this.guarded = guarded;
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
    this.#before = -1;
    this.#ahead = count;
    this.write(`case ${index}:if((left-=${count})<0){back=${count};pc=${start};how=1;break L}`);
  }

  /** The next instruction. @param it its IT state */
  at(pc: number, it: number): void {
    this.#pc = pc;
    this.#it = it;
  }

  /** It is written. */
  done(): void {
    this.#before = this.#pc;
    this.#ahead -= 1;
  }

  /** Tries to write something; what is refused leaves nothing behind. @returns whether it is written */
  attempt(emit: () => boolean): boolean {
    const [length, flags] = [this.#parts.length, this.#flags];
    this.#isRefused = false;
    if (emit() && !this.#isRefused) return true;
    this.#parts.length = length;
    this.#flags = flags;
    return false;
  }

  /** A register as it is read; 15 is the address of the instruction plus 4. */
  register(number: number): string {
    if (number === 15) return String((this.#pc + 4) | 0);
    this.used |= 1 << number;
    return `r${number}`;
  }

  set(number: number, expression: string): void {
    if (number === 15) this.#isRefused = true;
    this.used |= 1 << number;
    this.changed |= 1 << number;
    this.write(`r${number}=(${expression})|0;`);
  }

  view(name: string): string {
    this.views.add(name);
    return name;
  }

  /** Leaves the region before this instruction: the interpreter does it. */
  get bail(): string {
    const kind = this.#flags === "unknown" ? "" : `fk=${FLAG_KIND[this.#flags]};`;
    const last = this.#before < 0 ? "" : `last=${(this.#before + 4) | 0};`;
    const it = this.#it === 0 ? "" : `it=${this.#it};`;
    // Constants only: V8 throws away a function that computes for the first time where it never came before.
    return `{${kind}${last}${it}back=${this.#ahead};pc=${this.#pc};how=1;break L}`;
  }

  /** Before control goes elsewhere. */
  leave(): void {
    const kind = this.#flags === "unknown" ? "" : `fk=${FLAG_KIND[this.#flags]};`;
    this.write(`${kind}last=${(this.#pc + 4) | 0};`);
  }

  /** Carry as a condition. */
  carry(): string {
    return CARRY[this.#known()];
  }

  overflow(): string {
    return OVERFLOW[this.#known()];
  }

  /** @param condition 0 to 13. Source: Armv8-M ARM (DDI 0553), C1.3.1. */
  condition(condition: number): string {
    const text = PAIRS[condition >> 1]?.(
      () => this.carry(),
      () => this.overflow(),
    );
    return (condition & 1) === 0 ? `${text}` : `!(${text})`;
  }

  /** Carry and overflow into c and v. */
  keep(): void {
    const known = this.#known();
    if (known !== "kept") this.write(`c=${CARRY[known]}?1:0;v=${OVERFLOW[known]}?1:0;`);
    this.#flags = "kept";
  }

  /** In an IT block flags are kept at once, for the instruction may not have run. */
  set eager(eager: boolean) {
    if (eager) this.keep();
    this.#eager = eager;
  }

  /** The flags are those of fa + fb or fa - fb, whose result is fr. */
  setFlags(of: "sum" | "difference"): void {
    this.#flags = of;
    if (this.#eager) this.keep();
  }

  /** Whatever kind the flags are of: from here on it is known. */
  know(): void {
    this.#known();
  }

  #known(): Exclude<Flags, "unknown"> {
    if (this.#flags !== "unknown") return this.#flags;
    this.write(NORMALISE);
    this.#flags = "kept";
    return "kept";
  }
}

/** Brings flags of any kind into c and v. */
export const NORMALISE = [
  `if(fk!==0){if(fk===${FLAG_KIND.difference}){c=${CARRY.difference}?1:0;v=${OVERFLOW.difference}?1:0}`,
  `else{c=${CARRY.sum}?1:0;v=${OVERFLOW.sum}?1:0}fk=0}`,
].join("");
