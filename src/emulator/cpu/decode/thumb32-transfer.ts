import { tableBranch } from "../execute/branch.ts";
import { INDEXING } from "../execute/instruction.ts";
import { nothing } from "../execute/system-control.ts";
import {
  clearExclusive,
  loadAcquire,
  loadDual,
  loadExclusive,
  loadImmediate,
  loadLiteral,
  loadMultiple,
  loadRegister,
  loadUnprivileged,
  storeDual,
  storeExclusive,
  storeImmediate,
  storeMultiple,
  storeRegister,
  storeRelease,
  storeUnprivileged,
} from "../execute/transfer.ts";
import type { Field, Row } from "./row.ts";

/** P, U and W: whether the offset counts before, its sign, and whether the base is written back. */
function indexed(field: Field, scale: number): { readonly imm: number; readonly indexing: number } {
  const imm = (field("U") === 0 ? -1 : 1) * field("i") * scale;
  if (field("P") === 0) return { imm, indexing: INDEXING.post };
  return { imm, indexing: field("W") === 1 ? INDEXING.pre : INDEXING.offset };
}

const SIZES = [
  { code: "00", name: "B", kind: "byte" },
  { code: "01", name: "H", kind: "half" },
  { code: "10", name: "", kind: "word" },
] as const;

const STORES: readonly Row[] = SIZES.flatMap(({ code, name, kind }) => {
  const run = storeImmediate(kind);
  return [
    { bits: `11111000 1 ${code} 0 nnnn dddd iiiiiiiiiiii`, name: `STR${name} (immediate) T3`, run },
    {
      bits: `11111000 0 ${code} 0 nnnn dddd 000000 ss mmmm`,
      name: `STR${name} (register) T2`,
      run: storeRegister(kind),
    },
    { bits: `11111000 0 ${code} 0 nnnn dddd 1110 iiiiiiii`, name: `STR${name}T T1`, run: storeUnprivileged(kind) },
    { bits: `11111000 0 ${code} 0 nnnn dddd 1PUW iiiiiiii`, name: `STR${name} (immediate) T4`, run },
  ].map(finished);
});

const LOADS: readonly Row[] = [
  ...SIZES.map((size) => ({ ...size, sign: "0" })),
  { code: "00", name: "SB", kind: "signedByte", sign: "1" } as const,
  { code: "01", name: "SH", kind: "signedHalf", sign: "1" } as const,
].flatMap(({ code, name, kind, sign }) => {
  const run = loadImmediate(kind);
  const head = `1111100${sign}`;
  return [
    {
      bits: `${head} U ${code} 1 1111 dddd iiiiiiiiiiii`,
      name: `LDR${name} (literal) T2`,
      run: loadLiteral(kind),
      fields: (field: Field) => ({ imm: field("U") === 0 ? -field("i") : field("i") }),
    },
    { bits: `${head} 1 ${code} 1 nnnn dddd iiiiiiiiiiii`, name: `LDR${name} (immediate) T3`, run },
    { bits: `${head} 0 ${code} 1 nnnn dddd 000000 ss mmmm`, name: `LDR${name} (register) T2`, run: loadRegister(kind) },
    { bits: `${head} 0 ${code} 1 nnnn dddd 1110 iiiiiiii`, name: `LDR${name}T T1`, run: loadUnprivileged(kind) },
    { bits: `${head} 0 ${code} 1 nnnn dddd 1PUW iiiiiiii`, name: `LDR${name} (immediate) T4`, run },
  ].map(finished);
});

/** Fills in what the letters of a row ask for; byte and halfword loads to the PC are memory hints. */
function finished(row: Omit<Row, "needs">): Row {
  const isHint = row.name.startsWith("LDR") && !row.name.startsWith("LDR (") && !row.name.startsWith("LDRT");
  const fields =
    row.fields ??
    (row.bits.includes("PUW")
      ? (field: Field) => indexed(field, 1)
      : (field: Field) => ({ amount: field("s"), imm: field("i") }));
  // Neither before nor written back: undefined.
  const isNothing = (field: Field) => row.bits.includes("PUW") && field("P") === 0 && field("W") === 0;
  const unless = (field: Field) => isNothing(field) || (isHint && field("d") === 15);
  return { ...row, fields, needs: "v8m", unless };
}

/** PLD, PLI and their unallocated neighbours. */
const HINTS: readonly Row[] = ["0 00", "0 01", "1 00", "1 01"].map((form) => {
  const [sign, size] = form.split(" ") as [string, string];
  return { bits: `1111100${sign} - ${size} 1 ---- 1111 ------------`, name: "PLD, PLI", run: nothing, needs: "v8m" };
});

const MULTIPLE: readonly Row[] = [
  { code: "01", L: "0", indexing: INDEXING.offset, name: "STM, STMIA T2", run: storeMultiple },
  { code: "01", L: "1", indexing: INDEXING.offset, name: "LDM, LDMIA T2", run: loadMultiple },
  { code: "10", L: "0", indexing: INDEXING.pre, name: "STMDB, PUSH T1", run: storeMultiple },
  { code: "10", L: "1", indexing: INDEXING.pre, name: "LDMDB T1", run: loadMultiple },
].map(({ code, L, indexing, name, run }) => ({
  bits: `1110100 ${code} 0 S ${L} nnnn iiiiiiiiiiiiiiii`,
  name,
  run,
  needs: "v8m",
  fields: () => ({ indexing }),
}));

const DUAL: readonly Row[] = [
  { bits: "1110100 PU1W 1 nnnn dddd aaaa iiiiiiii", name: "LDRD (immediate), (literal) T1", run: loadDual },
  { bits: "1110100 PU1W 0 nnnn dddd aaaa iiiiiiii", name: "STRD (immediate) T1", run: storeDual },
].map((row) => ({
  ...row,
  needs: "v8m",
  fields: (field: Field) => indexed(field, 4),
  unless: (field: Field) => field("P") === 0 && field("W") === 0,
}));

const words = (field: Field) => ({ imm: field("i") * 4 });

/** Rd of the stores stands in the letter a, Rt in d. */
const EXCLUSIVE: readonly Row[] = [
  { bits: "11101000 0100 nnnn dddd aaaa iiiiiiii", name: "STREX T1", run: storeExclusive("word"), fields: words },
  { bits: "11101000 0101 nnnn dddd 1111 iiiiiiii", name: "LDREX T1", run: loadExclusive("word"), fields: words },
  { bits: "11101000 1100 nnnn dddd 1111 0100 aaaa", name: "STREXB T1", run: storeExclusive("byte") },
  { bits: "11101000 1100 nnnn dddd 1111 0101 aaaa", name: "STREXH T1", run: storeExclusive("half") },
  { bits: "11101000 1101 nnnn dddd 1111 0100 1111", name: "LDREXB T1", run: loadExclusive("byte") },
  { bits: "11101000 1101 nnnn dddd 1111 0101 1111", name: "LDREXH T1", run: loadExclusive("half") },
  { bits: "11101000 1100 nnnn dddd 1111 1000 1111", name: "STLB T1", run: storeRelease("byte") },
  { bits: "11101000 1100 nnnn dddd 1111 1001 1111", name: "STLH T1", run: storeRelease("half") },
  { bits: "11101000 1100 nnnn dddd 1111 1010 1111", name: "STL T1", run: storeRelease("word") },
  { bits: "11101000 1100 nnnn dddd 1111 1100 aaaa", name: "STLEXB T1", run: storeExclusive("byte") },
  { bits: "11101000 1100 nnnn dddd 1111 1101 aaaa", name: "STLEXH T1", run: storeExclusive("half") },
  { bits: "11101000 1100 nnnn dddd 1111 1110 aaaa", name: "STLEX T1", run: storeExclusive("word") },
  { bits: "11101000 1101 nnnn dddd 1111 1000 1111", name: "LDAB T1", run: loadAcquire("byte") },
  { bits: "11101000 1101 nnnn dddd 1111 1001 1111", name: "LDAH T1", run: loadAcquire("half") },
  { bits: "11101000 1101 nnnn dddd 1111 1010 1111", name: "LDA T1", run: loadAcquire("word") },
  { bits: "11101000 1101 nnnn dddd 1111 1100 1111", name: "LDAEXB T1", run: loadExclusive("byte") },
  { bits: "11101000 1101 nnnn dddd 1111 1101 1111", name: "LDAEXH T1", run: loadExclusive("half") },
  { bits: "11101000 1101 nnnn dddd 1111 1110 1111", name: "LDAEX T1", run: loadExclusive("word") },
  { bits: "11110011 1011 1111 1000 1111 0010 1111", name: "CLREX T1", run: clearExclusive },
].map((row) => ({ needs: "v8m", ...row }));

const TABLE_BRANCH: Row = {
  bits: "11101000 1101 nnnn 1111 0000 000 h mmmm",
  name: "TBB, TBH T1",
  run: tableBranch,
  needs: "v8m",
  fields: (field) => ({ amount: field("h") }),
};

export const THUMB32_TRANSFER: readonly Row[] = [
  TABLE_BRANCH,
  ...EXCLUSIVE,
  ...MULTIPLE,
  ...DUAL,
  ...STORES,
  ...LOADS,
  ...HINTS,
];
