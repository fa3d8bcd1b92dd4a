import type { Instruction, Run } from "../execute/instruction.ts";

/** What a core must have for a row to count; without one, Armv6-M has it, too. */
export type Needs = "v8m" | "dsp" | "fpu" | "security";

/** Reads the field of a letter of the encoding. */
export type Field = (letter: string) => number;

type Fields = Partial<Omit<Instruction, "run" | "name" | "bytes" | "inIt">>;

/**
 * One encoding. Source of all rows: Armv8-M Architecture Reference Manual (DDI 0553), C2.4, under the name given here;
 * for Armv6-M the same names in DDI 0419, A6.7.
 */
export interface Row {
  /** As the manual draws it: `pattern.ts`. Letters d, n, m, a (registers), i (immediate) and S (flags) have a fixed meaning. */
  readonly bits: string;
  readonly name: string;
  readonly run: Run;
  readonly needs?: Needs;
  /** Fields that are not simply those of the letters. */
  readonly fields?: (field: Field) => Fields;
  /** Sets the flags, but not inside an IT block: 16-bit data processing. */
  readonly flags?: "outside IT";
  /** Another row is meant for these values. */
  readonly unless?: (field: Field) => boolean;
}

/** Source: DDI 0553, DecodeImmShift. @param immediate 0 to 31 */
export function immediateShift(type: number, immediate: number): { readonly shift: number; readonly amount: number } {
  if (type === 0) return { shift: 0, amount: immediate };
  if (type === 3) return immediate === 0 ? { shift: 4, amount: 1 } : { shift: 3, amount: immediate };
  return { shift: type, amount: immediate === 0 ? 32 : immediate };
}

/** Source: DDI 0553, T32ExpandImm_C. @param packed 12 bits, i:imm3:imm8 */
export function expandedImmediate(packed: number): { readonly imm: number; readonly carry: number } {
  const byte = packed & 0xff;
  if (packed >>> 10 !== 0) {
    const value = 0x80 | (packed & 0x7f);
    const turn = packed >>> 7;
    const imm = (value >>> turn) | (value << (32 - turn)) | 0;
    return { imm, carry: imm >>> 31 };
  }
  const repeated = [byte, (byte << 16) | byte, (byte << 24) | (byte << 8), Math.imul(byte, 0x0101_0101)];
  return { imm: (repeated[packed >>> 8] as number) | 0, carry: -1 };
}

/** @returns `value` of so many bits, with its sign. */
export function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}
