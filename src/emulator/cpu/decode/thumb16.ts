import {
  addHigh,
  addressOf,
  arithmetic,
  compare,
  logical,
  logicalTest,
  moveHigh,
  shiftByRegister,
} from "../execute/arithmetic.ts";
import { extend, reverseBytes, reverseBytesInHalves, reverseSignedHalf } from "../execute/bits.ts";
import {
  branch,
  branchIf,
  branchLinkNonSecure,
  branchLinkRegister,
  branchNonSecure,
  branchRegister,
  compareBranch,
  ifThen,
} from "../execute/branch.ts";
import { SHIFT } from "../execute/instruction.ts";
import { multiplyWords } from "../execute/multiply.ts";
import {
  changeState,
  nothing,
  sendEvent,
  supervisorCall,
  undefinedInstruction,
  waitForEvent,
  waitForInterrupt,
} from "../execute/system-control.ts";
import {
  loadImmediate,
  loadLiteral,
  loadMultiple,
  loadRegister,
  storeImmediate,
  storeMultiple,
  storeRegister,
} from "../execute/transfer.ts";
import { type Field, immediateShift, type Row, signed } from "./row.ts";

const outsideIt = { flags: "outside IT" } as const;

/** Shift by a constant; of type 0 and amount 0 it is MOVS. */
function shiftRow(bits: string, name: string, type: number): Row {
  const fields = (field: Field) => immediateShift(type, field("i"));
  return { bits, name, run: logical("mov", "register"), fields, ...outsideIt };
}

/** Data processing of two low registers, Rdn first. */
function registers(opcode: string, name: string, run: Row["run"]): Row {
  const fields = (field: Field) => ({ n: field("d"), d: field("d") });
  return { bits: `010000 ${opcode} mmm ddd`, name: `${name} T1`, run, fields, ...outsideIt };
}

function shiftByRegisterRow(opcode: string, name: string, shift: number): Row {
  const fields = (field: Field) => ({ n: field("d"), d: field("d"), shift });
  return {
    bits: `010000 ${opcode} mmm ddd`,
    name: `${name} (register) T1`,
    run: shiftByRegister,
    fields,
    ...outsideIt,
  };
}

const scaled = (factor: number) => (field: Field) => ({ imm: field("i") * factor });

export const THUMB16: readonly Row[] = [
  shiftRow("00000 iiiii mmm ddd", "LSL (immediate) T2", SHIFT.lsl),
  shiftRow("00001 iiiii mmm ddd", "LSR (immediate) T2", SHIFT.lsr),
  shiftRow("00010 iiiii mmm ddd", "ASR (immediate) T2", SHIFT.asr),
  { bits: "0001100 mmm nnn ddd", name: "ADD (register) T1", run: arithmetic("add", "register"), ...outsideIt },
  { bits: "0001101 mmm nnn ddd", name: "SUB (register) T1", run: arithmetic("sub", "register"), ...outsideIt },
  { bits: "0001110 iii nnn ddd", name: "ADD (immediate) T1", run: arithmetic("add", "immediate"), ...outsideIt },
  { bits: "0001111 iii nnn ddd", name: "SUB (immediate) T1", run: arithmetic("sub", "immediate"), ...outsideIt },
  {
    bits: "00100 ddd iiiiiiii",
    name: "MOV (immediate) T1",
    run: logical("mov", "immediate"),
    fields: () => ({ carry: -1 }),
    ...outsideIt,
  },
  { bits: "00101 nnn iiiiiiii", name: "CMP (immediate) T1", run: compare("sub", "immediate") },
  {
    bits: "00110 ddd iiiiiiii",
    name: "ADD (immediate) T2",
    run: arithmetic("add", "immediate"),
    fields: (field) => ({ n: field("d") }),
    ...outsideIt,
  },
  {
    bits: "00111 ddd iiiiiiii",
    name: "SUB (immediate) T2",
    run: arithmetic("sub", "immediate"),
    fields: (field) => ({ n: field("d") }),
    ...outsideIt,
  },
  registers("0000", "AND (register)", logical("and", "register")),
  registers("0001", "EOR (register)", logical("eor", "register")),
  shiftByRegisterRow("0010", "LSL", SHIFT.lsl),
  shiftByRegisterRow("0011", "LSR", SHIFT.lsr),
  shiftByRegisterRow("0100", "ASR", SHIFT.asr),
  registers("0101", "ADC (register)", arithmetic("adc", "register")),
  registers("0110", "SBC (register)", arithmetic("sbc", "register")),
  shiftByRegisterRow("0111", "ROR", SHIFT.ror),
  registers("1000", "TST (register)", logicalTest("and", "register")),
  { bits: "0100001001 nnn ddd", name: "RSB (immediate) T1", run: arithmetic("rsb", "immediate"), ...outsideIt },
  registers("1010", "CMP (register)", compare("sub", "register")),
  registers("1011", "CMN (register)", compare("add", "register")),
  registers("1100", "ORR (register)", logical("orr", "register")),
  registers("1101", "MUL", multiplyWords),
  registers("1110", "BIC (register)", logical("bic", "register")),
  registers("1111", "MVN (register)", logical("mvn", "register")),
  {
    bits: "01000100 d mmmm ddd",
    name: "ADD (register) T2",
    run: addHigh,
    fields: (field) => ({ n: field("d") }),
  },
  { bits: "01000101 n mmmm nnn", name: "CMP (register) T2", run: compare("sub", "register") },
  { bits: "01000110 d mmmm ddd", name: "MOV (register) T1", run: moveHigh },
  { bits: "010001110 mmmm 000", name: "BX T1", run: branchRegister },
  { bits: "010001111 mmmm 000", name: "BLX (register) T1", run: branchLinkRegister },
  { bits: "010001110 mmmm 100", name: "BXNS T1", run: branchNonSecure, needs: "security" },
  { bits: "010001111 mmmm 100", name: "BLXNS T1", run: branchLinkNonSecure, needs: "security" },
  { bits: "01001 ddd iiiiiiii", name: "LDR (literal) T1", run: loadLiteral("word"), fields: scaled(4) },
  { bits: "0101000 mmm nnn ddd", name: "STR (register) T1", run: storeRegister("word") },
  { bits: "0101001 mmm nnn ddd", name: "STRH (register) T1", run: storeRegister("half") },
  { bits: "0101010 mmm nnn ddd", name: "STRB (register) T1", run: storeRegister("byte") },
  { bits: "0101011 mmm nnn ddd", name: "LDRSB (register) T1", run: loadRegister("signedByte") },
  { bits: "0101100 mmm nnn ddd", name: "LDR (register) T1", run: loadRegister("word") },
  { bits: "0101101 mmm nnn ddd", name: "LDRH (register) T1", run: loadRegister("half") },
  { bits: "0101110 mmm nnn ddd", name: "LDRB (register) T1", run: loadRegister("byte") },
  { bits: "0101111 mmm nnn ddd", name: "LDRSH (register) T1", run: loadRegister("signedHalf") },
  { bits: "01100 iiiii nnn ddd", name: "STR (immediate) T1", run: storeImmediate("word"), fields: scaled(4) },
  { bits: "01101 iiiii nnn ddd", name: "LDR (immediate) T1", run: loadImmediate("word"), fields: scaled(4) },
  { bits: "01110 iiiii nnn ddd", name: "STRB (immediate) T1", run: storeImmediate("byte") },
  { bits: "01111 iiiii nnn ddd", name: "LDRB (immediate) T1", run: loadImmediate("byte") },
  { bits: "10000 iiiii nnn ddd", name: "STRH (immediate) T1", run: storeImmediate("half"), fields: scaled(2) },
  { bits: "10001 iiiii nnn ddd", name: "LDRH (immediate) T1", run: loadImmediate("half"), fields: scaled(2) },
  {
    bits: "10010 ddd iiiiiiii",
    name: "STR (immediate) T2",
    run: storeImmediate("word"),
    fields: (field) => ({ n: 13, imm: field("i") * 4 }),
  },
  {
    bits: "10011 ddd iiiiiiii",
    name: "LDR (immediate) T2",
    run: loadImmediate("word"),
    fields: (field) => ({ n: 13, imm: field("i") * 4 }),
  },
  { bits: "10100 ddd iiiiiiii", name: "ADR T1", run: addressOf, fields: scaled(4) },
  {
    bits: "10101 ddd iiiiiiii",
    name: "ADD (SP plus immediate) T1",
    run: arithmetic("add", "immediate"),
    fields: (field) => ({ n: 13, imm: field("i") * 4 }),
  },
  {
    bits: "101100000 iiiiiii",
    name: "ADD (SP plus immediate) T2",
    run: arithmetic("add", "immediate"),
    fields: (field) => ({ d: 13, n: 13, imm: field("i") * 4 }),
  },
  {
    bits: "101100001 iiiiiii",
    name: "SUB (SP minus immediate) T1",
    run: arithmetic("sub", "immediate"),
    fields: (field) => ({ d: 13, n: 13, imm: field("i") * 4 }),
  },
  {
    bits: "1011 S0i1 iiiii nnn",
    name: "CBNZ, CBZ T1",
    run: compareBranch,
    needs: "v8m",
    fields: (field) => ({ imm: field("i") * 2 }),
  },
  { bits: "1011001000 mmm ddd", name: "SXTH T1", run: extend("signedHalf"), fields: () => ({ n: 15 }) },
  { bits: "1011001001 mmm ddd", name: "SXTB T1", run: extend("signedByte"), fields: () => ({ n: 15 }) },
  { bits: "1011001010 mmm ddd", name: "UXTH T1", run: extend("unsignedHalf"), fields: () => ({ n: 15 }) },
  { bits: "1011001011 mmm ddd", name: "UXTB T1", run: extend("unsignedByte"), fields: () => ({ n: 15 }) },
  {
    bits: "1011010 l iiiiiiii",
    name: "PUSH T1",
    run: storeMultiple,
    fields: (field) => ({ n: 13, imm: field("i") | (field("l") << 14), set: 1, indexing: 1 }),
  },
  {
    bits: "1011110 p iiiiiiii",
    name: "POP T1",
    run: loadMultiple,
    fields: (field) => ({ n: 13, imm: field("i") | (field("p") << 15), set: 1 }),
  },
  { bits: "10110110011 S 0 0ii", name: "CPS T1", run: changeState },
  { bits: "1011101000 mmm ddd", name: "REV T1", run: reverseBytes },
  { bits: "1011101001 mmm ddd", name: "REV16 T1", run: reverseBytesInHalves },
  { bits: "1011101011 mmm ddd", name: "REVSH T1", run: reverseSignedHalf },
  { bits: "10111110 iiiiiiii", name: "BKPT T1", run: undefinedInstruction },
  { bits: "10111111 0010 0000", name: "WFE T1", run: waitForEvent },
  { bits: "10111111 0011 0000", name: "WFI T1", run: waitForInterrupt },
  { bits: "10111111 0100 0000", name: "SEV T1", run: sendEvent },
  { bits: "10111111 hhhh 0000", name: "NOP and other hints T1", run: nothing },
  { bits: "10111111 iiiiiiii", name: "IT T1", run: ifThen, needs: "v8m" },
  {
    bits: "11000 nnn iiiiiiii",
    name: "STM, STMIA, STMEA T1",
    run: storeMultiple,
    fields: () => ({ set: 1 }),
  },
  { bits: "11001 nnn iiiiiiii", name: "LDM, LDMIA, LDMFD T1", run: loadMultiple, fields: () => ({ set: 1 }) },
  { bits: "11011110 iiiiiiii", name: "UDF T1", run: undefinedInstruction },
  { bits: "11011111 iiiiiiii", name: "SVC T1", run: supervisorCall },
  {
    bits: "1101 cccc iiiiiiii",
    name: "B T1",
    run: branchIf,
    fields: (field) => ({ a: field("c"), imm: signed(field("i"), 8) * 2 }),
  },
  { bits: "11100 iiiiiiiiiii", name: "B T2", run: branch, fields: (field) => ({ imm: signed(field("i"), 11) * 2 }) },
];
