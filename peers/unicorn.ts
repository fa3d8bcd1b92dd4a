import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../src/core/index.ts";
import { decoderOf, ROWS } from "../src/emulator/cpu/decode/decoder.ts";
import { fieldOf, patternOf } from "../src/emulator/cpu/decode/pattern.ts";
import type { Row } from "../src/emulator/cpu/decode/row.ts";
import {
  type Core,
  type CoreConfig,
  type Engine,
  INTERPRETER,
  MemoryMap,
  NRF51,
  NRF5340_APPLICATION,
  Processor,
  Ram,
} from "../src/emulator/index.ts";

/** Random instructions in random states, on our core and on PyPI's unicorn. */
export type UnicornCore = "M33" | "M0";

const CONFIG: Readonly<Record<UnicornCore, CoreConfig>> = { M33: NRF5340_APPLICATION, M0: NRF51 };
const [RAM, RAM_BYTES, PLACE] = [0x2000_0000, 0x8000, 0x1_0000];
/** Bases lie here: an offset of 12 bits to either side stays in RAM. */
const MIDDLE = RAM + 0x4000;
const EDGES = [0, 1, -1, 0x7fff_ffff, -0x8000_0000, 0x7fff, 0x8000, 0xffff, 0x8000_8000 | 0, 0x7fff_7fff, 0xff, 0x80];
/** Floats at their edges: zeros, infinities, NaNs, subnormals, one. */
const FLOAT_EDGES = [0, 1 << 31, 0x7f80_0000, 0xff80_0000 | 0, 0x7fc0_0000, 0x7f80_0001, 1, 0x7f_ffff, 0x3f80_0000];
const FLAGS = 0xf800_0000 | 0;
const THUMB = 0x0100_0000;

interface Case {
  readonly name: string;
  readonly code: number;
  readonly bytes: 2 | 4;
  readonly r: readonly number[];
  readonly x: number;
  readonly s: readonly number[];
  readonly f: number;
}

interface Answer {
  readonly r: readonly number[];
  readonly x: number;
  readonly m: readonly (readonly [number, string])[];
  readonly s?: readonly number[];
  readonly f?: number;
  readonly e?: string;
}

/** What unicorn 2.1.4 does wrong, by the architecture; our core is right there by QEMU, the manual or both. */
interface KnownFault {
  readonly name: RegExp;
  readonly why: string;
  readonly source: string;
  /** Whether a difference is this one. */
  readonly is: (difference: string) => boolean;
}

export const UNICORN_FAULTS: readonly KnownFault[] = [
  {
    name: /^(SMLAD|SMLSD|SMLA|SMLAW)/u,
    why: "Q is set only when the exact sum leaves 32 bits; unicorn sets it for an intermediate sum",
    source: "Armv8-M ARM (DDI 0553), SMLAD; golden case of QEMU 7.2 and the model",
    is: (difference) => /^xpsr [0-9a-f]+ for [0-9a-f]+$/u.test(difference),
  },
  {
    name: /^VCVT .*fixed/u,
    why: "fixed point to floating point always rounds to nearest; unicorn uses the mode in FPSCR",
    source: "Armv8-M ARM (DDI 0553), VCVT (between floating-point and fixed-point)",
    is: (difference) => /^s\d+ /u.test(difference),
  },
];

const DECODER = decoderOf(NRF5340_APPLICATION);

/** Rows whose outcome hangs on more than registers, flags and RAM, or that the architecture leaves open. */
const LEFT_OUT =
  /^(B|BL|BX|BLX|BXNS|BLXNS|CBZ|CBNZ|TBB|TBH|SVC|BKPT|CPS\w*|MSR|MRS|WF\w+|SEV|YIELD|NOP\w*|IT|UDF|DSB|DMB|ISB|SG|TT\w*|\w+EX\w*|LDA\w*|STL\w*|VMSR|VMRS|VLSTM|VLLDM|VSCCLRM|CSDB|SSBB|PSSBB|PLD\w*|PLI\w*|undefined|coprocessor|NOCP|ESB|DBG|HINT)\b/u;

interface Drawn {
  readonly row: Row;
  readonly word: number;
}

/** Rows that a core has and that are compared. */
export function comparedRows(core: UnicornCore): readonly Row[] {
  return ROWS.filter((row) => (core === "M33" || row.needs === undefined) && !LEFT_OUT.test(row.name));
}

function drawn(random: Random, rows: readonly Row[]): Drawn {
  for (;;) {
    const row = rows[random.below(rows.length)] as Row;
    const pattern = patternOf(row.bits);
    let word = pattern.value;
    // Bits that belong to no field stay 0, as the manual wants them.
    for (const position of [...pattern.letters.values()].flat()) word |= random.below(2) << position;
    const field = (letter: string) => fieldOf(pattern, letter, word);
    if (row.unless?.(field) === true || !isDefined(row, pattern.letters, field)) continue;
    const { d, m, amount } = DECODER.decode(pattern.bits === 32 ? word >>> 16 : word & 0xffff, word & 0xffff);
    if (/^V(LDM|STM)/u.test(row.name) && (amount === 0 || d + amount > 32)) continue;
    if (row.name.includes("two single-precision") && m >= 31) continue;
    if (/^(LDM|STM|PUSH|POP)/u.test(row.name) && !isListDefined(word, pattern.bits === 32, field)) continue;
    if (row.name.startsWith("VCMP, VCMPE (zero)") && (word & 0x2f) !== 0) continue;
    if (/^BF[CI]/u.test(row.name) && field("m") < field("i")) continue;
    if (/^[US]BFX/u.test(row.name) && field("i") + field("w") > 31) continue;
    return { row, word };
  }
}

/** No pc, no sp, the base not in its list, and of a 32-bit form two registers at least. */
function isListDefined(word: number, isWide: boolean, field: (letter: string) => number): boolean {
  const list = isWide ? word & 0xffff : word & 0xff;
  if (!isWide) return list !== 0 && (word & 0x100 & (word >>> 2)) === 0 && ((list >>> field("n")) & 1) === 0;
  return (list & 0xa000) === 0 && (list & (list - 1)) !== 0 && ((list >>> field("n")) & 1) === 0;
}

/** Registers 13 and 15 mean something of their own or are unpredictable; equal registers often are. */
function isDefined(
  { name }: Row,
  letters: ReadonlyMap<string, readonly number[]>,
  field: (letter: string) => number,
): boolean {
  const names = ["d", "n", "m", "a", "t"].filter((letter) => (letters.get(letter)?.length ?? 0) >= 3);
  const isFloat = name.startsWith("V");
  if (!isFloat && names.some((letter) => [13, 15].includes(field(letter)))) return false;
  const isMove = name.startsWith("VMOV") && name.includes("general-purpose");
  if (isMove && ["n", "a"].some((letter) => letters.get(letter)?.length === 4 && [13, 15].includes(field(letter))))
    return false;
  if (isMove && letters.has("a") && field("n") === field("a")) return false;
  if (isFloat && letters.has("n") && /^V(LDR|STR|LDM|STM|PUSH|POP)/u.test(name) && [13, 15].includes(field("n")))
    return false;
  const all = names.map(field);
  return isFloat || new Set(all).size === all.length;
}

function valueOf(random: Random, edges: readonly number[]): number {
  return random.below(3) === 0
    ? (edges[random.below(edges.length)] as number)
    : random.below(0x1_0000) | (random.below(0x1_0000) << 16);
}

/** A random case: an instruction, and a state that it can work on. */
function caseOf(random: Random, rows: readonly Row[]): Case {
  const { row, word } = drawn(random, rows);
  const isTransfer = /^(LD|ST|PUSH|POP|VLD|VST|VPUSH|VPOP)/u.test(row.name);
  const pattern = patternOf(row.bits);
  const bytes = pattern.bits === 32 ? 4 : 2;
  const r = Array.from({ length: 15 }, () => valueOf(random, EDGES));
  r[13] = MIDDLE + 8 * random.below(64);
  if (isTransfer) {
    const field = (letter: string) => fieldOf(pattern, letter, word);
    const at = (letter: string) => (pattern.letters.has(letter) ? field(letter) : -1);
    // Only a single load or store of Armv8-M may be unaligned.
    const step = pattern.bits === 32 && /^(LDR[BHS]*|STR[BH]?) /u.test(row.name) && random.below(4) === 0 ? 1 : 4;
    if (at("n") >= 0 && at("n") < 15) r[at("n")] = MIDDLE + random.below(256) * step;
    if (at("m") >= 0 && at("m") < 13 && !row.name.startsWith("V")) r[at("m")] = random.below(128 / step) * step;
  }
  return {
    name: row.name,
    code: word,
    bytes,
    r: r.map((value) => value >>> 0),
    x: ((random.below(32) << 27) | (random.below(16) << 16) | THUMB) >>> 0,
    s: Array.from({ length: 32 }, () => valueOf(random, FLOAT_EDGES) >>> 0),
    // Rounding mode, flush to zero and default NaN at random; no flag set.
    f: (random.below(16) << 22) >>> 0,
  };
}

function codeHex({ code, bytes }: Case): string {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 2) buffer.writeUInt16LE(code & 0xffff);
  else {
    buffer.writeUInt16LE(code >>> 16);
    buffer.writeUInt16LE(code & 0xffff, 2);
  }
  return buffer.toString("hex");
}

/** Our core after the instruction; "fault" where it does not complete. */
function ours(entry: Case, { core, engine = INTERPRETER, spoil }: Compared, pattern: Uint8Array): Answer {
  const ram = new Ram("RAM", RAM, pattern.slice());
  // As much of it as a literal can lie in.
  const code = new Ram("code", PLACE - 0x1000, new Uint8Array(0x3000));
  code.content.set(Buffer.from(codeHex(entry), "hex"), 0x1000);
  const processor = new Processor(CONFIG[core], new MemoryMap([code, ram]), engine);
  const { core: state } = processor;
  processor.reset(0);
  state.system.cpacr.fill(0xf0_0000);
  for (const [index, value] of entry.r.entries()) state.set(index, value | 0);
  state.pc = PLACE;
  state.next = PLACE;
  state.thumb = 1;
  state.setFlags(entry.x & FLAGS);
  if (core === "M33") {
    state.ge = (entry.x >>> 16) & 15;
    state.fpca = 1;
    state.fpscr = entry.f | 0;
    for (const [index, value] of entry.s.entries()) state.s[index] = value | 0;
  }
  let fault = "";
  state.faulted = ({ fault: name }) => {
    fault ||= name;
  };
  processor.run(1);
  spoil?.(state);
  if (fault !== "") return { r: [], x: 0, m: [], e: fault };
  const m: [number, string][] = [];
  const end = Buffer.compare(ram.content, pattern) === 0 ? 0 : RAM_BYTES;
  for (let at = 0; at < end; at += 4) {
    if (Buffer.compare(ram.content.subarray(at, at + 4), pattern.subarray(at, at + 4)) === 0) continue;
    m.push([at, Buffer.from(ram.content.subarray(at, at + 4)).toString("hex")]);
  }
  const r = [...state.r.subarray(0, 15), state.pc].map((value) => value >>> 0);
  const floats = { s: [...state.s].map((value) => value >>> 0), f: state.fpscr >>> 0 };
  return { r, x: state.xpsr() >>> 0, m, ...(core === "M33" && floats) };
}

const hex = (value: number | undefined) => (value ?? 0).toString(16);

function differences(mine: Answer, other: Answer): readonly string[] {
  if (mine.e !== undefined || other.e !== undefined) {
    return (mine.e === undefined) === (other.e === undefined)
      ? []
      : [`${mine.e ?? "no fault"} for ${other.e ?? "no fault"}`];
  }
  const found = mine.r.flatMap((value, at) =>
    value === other.r[at] ? [] : [`r${at} ${hex(value)} for ${hex(other.r[at])}`],
  );
  if (mine.x !== other.x) found.push(`xpsr ${hex(mine.x)} for ${hex(other.x)}`);
  if (JSON.stringify(mine.m) !== JSON.stringify(other.m))
    found.push(`memory ${JSON.stringify(mine.m)} for ${JSON.stringify(other.m)}`);
  for (const [at, value] of (mine.s ?? []).entries()) {
    if (value !== other.s?.[at]) found.push(`s${at} ${hex(value)} for ${hex(other.s?.[at])}`);
  }
  if (mine.f !== other.f) found.push(`fpscr ${hex(mine.f)} for ${hex(other.f)}`);
  return found;
}

export interface UnicornCompared {
  readonly cases: number;
  /** Cases in which both faulted: they show less. */
  readonly faulted: number;
  readonly rows: number;
  /** Differences that `UNICORN_FAULTS` explains, by its text. */
  readonly known: ReadonlyMap<string, number>;
  readonly unknown: readonly string[];
}

/** Where unicorn is, if it is. */
export function unicornPython(): string | undefined {
  const venv = process.env["HIL_PEERS_VENV"] ?? ".cache/peers";
  const python = join(venv, "bin", "python");
  if (!existsSync(python)) return undefined;
  return spawnSync(python, ["-c", "import unicorn"]).status === 0 ? python : undefined;
}

interface Compared {
  readonly core: UnicornCore;
  readonly seed: number;
  readonly count: number;
  readonly engine?: Engine;
  /** Plants a fault of ours after each instruction. */
  readonly spoil?: (core: Core) => void;
}

/** So many cases by a seed, all of one core. */
export function compareWithUnicorn(python: string, options: Compared): UnicornCompared {
  const { core, seed, count } = options;
  const random = Random.fromSeed(`unicorn ${core} ${seed}`);
  const pattern = random.fork("RAM").bytes(RAM_BYTES);
  const rows = comparedRows(core);
  const cases = Array.from({ length: count }, () => caseOf(random, rows));
  const lines = cases.map((entry) =>
    JSON.stringify({ c: codeHex(entry), r: entry.r, x: entry.x, s: entry.s, f: entry.f }),
  );
  const input = [JSON.stringify({ core, ram: Buffer.from(pattern).toString("hex") }), ...lines, ""].join("\n");
  const script = fileURLToPath(new URL("one-instruction.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(python, [script], { input, maxBuffer: 2 ** 30, encoding: "utf8" });
  if (status !== 0) throw new Error(`unicorn: ${stderr.slice(-1000)}`);
  const answers = stdout.trim().split("\n");
  const known = new Map<string, number>();
  const unknown: string[] = [];
  let faulted = 0;
  for (const [index, entry] of cases.entries()) {
    const other = JSON.parse(answers[index] ?? "{}") as Answer;
    const mine = ours(entry, options, pattern);
    if (mine.e !== undefined && other.e !== undefined) faulted += 1;
    const found = differences(mine, other);
    if (found.length === 0) continue;
    const fault = UNICORN_FAULTS.find(({ name, is }) => name.test(entry.name) && found.every(is));
    if (fault) known.set(fault.why, (known.get(fault.why) ?? 0) + 1);
    else unknown.push(`${entry.name} ${codeHex(entry)}: ${found.slice(0, 4).join(", ")}`);
  }
  return { cases: cases.length, faulted, rows: new Set(cases.map(({ name }) => name)).size, known, unknown };
}
