import type { Instruction } from "../execute/instruction.ts";
import { noCoprocessor, undefinedInstruction } from "../execute/system-control.ts";
import type { CoreConfig } from "../state/core-config.ts";
import { FLOAT } from "./float.ts";
import { type BitPattern, fieldOf, patternOf } from "./pattern.ts";
import type { Field, Needs, Row } from "./row.ts";
import { THUMB16 } from "./thumb16.ts";
import { THUMB32_DATA } from "./thumb32-data.ts";
import { THUMB32_MULTIPLY } from "./thumb32-multiply.ts";
import { THUMB32_SYSTEM } from "./thumb32-system.ts";
import { THUMB32_TRANSFER } from "./thumb32-transfer.ts";

/** All encodings, the special ones before the general ones that would take them in. */
export const ROWS: readonly Row[] = [
  ...THUMB16,
  ...THUMB32_SYSTEM,
  ...THUMB32_TRANSFER,
  ...THUMB32_DATA,
  ...THUMB32_MULTIPLY,
  ...FLOAT,
];

interface Ready {
  readonly row: Row;
  readonly pattern: BitPattern;
}

const READY: readonly Ready[] = ROWS.map((row) => ({ row, pattern: patternOf(row.bits) }));

const NOTHING = { d: 0, n: 0, m: 0, a: 0, imm: 0, set: 0, carry: -1, shift: 0, amount: 0, indexing: 0 } as const;

/** Every instruction has its fields in this order: the interpreter reads them millions of times a second. */
function instruction(given: Partial<Instruction> & Pick<Instruction, "run" | "name" | "bytes">): Instruction {
  const { run, name, bytes, d, n, m, a, imm, set, carry, shift, amount, indexing } = { ...NOTHING, ...given };
  return { run, name, bytes, d, n, m, a, imm, set, carry, shift, amount, indexing, inIt: given.inIt };
}

/** So many encodings are remembered: more than images have. */
const KNOWN_MAX = 200_000;

const DECODERS = new Map<CoreConfig, Decoder>();

/** The decoder of a kind of core: what it once decoded it knows after a reset, too. */
export function decoderOf(config: CoreConfig): Decoder {
  const known = DECODERS.get(config) ?? new Decoder(config);
  DECODERS.set(config, known);
  return known;
}

/** Decodes for one kind of core. */
export class Decoder {
  readonly #known = new Map<number, Instruction>();
  readonly #buckets: readonly (readonly Ready[])[];

  constructor(config: CoreConfig) {
    const known = READY.filter(({ row }) => has(config, row.needs));
    // By the first five bits: they tell 16-bit instructions from 32-bit ones, too.
    this.#buckets = Array.from({ length: 32 }, (_, bucket) => known.filter(({ pattern }) => fits(pattern, bucket)));
  }

  /** Decodes an instruction, each encoding once. @param second halfword that follows, of a 32-bit one. */
  decode(first: number, second: number): Instruction {
    const word = isLong(first) ? (first << 16) | second : first;
    const known = this.#known.get(word);
    if (known) return known;
    const decoded = this.#decode(first, second);
    if (this.#known.size < KNOWN_MAX) this.#known.set(word, decoded);
    return decoded;
  }

  #decode(first: number, second: number): Instruction {
    const bytes = isLong(first) ? 4 : 2;
    const word = bytes === 4 ? (first << 16) | second : first;
    for (const { row, pattern } of this.#buckets[first >>> 11] ?? []) {
      if (((word & pattern.mask) | 0) !== (pattern.value | 0)) continue;
      const field: Field = (letter) => fieldOf(pattern, letter, word);
      if (row.unless?.(field) !== true) return instructionOf(row, field, bytes);
    }
    // 1110 11xx and 1111 11xx: the space of coprocessors.
    const coprocessor = bytes === 4 && (first & 0xec00) === 0xec00;
    const run = coprocessor ? noCoprocessor : undefinedInstruction;
    return instruction({ run, name: coprocessor ? "coprocessor" : "undefined", bytes });
  }
}

/** @returns whether a first halfword begins a 32-bit instruction. */
export function isLong(first: number): boolean {
  return first >>> 11 >= 0b11101;
}

function fits({ bits, mask, value }: BitPattern, bucket: number): boolean {
  const up = bits - 5;
  const known = (mask >>> up) & 31;
  return (bits === 32) === bucket >= 0b11101 && (bucket & known) === ((value >>> up) & known);
}

function has(config: CoreConfig, needs: Needs | undefined): boolean {
  if (needs === undefined) return true;
  if (needs === "v8m") return config.architecture === "v8m";
  return needs === "dsp" ? config.dsp : needs === "fpu" ? config.fpu : config.security;
}

function instructionOf(row: Row, field: Field, bytes: 2 | 4): Instruction {
  const letters = { d: field("d"), n: field("n"), m: field("m"), a: field("a"), imm: field("i"), set: field("S") };
  const made = { ...letters, ...row.fields?.(field), run: row.run, name: row.name, bytes } as const;
  if (row.flags === undefined) return instruction(made);
  return instruction({ ...made, set: 1, inIt: instruction({ ...made, set: 0 }) });
}
