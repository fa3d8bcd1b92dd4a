import { compileFunction } from "node:vm";
import { CODE_BLOCK_BITS, Ram } from "../../memory/ram.ts";
import type { Decoder } from "../decode/decoder.ts";
import { isLong } from "../decode/decoder.ts";
import type { Instruction } from "../execute/instruction.ts";
import type { Core } from "../state/core.ts";
import { fetchFault, verdictOn } from "../system/protection.ts";
import { blocksFrom } from "./blocks.ts";
import type { CodeSpan, Entry, Known, Translated } from "./region.ts";
import { ARRAYS, RegionWriter } from "./region-text.ts";
import type { Windows } from "./windows.ts";

/**
 * More than images have (measured: 104 for a boot of MCUboot and Zephyr on the nRF51); a chip that runs many firmwares
 * forgets all and begins anew. 2,000 made-up ones that V8 had optimised took 155 MB of heap (Node 20).
 */
const KNOWN_MAX = 4_000;

/** Translates regions of code to JavaScript functions, for one core in one state of its protection. */
export class Translator {
  readonly #core: Core;
  readonly #decoder: Decoder;
  readonly #windows: Windows;

  constructor(core: Core, decoder: Decoder, windows: Windows) {
    this.#core = core;
    this.#decoder = decoder;
    this.#windows = windows;
  }

  /**
   * @param listen called with each address of code that the region depends on, block by block
   * @returns the region's entries by address, the one asked for among them; undefined where nothing can be translated
   */
  regionAt(pc: number, listen: (address: number) => void): ReadonlyMap<number, Entry> | undefined {
    const { known } = this.#windows;
    if (known.size > KNOWN_MAX) known.clear();
    const candidates = known.get(pc) ?? [];
    const same = candidates.find((candidate) => this.#isSame(candidate));
    const found = same ?? this.#made(pc);
    if (found === undefined) return undefined;
    if (same === undefined) known.set(pc, [...candidates, found]);
    for (const block of found.blocks) listen(block);
    const { run, exits, blocks } = found;
    return new Map(found.starts.map(([start, block]) => [start, { run, block, exits, blocks }]));
  }

  /** A region is not found again. */
  forget(run: Translated): void {
    const { known } = this.#windows;
    for (const [pc, regions] of known) {
      const others = regions.filter((region) => region.run !== run);
      if (others.length !== regions.length) known.set(pc, others);
    }
  }

  #made(pc: number): Known | undefined {
    const blocks = blocksFrom(pc, (address) => this.#decode(address));
    if (!blocks.some(({ start }) => start === pc)) return undefined;
    const writer = new RegionWriter(blocks, this.#windows, (address) => this.#isConstant(address));
    const { text, exits, literals, table } = writer.write();
    const code = blocks.map(({ start, next }) => this.#spanOf(start, next - start));
    const words = [...literals].map((address) => this.#spanOf(address, 4));
    return {
      code,
      literals: words,
      starts: blocks.flatMap(({ start, instructions }, index) =>
        instructions[0]?.instruction.run.form === undefined ? [] : [[start, index] as const],
      ),
      blocks: new Set([...code, ...words].flatMap(({ start, bytes }) => codeBlocks(start, bytes.length))),
      run: this.#compiled(text, table),
      exits,
    };
  }

  /**
   * The text is made here, of numbers and of the emitters' own words: nothing of the firmware's stands in it as text.
   * The inner function stands in parentheses: V8 then parses it at once, and not again when it is first called.
   */
  #compiled(text: string, table: Uint8Array): Translated {
    const { state, joint, rights, port } = this.#windows;
    const { words, halves, content, signedHalves, signedBytes } = joint;
    const names = ARRAYS.map((name) => `_${name}`);
    const make = compileFunction(text, names) as (...constants: unknown[]) => Translated;
    return make(state, words, halves, content, signedHalves, signedBytes, rights, table, port.load, port.store);
  }

  #spanOf(start: number, bytes: number): CodeSpan {
    return { start, bytes: this.#bytes(start, bytes).slice() };
  }

  #bytes(start: number, bytes: number): Uint8Array {
    const region = this.#core.memory.at(start);
    return region instanceof Ram ? region.content.subarray(start - region.start, start - region.start + bytes) : EMPTY;
  }

  /** Whether a region's bytes are those that stand here, and may be fetched. */
  #isSame({ code, literals }: Known): boolean {
    const isThere = ({ start, bytes }: CodeSpan) => Buffer.compare(this.#bytes(start, bytes.length), bytes) === 0;
    if (![...code, ...literals].every(isThere)) return false;
    if (!literals.every(({ start }) => verdictOn(this.#core, start).readable)) return false;
    return code.every(({ start, bytes }) => {
      // Rules are the same within 32 bytes.
      for (let at = start; at < start + bytes.length; at = (at & ~31) + 32) if (!this.#isFetchable(at)) return false;
      return true;
    });
  }

  #isConstant(address: number): boolean {
    const { start, bytes } = this.#windows.code;
    const isWithin = (address & 3) === 0 && address >= start && address + 4 <= start + bytes;
    return isWithin && verdictOn(this.#core, address).readable;
  }

  #isFetchable(address: number): boolean {
    return fetchFault(this.#core, address, () => false) === undefined;
  }

  #decode(pc: number): Instruction | undefined {
    const first = this.#half(pc);
    if (first === undefined) return undefined;
    if (!isLong(first)) return this.#decoder.decode(first, 0);
    const second = this.#half((pc + 2) >>> 0);
    return second === undefined ? undefined : this.#decoder.decode(first, second);
  }

  #half(address: number): number | undefined {
    const region = this.#core.memory.at(address);
    if (!(region instanceof Ram) || !this.#isFetchable(address)) return undefined;
    return region.read(address - region.start, 2) & 0xffff;
  }
}

const EMPTY = new Uint8Array(0);

function codeBlocks(start: number, bytes: number): readonly number[] {
  const block = 1 << CODE_BLOCK_BITS;
  const first = (start & -block) >>> 0;
  return Array.from({ length: Math.ceil((start + bytes - first) / block) }, (_, index) => first + index * block);
}
