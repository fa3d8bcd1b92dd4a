import type { Ram } from "../../memory/ram.ts";

/** A memory must lie so in one block of this size that a bit of the address tells it from the other. */
const BLOCK_BITS_MIN = 6;
const BLOCK_BITS_MAX = 24;

/** Where both memories lie in the common bytes, told by the address alone. */
interface Placing {
  /** Bits of an address that are the same for all of both memories, and what they are. */
  readonly outside: number;
  readonly common: number;
  /** The other bits: those within a block, and the one by which the blocks differ, shifted down to come next. */
  readonly within: number;
  readonly shift: number;
  readonly upper: number;
}

/**
 * Two memories in one array of bytes, so that translated code finds either by the same few operations on an address:
 * `placeText`. The memories move there, and stay.
 */
export class JointMemory {
  readonly placing: Placing;
  readonly content: Uint8Array;
  readonly words: Int32Array;
  readonly halves: Uint16Array;
  readonly signedHalves: Int16Array;
  readonly signedBytes: Int8Array;

  private constructor(placing: Placing, memories: readonly Ram[]) {
    this.placing = placing;
    const buffer = new ArrayBuffer(2 * placing.upper);
    this.content = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.signedHalves = new Int16Array(buffer);
    this.signedBytes = new Int8Array(buffer);
    for (const memory of memories) {
      const at = this.placeOf(memory.start);
      memory.moveTo(this.content.subarray(at, at + memory.bytes));
    }
  }

  /** @returns undefined where no single bit tells the two apart */
  static of(one: Ram, other: Ram): JointMemory | undefined {
    for (let bits = BLOCK_BITS_MIN; bits <= BLOCK_BITS_MAX; bits += 1) {
      const blocks = [one, other].map(({ start }) => start >>> bits);
      const isWhole = [one, other].every(({ start, bytes }) => (start + bytes - 1) >>> bits === start >>> bits);
      const differing = ((blocks[0] as number) ^ (blocks[1] as number)) >>> 0;
      if (!isWhole || differing === 0 || (differing & (differing - 1)) !== 0) continue;
      const shift = 31 - Math.clz32(differing);
      const upper = 2 ** bits;
      const outside = ~((upper - 1) | (upper * differing));
      return new JointMemory({ outside, common: one.start & outside, within: upper - 1, shift, upper }, [one, other]);
    }
    return undefined;
  }

  /** Offset in the common bytes of an address of either memory. */
  placeOf(address: number): number {
    const { within, shift, upper } = this.placing;
    return (address & within) + ((address >>> shift) & upper);
  }
}

/** The same as text. */
export function placeText(address: string, { within, shift, upper }: Placing): string {
  return `(${address}&${within})+(${address}>>>${shift}&${upper})`;
}
