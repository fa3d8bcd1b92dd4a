import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { Random } from "../../../core/index.ts";
import { MemoryMap } from "../../memory/memory-map.ts";
import { Ram } from "../../memory/ram.ts";
import { type Engine, INTERPRETER } from "../interpreter.ts";
import { Processor } from "../processor.ts";
import type { Core } from "../state/core.ts";
import { type CoreConfig, NRF51, NRF5340_APPLICATION } from "../state/core-config.ts";

const AT_ONCE: Engine = { translatedAfter: 0 };
const RAM = 0x2000_0000;
const CODE = 0x100;
const HALFWORDS = 60;

/** Of chains that hand their carry on: ADDS, SUBS, ADCS, SBCS of low registers. */
const CHAINED = [0x1800, 0x1a00, 0x4140, 0x4180];
/** First halfwords of SMULL, UMULL, SMLAL, UMLAL and UMAAL, and bits of the second. */
const LONG = [0xfb80, 0xfba0, 0xfbc0, 0xfbe0];

function longMultiply(random: Random): readonly number[] {
  const first = LONG[random.below(LONG.length)] as number;
  const low = random.below(6);
  const accumulates = first === 0xfbe0 && random.below(2) === 0 ? 0x60 : 0;
  return [first | random.below(8), (low << 12) | ((low + 1) << 8) | accumulates | random.below(8)];
}

/** Halfwords of which most are instructions that translate: data processing, loads and stores, branches, IT. */
function program(random: Random, config: CoreConfig): readonly number[] {
  return Array.from({ length: HALFWORDS }, () => {
    if (random.below(5) === 0) return (CHAINED[random.below(4)] as number) | random.below(64);
    if (config.architecture === "v8m" && random.below(10) === 0) return longMultiply(random);
    const any = random.below(0x1_0000);
    const kind = random.below(10);
    if (kind < 5) return any & 0x5fff;
    if (kind < 7) return 0x6000 | (any & 0x3fff);
    // B<cond> and B, some halfwords to and fro.
    if (kind === 7) return 0xd000 | (random.below(14) << 8) | ((random.below(12) - 4) & 0xff);
    if (kind === 8 && config.architecture === "v8m") return 0xbf00 | (any & 0xff);
    return any;
  })
    .flat()
    .slice(0, HALFWORDS);
}

function machine(config: CoreConfig, engine: Engine, halfwords: readonly number[], registers: readonly number[]) {
  const flash = new Ram("flash", 0, new Uint8Array(0x1000));
  const ram = new Ram("ram", RAM, new Uint8Array(0x2000));
  flash.write(0, 4, RAM + 0x1000);
  flash.write(4, 4, CODE | 1);
  // Every fault comes to a handler that stays where it is.
  for (let vector = 8; vector < 64; vector += 4) flash.write(vector, 4, 0xf1);
  flash.write(0xf0, 2, 0xe7fe);
  for (const [index, halfword] of halfwords.entries()) flash.write(CODE + 2 * index, 2, halfword);
  for (let word = 0; word < 0x2000; word += 4) ram.write(word, 4, RAM + ((word * 7) & 0x1ffc));
  const processor = new Processor(config, new MemoryMap([flash, ram]), engine);
  processor.reset(0);
  for (const [register, value] of registers.entries()) processor.core.set(register, value);
  return { processor, ram, flash };
}

/** Everything that instructions change, after a number of cycles that no block ends at. */
function stateAfter({ processor, ram }: ReturnType<typeof machine>, pieces: readonly number[]) {
  for (const cycles of pieces) processor.run(cycles);
  const { core } = processor;
  const { r, pc, stacks, exception, it } = core;
  return {
    r: [...r],
    pc,
    stacks: [...stacks],
    exception,
    it,
    flags: core.xpsr(),
    memory: createHash("sha256").update(ram.content).digest("hex"),
    cycles: core.cycles,
  };
}

const DEVICE = 0x4000_0000;

/** What a register does to its core at the access of this number. */
type Act = (core: Core, access: number) => void;

/** A loop that reads, adds and writes, words and a byte; r1 is the address of a register and of RAM in turn. */
const DEVICE_LOOP = [0x680a, 0x1c52, 0x604a, 0x7a0b, 0x18d2, 0x6022, 0x4069, 0xe7f7];

/** Runs the loop in pieces. @returns each access with its moment and its instruction, and what is left */
function deviceRun(engine: Engine, act: Act) {
  const made = machine(NRF5340_APPLICATION, engine, DEVICE_LOOP, [0, DEVICE, 0, 0, RAM + 0x40, DEVICE ^ (RAM + 0x100)]);
  const { core } = made.processor;
  const accesses: string[] = [];
  const seen = (what: string, offset: number, value: number) => {
    accesses.push(`${what} ${offset} ${value} at ${core.cycles} by ${core.pc}`);
    act(core, accesses.length);
  };
  core.memory.add({
    name: "device",
    start: DEVICE,
    bytes: 0x1000,
    executable: false,
    read: (offset, bytes) => {
      seen(`read ${bytes}`, offset, 0);
      return accesses.length * 0x8081;
    },
    write: (offset, bytes, value) => seen(`write ${bytes}`, offset, value),
  });
  const states = Array.from({ length: 60 }, (_, turn) => stateAfter(made, [7 + turn]));
  return { accesses, states };
}

describe("translated code", () => {
  test.each<[string, Act]>([
    ["that does nothing else", () => undefined],
    ["while the core stands still, as by its flash", (core, access) => core.skip(access % 7 === 0 ? 500 : 0)],
    [
      "that plans an event before the end of the turn",
      (core, access) => {
        if (access % 5 === 0) core.deadline = Math.min(core.deadline, core.cycles + (access % 3));
      },
    ],
    [
      "that faults now and then",
      (core, access) => {
        if (access % 90 === 0) core.raise("PRECISERR", DEVICE);
      },
    ],
    [
      "that makes an interrupt pending",
      (core, access) => {
        if (access === 120) core.system.exceptions.pending[15] = 1;
        if (access === 120) core.lookCloser();
      },
    ],
  ])("an access to a register %s: at its own cycle, once, and nothing differs behind it", (_, act) => {
    const [translated, interpreted] = [AT_ONCE, INTERPRETER].map((engine) => deviceRun(engine, act));
    expect(translated).toEqual(interpreted);
    expect(interpreted?.accesses.length).toBeGreaterThan(89);
  });

  test.each([
    ["Armv8-M", NRF5340_APPLICATION],
    ["Armv6-M", NRF51],
  ])("%s: random programs leave what the interpreter leaves, stopped at any cycle", (_, config) => {
    const random = Random.fromSeed(1).fork("translated programs");
    for (let turn = 0; turn < 250; turn += 1) {
      const halfwords = program(random, config);
      const registers = Array.from({ length: 13 }, () =>
        random.below(2) === 0 ? RAM + 4 * random.below(0x7f0) : random.below(2 ** 32),
      );
      const pieces = Array.from({ length: 4 }, () => 1 + random.below(40));
      const [translated, interpreted] = [AT_ONCE, INTERPRETER].map((engine) =>
        stateAfter(machine(config, engine, halfwords, registers), pieces),
      );
      expect({ turn, ...translated }).toEqual({ turn, ...interpreted });
    }
  });

  test.each([8, 9, 10])("a word of the code is read where it stands, %d bytes on: aligned or not", (offset) => {
    // ldr.w r0, [pc, #offset]; b to itself
    const [translated, interpreted] = [AT_ONCE, INTERPRETER].map((engine) => {
      const halfwords = [0xf8df, offset, 0xe7fe, 0, 0x1122, 0x3344, 0x5566, 0x7788, 0x99aa];
      const { processor } = machine(NRF5340_APPLICATION, engine, halfwords, [0]);
      processor.run(6);
      return processor.core.get(0);
    });
    expect(translated).toBe(interpreted);
    expect(translated).not.toBe(0);
  });

  test("code that is written over runs as it now stands", () => {
    // movs r0, #1; b back to it
    const { processor, flash } = machine(NRF5340_APPLICATION, AT_ONCE, [0x2001, 0xe7fd], []);
    processor.run(9);
    flash.write(CODE, 2, 0x2002);
    processor.run(4);
    expect(processor.core.get(0)).toBe(2);
  });

  test("a loop is one function: most of its instructions are not interpreted", () => {
    // adds r0, #1; b back to it: the interpreter would decode each of them for each page once, and count the same.
    const [translated, interpreted] = [AT_ONCE, INTERPRETER].map((engine) => {
      const { processor } = machine(NRF5340_APPLICATION, engine, [0x3001, 0xe7fd], [0]);
      processor.run(10_001);
      return [processor.core.get(0), processor.core.pc, processor.instructions];
    });
    expect(translated).toEqual(interpreted);
    expect(translated).toEqual([5001, CODE + 2, 10_001]);
  });
});
