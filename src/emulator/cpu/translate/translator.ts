import { compileFunction } from "node:vm";
import { CODE_BLOCK_BITS, Ram } from "../../memory/ram.ts";
import type { Decoder } from "../decode/decoder.ts";
import { isLong } from "../decode/decoder.ts";
import type { Instruction } from "../execute/instruction.ts";
import { highSigned, highUnsigned } from "../execute/multiply.ts";
import type { Core } from "../state/core.ts";
import { fetchFault } from "../system/protection.ts";
import { type Block, blocksFrom } from "./blocks.ts";
import { RegionWriter } from "./region-text.ts";
import type { Windows } from "./windows.ts";

/**
 * Runs blocks of one region from the one of this index, until control leaves it, or the cycles that it may use do not
 * suffice for the next block. It never faults: what might is left to the interpreter. What goes in and out: `STATE`.
 * @returns cycles that are left
 */
type Translated = (windows: Windows, block: number) => number;

/** A region that was written down once: good wherever the same bytes stand at the same place. */
interface Known {
  readonly spans: readonly { readonly start: number; readonly bytes: Uint8Array }[];
  /** Blocks that may be entered, and their indices. */
  readonly starts: readonly (readonly [number, number])[];
  /** First addresses of the blocks of memory that it lies in. */
  readonly blocks: ReadonlySet<number>;
  readonly run: Translated;
}

/** A place where translated code can be entered. */
export interface Entry {
  readonly run: Translated;
  readonly block: number;
  /** First addresses of the blocks of memory that its region lies in. */
  readonly blocks: ReadonlySet<number>;
}

/**
 * More than images have (measured: 104 for a boot of MCUboot and Zephyr on the nRF51); a process that runs many
 * firmwares forgets all and begins anew. 2,000 made-up ones that V8 had optimised took 155 MB of heap (Node 20).
 */
const KNOWN_MAX = 4_000;

/** Regions outlive power cuts and resets: they count by the bytes that they were made of. */
const POOLS = new Map<string, Map<number, Known[]>>();
let known = 0;

function poolOf(key: string): Map<number, Known[]> {
  if (known > KNOWN_MAX) {
    POOLS.clear();
    known = 0;
  }
  const pool = POOLS.get(key) ?? new Map<number, Known[]>();
  POOLS.set(key, pool);
  return pool;
}

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
   * @param isElsewhere whether another region has this address
   * @param listen called with each address of code that the region depends on, block by block
   * @returns the region's entries by address, the one asked for among them; undefined where nothing can be translated
   */
  regionAt(
    pc: number,
    isElsewhere: (pc: number) => boolean,
    listen: (address: number) => void,
  ): ReadonlyMap<number, Entry> | undefined {
    const { config, guarded } = this.#core;
    const pool = poolOf(`${config.name} ${config.architecture} ${guarded} ${this.#windows.key}`);
    const candidates = pool.get(pc) ?? [];
    const same = candidates.find((candidate) => this.#isSame(candidate));
    const found = same ?? this.#made(pc, isElsewhere);
    if (found === undefined) return undefined;
    if (same === undefined) {
      pool.set(pc, [...candidates, found]);
      known += 1;
    }
    for (const block of found.blocks) listen(block);
    return new Map(found.starts.map(([start, block]) => [start, { run: found.run, block, blocks: found.blocks }]));
  }

  #made(pc: number, isElsewhere: (pc: number) => boolean): Known | undefined {
    const blocks = blocksFrom(pc, (address) => this.#decode(address), isElsewhere);
    if (!blocks.some(({ start }) => start === pc)) return undefined;
    const { text, table } = new RegionWriter(blocks, this.#windows, this.#core.guarded).write();
    // The text is made here, of numbers and of the emitters' own words: nothing of the firmware's stands in it as text.
    const make = compileFunction(text, ["signed", "unsigned", "table"]) as (...names: unknown[]) => Translated;
    const spans = blocks.map((block) => this.#spanOf(block));
    return {
      spans,
      starts: blocks.flatMap(({ start, instructions }, index) =>
        instructions[0]?.instruction.run.form === undefined ? [] : [[start, index] as const],
      ),
      blocks: new Set(spans.flatMap(({ start, bytes }) => codeBlocks(start, bytes.length))),
      run: make(highSigned, highUnsigned, table),
    };
  }

  #spanOf({ start, next }: Block): { readonly start: number; readonly bytes: Uint8Array } {
    return { start, bytes: this.#bytes(start, next - start).slice() };
  }

  #bytes(start: number, bytes: number): Uint8Array {
    const region = this.#core.memory.at(start);
    return region instanceof Ram ? region.content.subarray(start - region.start, start - region.start + bytes) : EMPTY;
  }

  /** Whether a region's bytes are those that stand here, and may be fetched. */
  #isSame({ spans }: Known): boolean {
    return spans.every(({ start, bytes }) => {
      if (Buffer.compare(this.#bytes(start, bytes.length), bytes) !== 0) return false;
      // Rules are the same within 32 bytes.
      for (let at = start; at < start + bytes.length; at = (at & ~31) + 32) if (!this.#isFetchable(at)) return false;
      return true;
    });
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
