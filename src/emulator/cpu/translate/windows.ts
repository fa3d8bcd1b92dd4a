import type { MemoryMap } from "../../memory/memory-map.ts";
import { CODE_BLOCK_BITS, Ram } from "../../memory/ram.ts";
import type { Core } from "../state/core.ts";
import { ruleBounds, verdictOn } from "../system/protection.ts";
import { JointMemory } from "./joint-memory.ts";
import { Port } from "./port.ts";
import type { Known } from "./region.ts";
import { STATE, STATE_CELLS } from "./state.ts";

/** Protection is the same within so many bytes: a power of two. Source: DDI 0553, MPU_RBAR, SAU_RBAR. */
export const GRAIN_BITS = 5;

/** What a core may do in each grain of a memory: two bits for each kind of rights (`Core.rights`), read and write. */
const READ = 1;
const WRITE = 2;

/**
 * The two memories of a core that translated code knows: the one that holds its data, and the one that holds its code.
 * It lives as long as the memories do, over resets and power cuts, and with it the regions that were made for it: their
 * text has its arrays in it as constants.
 */
export class Windows {
  readonly data: Ram;
  readonly code: Ram;
  readonly joint: JointMemory;
  /** By grain of the joint memory, see `READ` and `WRITE`. */
  readonly rights: Uint16Array;
  readonly state = new Int32Array(STATE_CELLS);
  /** All else that instructions reach. */
  readonly port = new Port(this.state);
  /** Instructions that come to something else, by their addresses: these use the port. */
  readonly devices = new Set<number>();
  /** Regions that were written down, by the address that they were made for. */
  readonly known = new Map<number, Known[]>();
  /** Rights whose grains are as the rules now say: a mask. */
  #valid = 0;

  private constructor(data: Ram, code: Ram, joint: JointMemory) {
    // A store to what has become code has to be heard of, whichever core decoded it.
    data.onMarked(() => this.forget());
    this.data = data;
    this.code = code;
    this.joint = joint;
    this.rights = new Uint16Array(joint.content.length >>> GRAIN_BITS);
  }

  /** @returns undefined where code or stack lie in no plain memory: nothing is translated then */
  static of(
    memory: MemoryMap,
    { stack, start }: { readonly stack: number; readonly start: number },
  ): Windows | undefined {
    const data = memory.at((stack - 4) >>> 0);
    const code = memory.at(start);
    const isPlain = data instanceof Ram && code instanceof Ram && data !== code && data.isWritable;
    if (!(isPlain && isLittleEndian)) return undefined;
    const others = WINDOWS.get(data) ?? [];
    const same = others.find((windows) => windows.code === code);
    if (same) return same;
    const joint = others.length === 0 && !CODE.has(code) ? JointMemory.of(code, data) : undefined;
    if (joint === undefined) return undefined;
    const made = new Windows(data, code, joint);
    WINDOWS.set(data, [...others, made]);
    CODE.add(code);
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
      for (const memory of [this.data, this.code]) this.#grant(core, memory, bounds);
      this.#valid |= 1 << rights;
    }
    this.state[STATE.read] = READ << (2 * rights);
    this.state[STATE.write] = WRITE << (2 * rights);
    this.state[STATE.limit] = limits[stack] as number;
  }

  /** Sets the bits of the core's present rights. @param bounds where another rule may begin */
  #grant(core: Core, memory: Ram, bounds: readonly number[]): void {
    const { start, bytes, isWritable } = memory;
    const shift = 2 * core.rights;
    const end = start + bytes;
    const edges = [start, ...bounds.filter((bound) => bound > start && bound < end), end];
    const first = this.joint.placeOf(start) - start;
    for (const [index, edge] of edges.slice(0, -1).entries()) {
      const { readable, writable } = verdictOn(core, edge);
      const bits = ((readable ? READ : 0) | (writable && isWritable ? WRITE : 0)) << shift;
      this.#set((READ | WRITE) << shift, bits, { from: first + edge, to: first + (edges[index + 1] as number) });
    }
    if (!isWritable) return;
    // A store to a block of code is the interpreter's: somebody has to hear of it.
    const { marks } = memory;
    for (let block = marks.indexOf(1); block >= 0; block = marks.indexOf(1, block + 1)) {
      const from = first + start + (block << CODE_BLOCK_BITS);
      this.#set(WRITE << shift, 0, { from, to: from + (1 << CODE_BLOCK_BITS) });
    }
  }

  /** Sets some bits of the grains of a range, in bytes of the joint memory. */
  #set(mask: number, bits: number, { from, to }: { readonly from: number; readonly to: number }): void {
    const { rights } = this;
    const last = Math.min(to >>> GRAIN_BITS, rights.length);
    for (let grain = from >>> GRAIN_BITS; grain < last; grain += 1) {
      rights[grain] = ((rights[grain] as number) & ~mask) | bits;
    }
  }
}

const WINDOWS = new WeakMap<Ram, readonly Windows[]>();
/** Memories that lie in some pair as code. */
const CODE = new WeakSet<Ram>();

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
