import {
  compareFloats,
  FLOATING,
  fixedToFloat,
  floatToFixed,
  floatToHalf,
  floatToWhole,
  halfToFloat,
  moveImmediate,
  movePair,
  moveSingle,
  readFpscr,
  roundFloat,
  selectFloat,
  wholeToFloat,
  writeFpscr,
} from "../execute/floating.ts";
import { loadFloat, loadFloats, storeFloat, storeFloats } from "../execute/floating-transfer.ts";
import { INDEXING, type Run } from "../execute/instruction.ts";
import { ROUND } from "../float/number.ts";
import type { Field, Row } from "./row.ts";

/** Registers of single precision: four bits and one below them. Letters: d and e, n and f, m and g. */
const singles = (field: Field) => ({
  d: (field("d") << 1) | field("e"),
  n: (field("n") << 1) | field("f"),
  m: (field("m") << 1) | field("g"),
});

function arithmetic(op: string, last: string, name: string, run: Run): Row {
  const bits = `11101110 ${op.slice(0, 1)}e${op.slice(1)} nnnn dddd 1010 f${last}g0 mmmm`;
  return { bits, name, run, needs: "fpu", fields: singles };
}

const ARITHMETIC: readonly Row[] = [
  arithmetic("000", "0", "VMLA T1", FLOATING.mla),
  arithmetic("000", "1", "VMLS T1", FLOATING.mls),
  arithmetic("001", "0", "VNMLS T1", FLOATING.nmls),
  arithmetic("001", "1", "VNMLA T1", FLOATING.nmla),
  arithmetic("010", "0", "VMUL T1", FLOATING.mul),
  arithmetic("010", "1", "VNMUL T1", FLOATING.nmul),
  arithmetic("011", "0", "VADD T1", FLOATING.add),
  arithmetic("011", "1", "VSUB T1", FLOATING.sub),
  arithmetic("100", "0", "VDIV T1", FLOATING.div),
  arithmetic("101", "0", "VFNMS T1", FLOATING.fnms),
  arithmetic("101", "1", "VFNMA T1", FLOATING.fnma),
  arithmetic("110", "0", "VFMA T1", FLOATING.fma),
  arithmetic("110", "1", "VFMS T1", FLOATING.fms),
];

/** Source: DDI 0553, VFPExpandImm: sign, an exponent of three bits around 1.0, four bits of fraction. */
function expanded(field: Field): { readonly imm: number } {
  const packed = field("i");
  const exponent = (packed & 0x40) === 0 ? 0x80 | ((packed >>> 4) & 3) : 0x7c | ((packed >>> 4) & 3);
  return { imm: ((packed & 0x80) << 24) | (exponent << 23) | ((packed & 15) << 19) };
}

function unary(opcode: string, bit7: string, name: string, run: Run, more: (field: Field) => object = () => ({})): Row {
  const fields = (field: Field) => ({ ...singles(field), ...more(field) });
  return { bits: `11101110 1e11 ${opcode} dddd 1010 ${bit7}1g0 mmmm`, name, run, needs: "fpu", fields };
}

const top = (field: Field) => ({ amount: field("t") * 16 });
const sign = (field: Field) => ({ set: field("u") });

const UNARY: readonly Row[] = [
  {
    bits: "11101110 1e11 iiii dddd 1010 0000 iiii",
    name: "VMOV (immediate) T2",
    run: moveImmediate,
    needs: "fpu",
    fields: (field) => ({ ...singles(field), ...expanded(field) }),
  },
  unary("0000", "0", "VMOV (register) T2", FLOATING.mov),
  unary("0000", "1", "VABS T1", FLOATING.abs),
  unary("0001", "0", "VNEG T1", FLOATING.neg),
  unary("0001", "1", "VSQRT T1", FLOATING.sqrt),
  unary("0010", "t", "VCVTB, VCVTT (half to single) T1", halfToFloat, top),
  unary("0011", "t", "VCVTB, VCVTT (single to half) T1", floatToHalf, top),
  unary("0100", "E", "VCMP, VCMPE T1", compareFloats, (field) => ({ set: field("E"), imm: 0 })),
  unary("0101", "E", "VCMP, VCMPE (zero) T2", compareFloats, (field) => ({ set: field("E"), imm: 1 })),
  unary("0110", "0", "VRINTR T1", roundFloat(undefined)),
  unary("0110", "1", "VRINTZ T1", roundFloat(ROUND.zero)),
  unary("0111", "0", "VRINTX T1", roundFloat(undefined, true)),
  unary("1000", "u", "VCVT (integer to floating-point) T1", wholeToFloat, sign),
  unary("110u", "0", "VCVTR T1", floatToWhole(undefined), sign),
  unary("110u", "1", "VCVT (floating-point to integer) T1", floatToWhole(ROUND.zero), sign),
  fixed("0", "VCVT (fixed-point to floating-point) T1", fixedToFloat),
  fixed("1", "VCVT (floating-point to fixed-point) T1", floatToFixed),
];

function fixed(direction: string, name: string, run: Run): Row {
  const fields = (field: Field) => {
    const amount = field("x") === 1 ? 32 : 16;
    const d = (field("d") << 1) | field("e");
    return { d, amount, imm: amount - ((field("i") << 1) | field("j")), set: 1 - field("u") };
  };
  return { bits: `11101110 1e11 1${direction}1u dddd 1010 x1j0 iiii`, name, run, needs: "fpu", fields };
}

/** Conditions of VSEL: EQ, VS, GE, GT. */
const SELECTED = [0, 6, 10, 12];
/** Rounding of VCVTA, N, P, M and VRINTA, N, P, M. */
const DIRECTED = [ROUND.away, ROUND.nearest, ROUND.up, ROUND.down];
const LETTERS = ["A", "N", "P", "M"];

const ARMV8: readonly Row[] = [
  {
    bits: "11111110 0ecc nnnn dddd 1010 f0g0 mmmm",
    name: "VSEL T1",
    run: selectFloat,
    needs: "fpu",
    fields: (field) => ({ ...singles(field), a: SELECTED[field("c")] as number }),
  },
  {
    bits: "11111110 1e00 nnnn dddd 1010 f0g0 mmmm",
    name: "VMAXNM T2",
    run: FLOATING.maxnm,
    needs: "fpu",
    fields: singles,
  },
  {
    bits: "11111110 1e00 nnnn dddd 1010 f1g0 mmmm",
    name: "VMINNM T2",
    run: FLOATING.minnm,
    needs: "fpu",
    fields: singles,
  },
  ...DIRECTED.flatMap((rounding, index): readonly Row[] => {
    const mode = index.toString(2).padStart(2, "0");
    return [
      {
        bits: `11111110 1e11 10${mode} dddd 1010 01g0 mmmm`,
        name: `VRINT${LETTERS[index]} T1`,
        run: roundFloat(rounding),
        needs: "fpu",
        fields: singles,
      },
      {
        bits: `11111110 1e11 11${mode} dddd 1010 u1g0 mmmm`,
        name: `VCVT${LETTERS[index]} T1`,
        run: floatToWhole(rounding),
        needs: "fpu",
        fields: (field) => ({ ...singles(field), ...sign(field) }),
      },
    ];
  }),
];

/** Rt stands in the letter a. */
const MOVES: readonly Row[] = [
  {
    bits: "11101110 000L nnnn aaaa 1010 f001 0000",
    name: "VMOV (between general-purpose register and single-precision register) T1",
    run: moveSingle,
    needs: "fpu",
    fields: (field) => ({ ...singles(field), set: field("L") }),
  },
  {
    bits: "11101110 00xL nnnn aaaa 1011 f001 0000",
    name: "VMOV (general-purpose register and half of a doubleword register) T1",
    run: moveSingle,
    needs: "fpu",
    fields: (field) => ({ n: (field("f") << 5) | (field("n") << 1) | field("x"), set: field("L") }),
  },
  {
    bits: "11101100 010L nnnn aaaa 1010 00g1 mmmm",
    name: "VMOV (between two general-purpose registers and two single-precision registers) T1",
    run: movePair,
    needs: "fpu",
    fields: (field) => ({ m: (field("m") << 1) | field("g"), set: field("L") }),
  },
  {
    bits: "11101100 010L nnnn aaaa 1011 00g1 mmmm",
    name: "VMOV (between two general-purpose registers and a doubleword register) T1",
    run: movePair,
    needs: "fpu",
    fields: (field) => ({ m: (field("g") << 5) | (field("m") << 1), set: field("L") }),
  },
  { bits: "11101110 1111 0001 aaaa 1010 0001 0000", name: "VMRS T1", run: readFpscr, needs: "fpu" },
  { bits: "11101110 1110 0001 aaaa 1010 0001 0000", name: "VMSR T1", run: writeFpscr, needs: "fpu" },
];

/** First S register in `d`, how many in `amount`. Single precision has the low bit of the number in e, double the high one. */
function listed(field: Field, double: boolean): { readonly d: number; readonly amount: number } {
  if (double) return { d: (field("e") << 5) | (field("d") << 1), amount: field("i") & ~1 };
  return { d: (field("d") << 1) | field("e"), amount: field("i") };
}

/** Loads and stores, of both sizes: z is 1 for doubleword registers. */
const TRANSFERS: readonly Row[] = ["0", "1"].flatMap((z): readonly Row[] => {
  const double = z === "1";
  const one = (field: Field) => ({
    ...listed(field, double),
    amount: double ? 2 : 1,
    imm: (field("U") === 0 ? -4 : 4) * field("i"),
  });
  const many = (indexing: number) => (field: Field) => ({
    ...listed(field, double),
    imm: field("i") * 4,
    indexing,
    set: field("W"),
  });
  const tail = `nnnn dddd 101${z} iiiiiiii`;
  return [
    { bits: `11101101 Ue00 ${tail}`, name: "VSTR T1", run: storeFloat, needs: "fpu", fields: one },
    { bits: `11101101 Ue01 ${tail}`, name: "VLDR T1", run: loadFloat, needs: "fpu", fields: one },
    {
      bits: `11101100 1eW0 ${tail}`,
      name: "VSTM (IA) T1",
      run: storeFloats,
      needs: "fpu",
      fields: many(INDEXING.post),
    },
    { bits: `11101100 1eW1 ${tail}`, name: "VLDM (IA) T1", run: loadFloats, needs: "fpu", fields: many(INDEXING.post) },
    { bits: `11101101 0e10 ${tail}`, name: "VSTMDB, VPUSH T1", run: storeFloats, needs: "fpu", fields: down(many) },
    { bits: `11101101 0e11 ${tail}`, name: "VLDMDB T1", run: loadFloats, needs: "fpu", fields: down(many) },
  ];
});

function down(many: (indexing: number) => (field: Field) => object): (field: Field) => object {
  return (field) => ({ ...many(INDEXING.pre)(field), set: 1 });
}

export const FLOAT: readonly Row[] = [...ARITHMETIC, ...UNARY, ...ARMV8, ...MOVES, ...TRANSFERS];
