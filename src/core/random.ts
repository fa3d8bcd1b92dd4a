import { createHash } from "node:crypto";

/**
 * Seeded chance. Every room draws from its own named fork, so that a draw added in one room shifts nothing elsewhere.
 * The generator is xoshiro128** seeded by SHA-256 of the path (seed and fork names); not for keys of real products.
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2019).
 */
export class Random {
  readonly #path: string;
  readonly #state: Uint32Array;

  private constructor(path: string) {
    this.#path = path;
    const digest = createHash("sha256").update(path).digest();
    this.#state = Uint32Array.from([0, 4, 8, 12], (offset) => digest.readUInt32LE(offset));
  }

  /** @param seed any number or text; equal seeds give equal draws on every machine. */
  static fromSeed(seed: number | string): Random {
    return new Random(`mcuboot-hil ${seed}`);
  }

  /** An independent source; depends on the seed and the names only, not on what was drawn before. */
  fork(name: string): Random {
    return new Random(`${this.#path}/${name}`);
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const s = this.#state as Uint32Array & { 0: number; 1: number; 2: number; 3: number };
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** An integer from 0 to `limit` - 1, without bias. `limit` from 1 to 2^32. @throws RangeError for another one. */
  below(limit: number): number {
    // No draw is below it: the loop would have no end.
    if (!(limit >= 1 && limit <= 2 ** 32)) throw new RangeError(`no number is drawn below ${limit}`);
    const fair = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const drawn = this.uint32();
      if (drawn < fair) return drawn % limit;
    }
  }

  /** True `of` times in `in`; integers, so that no rounding differs between machines. */
  chance(ratio: { of: number; in: number }): boolean {
    return this.below(ratio.in) < ratio.of;
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    for (let index = 0; index < count; index += 4) {
      const word = this.uint32();
      for (let lane = 0; lane < 4 && index + lane < count; lane += 1) out[index + lane] = word >>> (8 * lane);
    }
    return out;
  }
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
