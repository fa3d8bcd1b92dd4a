import type { Run } from "../execute/instruction.ts";
import {
  divideSigned,
  divideUnsigned,
  dualMultiply,
  dualMultiplyAdd,
  dualMultiplyAddLong,
  mostSignificant,
  multiplyAddAdd,
  multiplyAddLong,
  multiplyLong,
  multiplySubtract,
  multiplyWords,
  multiplyWordsAdd,
  smlalxy,
  smlawy,
  smlaxy,
  smulwy,
  smulxy,
  sumOfDifferences,
} from "../execute/multiply.ts";
import { LANES, parallel, saturatingSum } from "../execute/saturate.ts";
import type { Needs, Row } from "./row.ts";

function multiplyRow(op: string, tail: string, name: string, run: Run, needs: Needs = "dsp"): Row {
  return { bits: `111110110 ${op} nnnn ${tail} mmmm`, name, run, needs };
}

/** With Ra all ones nothing is added: another row, or another meaning of the same one. */
const MULTIPLY: readonly Row[] = [
  multiplyRow("000", "1111 dddd 0000", "MUL T2", multiplyWords, "v8m"),
  multiplyRow("000", "aaaa dddd 0000", "MLA T1", multiplyWordsAdd, "v8m"),
  multiplyRow("000", "aaaa dddd 0001", "MLS T1", multiplySubtract, "v8m"),
  multiplyRow("001", "1111 dddd 00ii", "SMULBB, SMULBT, SMULTB, SMULTT T1", smulxy),
  multiplyRow("001", "aaaa dddd 00ii", "SMLABB, SMLABT, SMLATB, SMLATT T1", smlaxy),
  multiplyRow("010", "1111 dddd 000i", "SMUAD, SMUADX T1", dualMultiply(1)),
  multiplyRow("010", "aaaa dddd 000i", "SMLAD, SMLADX T1", dualMultiplyAdd(1)),
  multiplyRow("011", "1111 dddd 000i", "SMULWB, SMULWT T1", smulwy),
  multiplyRow("011", "aaaa dddd 000i", "SMLAWB, SMLAWT T1", smlawy),
  multiplyRow("100", "1111 dddd 000i", "SMUSD, SMUSDX T1", dualMultiply(-1)),
  multiplyRow("100", "aaaa dddd 000i", "SMLSD, SMLSDX T1", dualMultiplyAdd(-1)),
  multiplyRow("101", "aaaa dddd 000i", "SMMUL, SMMLA (R) T1", mostSignificant(1n)),
  multiplyRow("110", "aaaa dddd 000i", "SMMLS (R) T1", mostSignificant(-1n)),
  multiplyRow("111", "aaaa dddd 0000", "USAD8, USADA8 T1", sumOfDifferences),
];

/** RdLo is the letter a, RdHi the letter d. */
function longRow(op: string, tail: string, name: string, run: Run, needs: Needs = "v8m"): Row {
  return { bits: `111110111 ${op} nnnn ${tail} mmmm`, name, run, needs };
}

const LONG: readonly Row[] = [
  longRow("000", "aaaa dddd 0000", "SMULL T1", multiplyLong("signed")),
  longRow("001", "1111 dddd 1111", "SDIV T1", divideSigned),
  longRow("010", "aaaa dddd 0000", "UMULL T1", multiplyLong("unsigned")),
  longRow("011", "1111 dddd 1111", "UDIV T1", divideUnsigned),
  longRow("100", "aaaa dddd 0000", "SMLAL T1", multiplyAddLong("signed")),
  longRow("100", "aaaa dddd 10ii", "SMLALBB, SMLALBT, SMLALTB, SMLALTT T1", smlalxy, "dsp"),
  longRow("100", "aaaa dddd 110i", "SMLALD, SMLALDX T1", dualMultiplyAddLong(1), "dsp"),
  longRow("101", "aaaa dddd 110i", "SMLSLD, SMLSLDX T1", dualMultiplyAddLong(-1), "dsp"),
  longRow("110", "aaaa dddd 0000", "UMLAL T1", multiplyAddLong("unsigned")),
  longRow("110", "aaaa dddd 0110", "UMAAL T1", multiplyAddAdd, "dsp"),
];

const SATURATING: readonly Row[] = ["QADD", "QDADD", "QSUB", "QDSUB"].map((name, index) => ({
  bits: `111110101 000 nnnn 1111 dddd 10${index.toString(2).padStart(2, "0")} mmmm`,
  name: `${name} T1`,
  run: saturatingSum(index < 2 ? 1 : -1, index % 2 === 1),
  needs: "dsp",
}));

/** op1 of the parallel instructions: what is done to the lanes. */
const PARALLEL = [
  { op: "000", name: "ADD8", bits: 8, signs: [1, 1, 1, 1] },
  { op: "001", name: "ADD16", bits: 16, signs: [1, 1] },
  { op: "010", name: "ASX", bits: 16, signs: [-1, 1], crossed: true },
  { op: "110", name: "SAX", bits: 16, signs: [1, -1], crossed: true },
  { op: "101", name: "SUB16", bits: 16, signs: [-1, -1] },
  { op: "100", name: "SUB8", bits: 8, signs: [-1, -1, -1, -1] },
] as const;

const PREFIXES = { s: "0000", q: "0001", sh: "0010", u: "0100", uq: "0101", uh: "0110" } as const;

const LANE_ROWS: readonly Row[] = PARALLEL.flatMap((row) =>
  (Object.keys(PREFIXES) as (keyof typeof PREFIXES)[]).map((prefix) => ({
    bits: `111110101 ${row.op} nnnn 1111 dddd ${PREFIXES[prefix]} mmmm`,
    name: `${prefix.toUpperCase()}${row.name} T1`,
    run: parallel(LANES[prefix], row.bits, row.signs, "crossed" in row),
    needs: "dsp" as const,
  })),
);

export const THUMB32_MULTIPLY: readonly Row[] = [...MULTIPLY, ...LONG, ...SATURATING, ...LANE_ROWS];
