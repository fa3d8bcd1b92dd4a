import { branch, branchIf, branchLink } from "../execute/branch.ts";
import {
  nothing,
  readSpecial,
  secureGateway,
  testTarget,
  undefinedInstruction,
  writeSpecial,
} from "../execute/system-control.ts";
import { type Field, type Row, signed } from "./row.ts";

/** S:I1:I2:imm10:imm11:0, where I1 = NOT(J1 EOR S). Source: DDI 0553, B T4 and BL T1. */
function farOffset(field: Field): { readonly imm: number } {
  const s = field("s");
  const i1 = field("j") ^ s ^ 1;
  const i2 = field("k") ^ s ^ 1;
  return { imm: signed((s << 23) | (i1 << 22) | (i2 << 21) | field("i"), 24) * 2 };
}

/** S:J2:J1:imm6:imm11:0. Source: DDI 0553, B T3. */
function conditionalOffset(field: Field): { readonly imm: number; readonly a: number } {
  const value = (field("s") << 19) | (field("k") << 18) | (field("j") << 17) | field("i");
  return { imm: signed(value, 20) * 2, a: field("c") };
}

export const THUMB32_SYSTEM: readonly Row[] = [
  { bits: "11110 s iiiiiiiiii 11j1k iiiiiiiiiii", name: "BL T1", run: branchLink, fields: farOffset },
  { bits: "11110 s iiiiiiiiii 10j1k iiiiiiiiiii", name: "B T4", run: branch, fields: farOffset, needs: "v8m" },
  { bits: "1110100101111111 1110100101111111", name: "SG T1", run: secureGateway, needs: "v8m" },
  {
    bits: "11101000 0100 nnnn 1111 dddd ii 000000",
    name: "TT, TTT, TTA, TTAT T1",
    run: testTarget,
    needs: "v8m",
  },
  { bits: "11110011 1000 nnnn 1000 aa00 iiiiiiii", name: "MSR (register) T1", run: writeSpecial, fields: msr },
  { bits: "11110011 1110 1111 1000 dddd iiiiiiii", name: "MRS T1", run: readSpecial },
  { bits: "11110011 1011 1111 1000 1111 0100 ----", name: "DSB T1", run: nothing },
  { bits: "11110011 1011 1111 1000 1111 0101 ----", name: "DMB T1", run: nothing },
  { bits: "11110011 1011 1111 1000 1111 0110 ----", name: "ISB T1", run: nothing },
  { bits: "11110011 1010 1111 1000 0000 --------", name: "NOP and other hints T2", run: nothing, needs: "v8m" },
  { bits: "11110111 1111 iiii 1010 iiiiiiiiiiii", name: "UDF T2", run: undefinedInstruction },
  {
    bits: "11110 s cccc iiiiii 10j0k iiiiiiiiiii",
    name: "B T3",
    run: branchIf,
    needs: "v8m",
    fields: conditionalOffset,
    unless: (field) => field("c") >= 14,
  },
];

function msr(field: Field): { readonly amount: number } {
  return { amount: field("a") };
}
