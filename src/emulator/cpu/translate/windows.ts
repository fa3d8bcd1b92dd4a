import type { MemoryMap } from "../../memory/memory-map.ts";
import { CODE_BLOCK_BITS, Ram } from "../../memory/ram.ts";
import type { Core } from "../state/core.ts";
import { ruleBounds, verdictOn } from "../system/protection.ts";
import type { Known } from "./region.ts";

/** Protection is the same within so many bytes: a power of two. Source: DDI 0553, MPU_RBAR, SAU_RBAR. */
export const GRAIN_BITS = 5;

/** What a core may do in each grain of a memory: two bits for each kind of rights (`Core.rights`), read and write. */
const READ = 1;
const WRITE = 2;

/** A memory through which translated code reads without asking anybody. */
interface Window {
  readonly ram: Ram;
  readonly start: number;
  readonly bytes: number;
  readonly words: Int32Array;
  readonly halves: Uint16Array;
  readonly content: Uint8Array;
  readonly signedHalves: Int16Array;
  readonly signedBytes: Int8Array;
  /** By grain, see `READ` and `WRITE`. */
  readonly rights: Uint16Array;
}

/**
 * What goes in and out of a region. In: cells from nz to kind, may read, may write, limit of the stack in use. Out:
 * cells from nz to kind, exit, and the address of an exit that has none of its own.
 */
export const STATE = {
  nz: 0,
  c: 1,
  v: 2,
  fa: 3,
  fb: 4,
  fr: 5,
  kind: 6,
  exit: 7,
  pc: 8,
  read: 9,
  write: 10,
  limit: 11,
} as const;

/**
 * The two memories of a core that translated code knows: the one that holds its data, and the one that holds its code.
 * All else it leaves to the interpreter. It lives as long as the memories do, over resets and power cuts, and with it
 * the regions that were made for it: their text has these arrays in it as constants.
 */
export class Windows {
  readonly data: Window;
  readonly code: Window;
  readonly state = new Int32Array(12);
  /** Regions that were written down, by the address that they were made for. */
  readonly known = new Map<number, Known[]>();
  /** Rights whose grains are as the rules now say: a mask. */
  #valid = 0;

  private constructor(data: Ram, code: Ram) {
    // A store to what has become code has to be heard of, whichever core decoded it.
    data.onMarked(() => this.forget());
    this.data = windowOf(data);
    this.code = windowOf(code);
  }

  /** @returns undefined where code or stack lie in no plain memory: nothing is translated then */
  static of(
    memory: MemoryMap,
    { stack, start }: { readonly stack: number; readonly start: number },
  ): Windows | undefined {
    const data = memory.at((stack - 4) >>> 0);
    const code = memory.at(start);
    const isPlain = data instanceof Ram && code instanceof Ram && data !== code && data.isWritable;
    if (!(isPlain && isLittleEndian && isAligned(data) && isAligned(code))) return undefined;
    const others = WINDOWS.get(data) ?? [];
    const same = others.find((windows) => windows.code.ram === code);
    if (same) return same;
    const made = new Windows(data, code);
    WINDOWS.set(data, [...others, made]);
    return made;
  }

  /** The rules of MPU or SAU changed, or which blocks of the data hold code. */
  forget(): void {
    this.#valid = 0;
  }

  /** Lets translated code do what the core may do now. */
  admit(core: Core): void {
    const { rights, config, limits, stack } = core;
    if (((this.#valid >>> rights) & 1) === 0) {
      const bounds = config.mpuRegions + config.sauRegions === 0 ? [] : ruleBounds(core);
      for (const window of [this.data, this.code]) grant(core, window, bounds);
      this.#valid |= 1 << rights;
    }
    this.state[STATE.read] = READ << (2 * rights);
    this.state[STATE.write] = WRITE << (2 * rights);
    this.state[STATE.limit] = limits[stack] as number;
  }
}

const WINDOWS = new WeakMap<Ram, readonly Windows[]>();

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function isAligned({ content }: Ram): boolean {
  return content.byteOffset % 4 === 0 && content.byteLength % 4 === 0;
}

function windowOf(ram: Ram): Window {
  const { content, start } = ram;
  const { buffer, byteOffset: at, byteLength: bytes } = content;
  return {
    ram,
    start,
    bytes,
    content,
    words: new Int32Array(buffer, at, bytes / 4),
    halves: new Uint16Array(buffer, at, bytes / 2),
    signedHalves: new Int16Array(buffer, at, bytes / 2),
    signedBytes: new Int8Array(buffer, at, bytes),
    rights: new Uint16Array(Math.ceil(bytes / (1 << GRAIN_BITS))),
  };
}

/** Sets the bits of the core's present rights. @param bounds where another rule may begin */
function grant(core: Core, { ram, start, bytes, rights: grains }: Window, bounds: readonly number[]): void {
  const shift = 2 * core.rights;
  const end = start + bytes;
  const edges = [start, ...bounds.filter((bound) => bound > start && bound < end), end];
  for (const [index, edge] of edges.slice(0, -1).entries()) {
    const { readable, writable } = verdictOn(core, edge);
    const bits = ((readable ? READ : 0) | (writable && ram.isWritable ? WRITE : 0)) << shift;
    const [from, to] = [edge, edges[index + 1] as number].map((at) => (at - start) >>> GRAIN_BITS);
    for (let grain = from as number; grain < (to as number); grain += 1) {
      grains[grain] = ((grains[grain] as number) & ~((READ | WRITE) << shift)) | bits;
    }
  }
  if (!ram.isWritable) return;
  // A store to a block of code is the interpreter's: somebody has to hear of it.
  const perBlock = 1 << (CODE_BLOCK_BITS - GRAIN_BITS);
  for (let block = ram.marks.indexOf(1); block >= 0; block = ram.marks.indexOf(1, block + 1)) {
    for (let grain = block * perBlock; grain < (block + 1) * perBlock; grain += 1) {
      grains[grain] = (grains[grain] as number) & ~(WRITE << shift);
    }
  }
}
