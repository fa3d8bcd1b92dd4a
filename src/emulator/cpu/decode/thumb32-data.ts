import {
  addressOf,
  arithmetic,
  compare,
  logical,
  logicalTest,
  moveTop,
  shiftByRegister,
} from "../execute/arithmetic.ts";
import {
  bitFieldClear,
  bitFieldInsert,
  bitFieldSigned,
  bitFieldUnsigned,
  countLeadingZeros,
  extend,
  extendPairs,
  reverseBits,
  reverseBytes,
  reverseBytesInHalves,
  reverseSignedHalf,
} from "../execute/bits.ts";
import type { Run } from "../execute/instruction.ts";
import {
  packBottomTop,
  packTopBottom,
  saturateHalves,
  select,
  signedSaturate,
  unsignedSaturate,
} from "../execute/saturate.ts";
import { expandedImmediate, type Field, immediateShift, type Row } from "./row.ts";

type Logical = Parameters<typeof logical>[0];
type Sum = Parameters<typeof arithmetic>[0];

const modified = (field: Field) => expandedImmediate(field("i"));
const shift = (field: Field) => immediateShift(field("t"), field("i"));

/** The two forms of an operation: modified immediate and shifted register. */
function pair(opcode: string, name: string, byImmediate: Run, byRegister: Run): readonly Row[] {
  return [
    {
      bits: `11110 i 0 ${opcode} S nnnn 0 iii dddd iiiiiiii`,
      name: `${name} (immediate)`,
      run: byImmediate,
      needs: "v8m",
      fields: modified,
    },
    {
      bits: `1110101 ${opcode} S nnnn - iii dddd ii tt mmmm`,
      name: `${name} (register)`,
      run: byRegister,
      needs: "v8m",
      fields: shift,
    },
  ];
}

/** The same with Rd all ones: flags only. */
function tests(opcode: string, name: string, byImmediate: Run, byRegister: Run): readonly Row[] {
  return [
    {
      bits: `11110 i 0 ${opcode} 1 nnnn 0 iii 1111 iiiiiiii`,
      name: `${name} (immediate)`,
      run: byImmediate,
      needs: "v8m",
      fields: modified,
    },
    {
      bits: `1110101 ${opcode} 1 nnnn - iii 1111 ii tt mmmm`,
      name: `${name} (register)`,
      run: byRegister,
      needs: "v8m",
      fields: shift,
    },
  ];
}

const logicalPair = (opcode: string, name: string, compute: Logical) =>
  pair(opcode, name, logical(compute, "immediate"), logical(compute, "register"));

const sumPair = (opcode: string, name: string, compute: Sum) =>
  pair(opcode, name, arithmetic(compute, "immediate"), arithmetic(compute, "register"));

/** With Rn all ones: a move. */
function moves(opcode: string, name: string, compute: Logical): readonly Row[] {
  const [byImmediate, byRegister] = logicalPair(opcode, name, compute) as [Row, Row];
  const alone = (row: Row): Row => ({ ...row, bits: row.bits.replace("nnnn", "1111") });
  return [alone(byImmediate), alone(byRegister)];
}

/** Rows that must be looked at before the general ones of the same opcode come first. */
const PROCESSING: readonly Row[] = [
  ...tests("0000", "TST", logicalTest("and", "immediate"), logicalTest("and", "register")),
  ...logicalPair("0000", "AND", "and"),
  ...logicalPair("0001", "BIC", "bic"),
  ...moves("0010", "MOV", "mov"),
  ...logicalPair("0010", "ORR", "orr"),
  ...moves("0011", "MVN", "mvn"),
  ...logicalPair("0011", "ORN", "orn"),
  ...tests("0100", "TEQ", logicalTest("eor", "immediate"), logicalTest("eor", "register")),
  ...logicalPair("0100", "EOR", "eor"),
  ...tests("1000", "CMN", compare("add", "immediate"), compare("add", "register")),
  ...sumPair("1000", "ADD", "add"),
  ...sumPair("1010", "ADC", "adc"),
  ...sumPair("1011", "SBC", "sbc"),
  ...tests("1101", "CMP", compare("sub", "immediate"), compare("sub", "register")),
  ...sumPair("1101", "SUB", "sub"),
  ...sumPair("1110", "RSB", "rsb"),
];

const PLAIN_IMMEDIATE: readonly Row[] = [
  { bits: "11110 i 100000 1111 0 iii dddd iiiiiiii", name: "ADR T3", run: addressOf },
  {
    bits: "11110 i 101010 1111 0 iii dddd iiiiiiii",
    name: "ADR T2",
    run: addressOf,
    fields: (field: Field) => ({ imm: -field("i") }),
  },
  { bits: "11110 i 100000 nnnn 0 iii dddd iiiiiiii", name: "ADD (immediate) T4", run: arithmetic("add", "immediate") },
  { bits: "11110 i 101010 nnnn 0 iii dddd iiiiiiii", name: "SUB (immediate) T4", run: arithmetic("sub", "immediate") },
  {
    bits: "11110 j 100100 iiii 0 kkk dddd llllllll",
    name: "MOV (immediate) T3",
    run: logical("mov", "immediate"),
    fields: wideImmediate,
  },
  { bits: "11110 j 101100 iiii 0 kkk dddd llllllll", name: "MOVT T1", run: moveTop, fields: wideImmediate },
  {
    bits: "11110 0 11 0 0 f 0 nnnn 0 iii dddd ii 0 wwwww",
    name: "SSAT T1",
    run: signedSaturate,
    unless: (field: Field) => field("f") === 1 && field("i") === 0,
    fields: (field: Field) => ({ imm: field("w"), ...immediateShift(field("f") * 2, field("i")) }),
  },
  {
    bits: "11110 0 11 1 0 f 0 nnnn 0 iii dddd ii 0 wwwww",
    name: "USAT T1",
    run: unsignedSaturate,
    unless: (field: Field) => field("f") === 1 && field("i") === 0,
    fields: (field: Field) => ({ imm: field("w"), ...immediateShift(field("f") * 2, field("i")) }),
  },
  bitField("110100", "SBFX T1", bitFieldSigned),
  bitField("111100", "UBFX T1", bitFieldUnsigned),
  { ...bitField("110110", "BFC T1", bitFieldClear), bits: "11110 0 110110 1111 0 iii dddd ii 0 wwwww" },
  bitField("110110", "BFI T1", bitFieldInsert),
].map((row: Omit<Row, "needs">): Row => ({ ...row, needs: "v8m" }));

const SATURATE_HALVES: readonly Row[] = [
  {
    bits: "11110 0 110010 nnnn 0000 dddd 0000 iiii",
    name: "SSAT16 T1",
    run: saturateHalves(true),
    needs: "dsp",
  },
  {
    bits: "11110 0 111010 nnnn 0000 dddd 0000 iiii",
    name: "USAT16 T1",
    run: saturateHalves(false),
    needs: "dsp",
  },
];

/** imm16 of MOVW and MOVT: imm4:i:imm3:imm8. */
function wideImmediate(field: Field): { readonly imm: number; readonly carry: number } {
  return { imm: (field("i") << 12) | (field("j") << 11) | (field("k") << 8) | field("l"), carry: -1 };
}

function bitField(opcode: string, name: string, run: Run): Row {
  const fields = (field: Field) => ({ imm: field("i"), amount: field("w") });
  return { bits: `11110 0 ${opcode} nnnn 0 iii dddd ii 0 wwwww`, name, run, fields, needs: "v8m" };
}

const PACK: readonly Row[] = [
  { bits: "1110101 0110 0 nnnn - iii dddd ii 00 mmmm", name: "PKHBT T1", run: packBottomTop, needs: "dsp" },
  { bits: "1110101 0110 0 nnnn - iii dddd ii 10 mmmm", name: "PKHTB T1", run: packTopBottom, needs: "dsp" },
].map((row, index) => ({ ...row, fields: (field: Field) => immediateShift(index * 2, field("i")) }) as Row);

function shiftRows(): readonly Row[] {
  return ["LSL", "LSR", "ASR", "ROR"].map((name, type) => ({
    bits: `11111010 0 ${type.toString(2).padStart(2, "0")} S nnnn 1111 dddd 0000 mmmm`,
    name: `${name} (register) T2`,
    run: shiftByRegister,
    needs: "v8m" as const,
    fields: () => ({ shift: type }),
  }));
}

/** Extending forms; with Rn all ones nothing is added (field n is 15). Those that add are of the DSP extension. */
function extendRows(opcode: string, name: string, run: Run, alone: "v8m" | "dsp"): readonly Row[] {
  const fields = (field: Field) => ({ amount: field("r") * 8 });
  return [
    {
      bits: `11111010 0 ${opcode} 1111 1111 dddd 10rr mmmm`,
      name,
      run,
      fields: (f) => ({ ...fields(f), n: 15 }),
      needs: alone,
    },
    { bits: `11111010 0 ${opcode} nnnn 1111 dddd 10rr mmmm`, name: `${name} and add`, run, fields, needs: "dsp" },
  ];
}

const REGISTER: readonly Row[] = [
  ...shiftRows(),
  ...extendRows("000", "SXTH, SXTAH", extend("signedHalf"), "v8m"),
  ...extendRows("001", "UXTH, UXTAH", extend("unsignedHalf"), "v8m"),
  ...extendRows("010", "SXTB16, SXTAB16", extendPairs("signedByte"), "dsp"),
  ...extendRows("011", "UXTB16, UXTAB16", extendPairs("unsignedByte"), "dsp"),
  ...extendRows("100", "SXTB, SXTAB", extend("signedByte"), "v8m"),
  ...extendRows("101", "UXTB, UXTAB", extend("unsignedByte"), "v8m"),
  { bits: "111110101 010 nnnn 1111 dddd 1000 mmmm", name: "SEL T1", run: select, needs: "dsp" },
  { bits: "111110101 001 nnnn 1111 dddd 1000 mmmm", name: "REV T2", run: reverseBytes, needs: "v8m" },
  { bits: "111110101 001 nnnn 1111 dddd 1001 mmmm", name: "REV16 T2", run: reverseBytesInHalves, needs: "v8m" },
  { bits: "111110101 001 nnnn 1111 dddd 1010 mmmm", name: "RBIT T1", run: reverseBits, needs: "v8m" },
  { bits: "111110101 001 nnnn 1111 dddd 1011 mmmm", name: "REVSH T2", run: reverseSignedHalf, needs: "v8m" },
  { bits: "111110101 011 nnnn 1111 dddd 1000 mmmm", name: "CLZ T1", run: countLeadingZeros, needs: "v8m" },
];

export const THUMB32_DATA: readonly Row[] = [
  ...SATURATE_HALVES,
  ...PLAIN_IMMEDIATE,
  ...PACK,
  ...PROCESSING,
  ...REGISTER,
];
