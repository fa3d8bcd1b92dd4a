import { compiledPattern } from "./pattern.ts";

/** One instruction of a compiled expression. Source: re2js 2.10.0, class Inst (RE2's own program). */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
}

/** Source: re2js 2.10.0, Inst and Utils. */
const OP = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  match: 6,
  nop: 7,
  rune: 8,
  rune1: 9,
  any: 10,
  anyNotNewline: 11,
};
const EMPTY = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, boundary: 16, noBoundary: 32 };

const NEWLINE = 0x0a;
/** What stands before the first byte, or after the last one so far. */
const NOTHING = -1;
/** States that are remembered; when a log makes more of them, all are forgotten, and made anew as they come. */
const STATES_MAX = 1_000;

/** Where an expression may be, after the bytes so far. */
interface State {
  /** Instructions, not yet followed through what takes no byte. */
  readonly at: readonly number[];
  /** The last byte, as far as it matters: 0x0a, a letter, anything else, or nothing. */
  readonly before: number;
  /** The expression has ended here, whatever comes next. */
  readonly ends: boolean;
  /** By the next byte: the state behind it, and whether the expression ended before that byte because of it. */
  readonly next: { readonly state: State; readonly ended: boolean }[];
  endsAtEnd?: boolean;
}

/**
 * An expression that is looked for in bytes as they come (each one character, as a log is read), however they are cut.
 * No byte is looked at twice, and one costs a step in a table, or, the first time, as many steps as the expression has.
 * It ends at the first byte with which it is complete: no repeat waits for more. `$` is also the end of what has come.
 */
export class PatternStream {
  readonly #program: readonly Instruction[];
  readonly #start: number;
  readonly #seen: Uint32Array;
  readonly #states = new Map<string, State>();
  #round = 0;
  #state: State;

  /** @throws ConfigurationError for what is no pattern. */
  constructor(source: string) {
    const { prog } = (
      compiledPattern(source) as unknown as { re2Input: { prog: { inst: Instruction[]; start: number } } }
    ).re2Input;
    this.#program = prog.inst;
    this.#start = prog.start;
    this.#seen = new Uint32Array(prog.inst.length);
    this.#state = this.#stateOf([], NOTHING);
  }

  /** Where in these bytes the expression ends for the first time; undefined while it has not. */
  feed(bytes: Uint8Array): number | undefined {
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? 0;
      if (this.#state.ends) return index;
      const { state, ended } = (this.#state.next[byte] ??= this.#step(this.#state, byte));
      if (ended) return Math.max(0, index - 1);
      this.#state = state;
      if (state.ends) return index;
    }
    if (bytes.length === 0) return undefined;
    const { at, before } = this.#state;
    this.#state.endsAtEnd ??= this.#follow(at, conditions(before, NOTHING)).ended;
    return this.#state.endsAtEnd ? bytes.length - 1 : undefined;
  }

  #step(from: State, byte: number) {
    const { taking, ended } = this.#follow(from.at, conditions(from.before, byte));
    const at = taking.flatMap((index) => {
      const step = this.#program[index];
      return step !== undefined && takes(step, byte) ? [step.out] : [];
    });
    return {
      state: this.#stateOf(
        [...new Set(at)].toSorted((a, b) => a - b),
        kindOf(byte),
      ),
      ended,
    };
  }

  #stateOf(at: readonly number[], before: number): State {
    const key = `${before} ${at.join(" ")}`;
    const known = this.#states.get(key);
    if (known) return known;
    if (this.#states.size >= STATES_MAX) {
      // Tables of states that are forgotten would keep each other.
      for (const { next } of this.#states.values()) next.length = 0;
      this.#states.clear();
    }
    const { ended } = this.#follow(at, conditions(before, undefined));
    const state = { at, before, ends: ended, next: [] };
    this.#states.set(key, state);
    return state;
  }

  /** Follows all that takes no byte: the instructions that want one, and whether the end was among them. */
  #follow(from: readonly number[], holds: number): { readonly taking: readonly number[]; readonly ended: boolean } {
    this.#round += 1;
    const rest = [this.#start, ...from];
    const taking: number[] = [];
    let ended = false;
    for (let index = rest.pop(); index !== undefined; index = rest.pop()) {
      const step = this.#program[index];
      if (step === undefined || this.#seen[index] === this.#round) continue;
      this.#seen[index] = this.#round;
      if (step.op === OP.alt || step.op === OP.altMatch) rest.push(step.out, step.arg);
      else if (step.op === OP.capture || step.op === OP.nop) rest.push(step.out);
      else if (step.op === OP.emptyWidth) {
        if ((step.arg & ~holds) === 0) rest.push(step.out);
      } else if (step.op === OP.match) ended = true;
      else taking.push(index);
    }
    return { taking, ended };
  }
}

function takes(step: Instruction, byte: number): boolean {
  if (step.op === OP.any) return true;
  if (step.op === OP.anyNotNewline) return byte !== NEWLINE;
  return (step.op === OP.rune || step.op === OP.rune1) && step.matchRune(byte);
}

/** Which conditions without length hold between two bytes. @param after undefined: not known yet. */
function conditions(before: number, after: number | undefined): number {
  let holds = before === NOTHING ? EMPTY.beginText | EMPTY.beginLine : before === NEWLINE ? EMPTY.beginLine : 0;
  if (after === undefined) return holds;
  if (after === NOTHING) holds |= EMPTY.endText | EMPTY.endLine;
  else if (after === NEWLINE) holds |= EMPTY.endLine;
  return holds | (isWord(before) === isWord(after) ? EMPTY.noBoundary : EMPTY.boundary);
}

const LETTER = 0x61;
const OTHER = 0x20;

function kindOf(byte: number): number {
  if (byte === NEWLINE) return NEWLINE;
  return isWord(byte) ? LETTER : OTHER;
}

function isWord(byte: number): boolean {
  return byte !== NOTHING && /\w/.test(String.fromCharCode(byte));
}
