import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type CoreConfig,
  type Engine,
  INTERPRETER,
  MemoryMap,
  NRF51,
  NRF5340_APPLICATION,
  Processor,
  Ram,
} from "../src/emulator/index.ts";
import type { GoldenResult, GoldenRunner } from "./report.ts";

/** Hex text without prefix. */
type Hex = string;

/** One case, as the folder's README describes it. */
interface CpuCase {
  readonly id: string;
  readonly core: "m33" | "m0";
  readonly group: string;
  readonly asm: string;
  readonly code: Hex;
  readonly init: {
    readonly r: readonly Hex[];
    readonly xpsr: Hex;
    readonly control: number;
    readonly primask: number;
    readonly mem: readonly (readonly [Hex, Hex])[];
    readonly s?: Readonly<Record<string, Hex>>;
    readonly fpscr?: Hex;
  };
  readonly steps: number;
  readonly stop?: Hex;
  readonly after: CpuState;
}

interface CpuState {
  readonly r: Readonly<Record<string, Hex>>;
  readonly xpsr: Hex;
  readonly mem: readonly (readonly [Hex, Hex])[];
  readonly s?: Readonly<Record<string, Hex>>;
  readonly fpscr?: Hex;
}

/** A case whose two witnesses differ: whose answer is right. */
interface Disagreement extends CpuCase {
  readonly right: "qemu" | "unicorn" | "unknown";
  readonly qemu: CpuState;
  readonly unicorn: CpuState;
}

interface CpuManifest {
  readonly cpu: readonly string[];
  readonly disagreements?: string;
}

const CORES: Readonly<Record<CpuCase["core"], CoreConfig>> = {
  // The witness is a Cortex-M33 with more priority bits and interrupts than the nRF5340; its cases use bits 7:5.
  m33: { ...NRF5340_APPLICATION, priorityBits: 8, interrupts: 96 },
  m0: NRF51,
};

/** Cycles that a boot image may take: its README says 20,000 instructions, and 150,000 for SysTick. */
const BOOT_CYCLES_MAX = 150_000;

/**
 * Cases whose recorded answer is a byte that no case wrote: the load at 20002001 read what an earlier program had left in the
 * witness's RAM, where the folder's README says "other RAM: zero". Seen in the set of seed A: three cases without a trap
 * that hold three answers at one address.
 */
const STALE_RAM: ReadonlySet<string> = new Set([
  "A-m33-exc-fault-00565",
  "A-m33-exc-fault-00774",
  "A-m33-exc-fault-00838",
]);

/** Cases of Arm cores: folders whose manifest has `cpu`. */
export const runCpu: GoldenRunner = function* (folder, manifest) {
  const { cpu, disagreements } = manifest as CpuManifest;
  for (const file of cpu) {
    for (const entry of linesOf(join(folder, file))) yield resultOf(entry, entry.after);
  }
  if (disagreements === undefined) return;
  for (const entry of linesOf(join(folder, disagreements)) as readonly Disagreement[]) {
    if (entry.right !== "unknown") yield resultOf(entry, entry[entry.right]);
  }
};

function linesOf(path: string): readonly CpuCase[] {
  const lines = gunzipSync(readFileSync(path)).toString("utf8").split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line) as CpuCase);
}

function resultOf(entry: CpuCase, after: CpuState): GoldenResult {
  const kind = `${entry.core} ${entry.group}`;
  const name = `${entry.id} ${entry.asm.slice(0, 100)}`;
  const differences = differencesOf(entry, after);
  if (STALE_RAM.has(entry.id) && differences.length === 1 && differences[0]?.startsWith("r1 0 for ")) {
    return { kind, name, status: "unsupported", reason: "the witness read RAM that the case never wrote" };
  }
  return differences.length === 0
    ? { kind, name, status: "passed" }
    : { kind, name, status: "failed", reason: differences.join(", ") };
}

/** Everything is translated when control first comes to it. */
const AT_ONCE: Engine = { translatedAfter: 0 };

/** What a case leaves that is not as it should be; the interpreter and translated code must leave the same. */
export function differencesOf(entry: CpuCase, after: CpuState): readonly string[] {
  try {
    const machine = machineAfter(entry, INTERPRETER);
    return [...translationDifference(machine, entry), ...wrongOf(machine, entry, after)];
  } catch (error) {
    return [`threw ${String(error)}`];
  }
}

/** V8 takes a millisecond for each case that is translated: one of so many is, or all when HIL_GOLDEN_TRANSLATED is 1. */
const TRANSLATED_EVERY = Number(process.env["HIL_GOLDEN_TRANSLATED"] ?? 8);
let compared = 0;

function translationDifference(machine: Machine, entry: CpuCase): readonly string[] {
  compared += 1;
  if (compared % TRANSLATED_EVERY !== 0) return [];
  const translated = stateOf(machineAfter(entry, AT_ONCE));
  const expected = stateOf(machine);
  return translated === expected ? [] : [`translated: ${translated} for ${expected}`];
}

function machineAfter(entry: CpuCase, engine: Engine): Machine {
  const machine = machineOf(entry, engine);
  if (entry.steps > 0) machine.processor.run(entry.steps);
  else runToStop(machine.processor, hex(entry.stop ?? "0"));
  return machine;
}

/** Instruction count, registers, flags and memory. */
function stateOf({ processor, ram }: Machine): string {
  const { core } = processor;
  const registers = [...core.r, ...core.stacks].map((value) => (value >>> 0).toString(16)).join(" ");
  const memory = createHash("sha256").update(ram.content).update(core.s).digest("hex").slice(0, 16);
  return `${processor.instructions} at ${core.pc.toString(16)} ${core.xpsr() >>> 0} ${registers} ${memory}`;
}

function wrongOf(machine: Machine, entry: CpuCase, after: CpuState): readonly string[] {
  const { core } = machine.processor;
  const expected = entry.init.r.map((value, index) => hex(after.r[String(index)] ?? value));
  const found = [...core.r.subarray(0, 15), core.pc].map((value) => value >>> 0);
  const wrong = expected.flatMap((value, index) => difference(`r${index}`, value, found[index] as number));
  wrong.push(...difference("xpsr", hex(after.xpsr), core.xpsr()));
  for (const [address, bytes] of after.mem) wrong.push(...memoryDifference(machine, hex(address), bytes));
  if (after.fpscr !== undefined) {
    for (let index = 0; index < 32; index += 1) {
      const value = after.s?.[String(index)] ?? entry.init.s?.[String(index)] ?? "0";
      wrong.push(...difference(`s${index}`, hex(value), core.s[index] as number));
    }
    wrong.push(...difference("fpscr", hex(after.fpscr), core.fpscr));
  }
  return wrong;
}

function difference(what: string, expected: number, found: number): readonly string[] {
  if (expected >>> 0 === found >>> 0) return [];
  return [`${what} ${(found >>> 0).toString(16)} for ${(expected >>> 0).toString(16)}`];
}

interface Machine {
  readonly processor: Processor;
  readonly memory: MemoryMap;
  readonly ram: Ram;
}

function machineOf(entry: CpuCase, engine: Engine): Machine {
  const ramBytes = entry.core === "m0" ? 0x4000 : 0x8000;
  const code = new Ram("code", 0, new Uint8Array(0x4_0000));
  const ram = new Ram("RAM", 0x2000_0000, new Uint8Array(ramBytes));
  const extra = entry.group === "tz" ? [new Ram("Non-secure code", 0x20_0000, new Uint8Array(0x1_0000))] : [];
  const memory = new MemoryMap([code, ram, ...extra]);
  const processor = new Processor(CORES[entry.core], memory, engine);
  const machine = { processor, memory, ram };
  const start = hex(entry.init.r[15] as string);
  write(machine, entry.steps > 0 ? start : 0, entry.code);
  for (const [address, bytes] of entry.init.mem) write(machine, hex(address), bytes);
  processor.reset(0);
  const { core } = processor;
  core.system.cpacr.fill(0xf0_0000);
  for (const [index, value] of entry.init.r.entries()) if (index < 15) core.set(index, hex(value));
  core.pc = start;
  core.next = start;
  core.thumb = 1;
  core.setFlags(hex(entry.init.xpsr));
  core.ge = (hex(entry.init.xpsr) >>> 16) & 15;
  core.primask[core.bank] = entry.init.primask;
  if (entry.init.fpscr !== undefined) {
    core.fpca = 1;
    core.fpscr = hex(entry.init.fpscr);
    for (const [index, value] of Object.entries(entry.init.s ?? {})) core.s[Number(index)] = hex(value);
  }
  return machine;
}

function runToStop(processor: Processor, stop: number): void {
  const { core } = processor;
  // A branch to itself: looked for now and then, for it stays there.
  const chunk = 500;
  for (let cycles = 0; cycles < BOOT_CYCLES_MAX; cycles += chunk) {
    processor.run(chunk);
    if (core.pc === stop || core.lockedUp) return;
  }
}

function write({ memory }: Machine, address: number, bytes: Hex): void {
  for (const [index, value] of Buffer.from(bytes, "hex").entries()) {
    const region = memory.at(address + index);
    region?.write(address + index - region.start, 1, value);
  }
}

function memoryDifference({ memory }: Machine, address: number, bytes: Hex): readonly string[] {
  const found = Array.from({ length: bytes.length / 2 }, (_, index) => {
    const region = memory.at(address + index);
    return region ? region.read(address + index - region.start, 1) : 0;
  });
  const text = Buffer.from(found).toString("hex");
  return text === bytes ? [] : [`memory ${address.toString(16)}: ${text} for ${bytes}`];
}

function hex(text: Hex): number {
  return Number.parseInt(text, 16);
}
