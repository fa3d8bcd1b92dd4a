import { hash } from "node:crypto";
import type { Doubt, Sector, Sectors } from "./sectors.ts";

/** SHA-256 of what a sector holds, a character a byte; worked out once. Bits in doubt are part of it. */
export function sectorName(sector: Sector): string {
  sector.name ??= hash("sha256", sector.doubt === undefined ? sector.bytes : doubtText(sector, sector.doubt), "binary");
  return sector.name;
}

function doubtText({ bytes }: Sector, { other, reads }: Doubt): string {
  return `${Buffer.from(bytes).toString("latin1")} ${Buffer.from(other).toString("latin1")} ${reads ?? "any"}`;
}

/**
 * What the content of a whole flash is called. Equal names, equal bytes: a sum of 128 bits over the SHA-256 of each
 * sector and its place, which only chance could make equal. It is corrected for the sectors that changed, so that a
 * change of one sector costs one sector.
 */
export class ContentName {
  readonly #sectors: Sectors;
  /** Sum over all sectors that are not in `#touched`. */
  readonly #sum: ContentSum;
  readonly #touched: Set<number>;

  private constructor(sectors: Sectors, sum: ContentSum, touched: Set<number>) {
    this.#sectors = sectors;
    this.#sum = sum;
    this.#touched = touched;
  }

  static of(sectors: Sectors): ContentName {
    return new ContentName(sectors, new ContentSum(), new Set(Array.from({ length: sectors.count }, (_, at) => at)));
  }

  /** The same for a copy of the sectors. */
  copy(sectors: Sectors): ContentName {
    return new ContentName(sectors, this.#sum.copy(), new Set(this.#touched));
  }

  /** A sector is about to change: what it adds to the sum no longer counts. */
  touch(index: number): void {
    if (this.#touched.has(index)) return;
    this.#sum.add(sectorName(this.#sectors.at(index)), index, -1);
    this.#touched.add(index);
  }

  text(): string {
    for (const index of this.#touched) this.#sum.add(sectorName(this.#sectors.at(index)), index, 1);
    this.#touched.clear();
    return this.#sum.text();
  }

  /** The same for some sectors in a row, wherever they lie. */
  static ofRange(sectors: Sectors, first: number, end: number): string {
    const sum = new ContentSum();
    for (let index = first; index < end; index += 1) sum.add(sectorName(sectors.at(index)), index - first, 1);
    return sum.text();
  }
}

/** Odd, one a lane: they keep a sector at one place from counting like the same sector at another. */
const PLACE = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f] as const;

/** A sum over sectors and their places, in four lanes of 32 bits: order does not matter, and parts can be taken out. */
class ContentSum {
  readonly #lanes: Int32Array;

  constructor(lanes = new Int32Array(4)) {
    this.#lanes = lanes;
  }

  add(name: string, index: number, sign: 1 | -1): void {
    for (let lane = 0; lane < 4; lane += 1) {
      const at = 4 * lane;
      const part =
        name.charCodeAt(at) |
        (name.charCodeAt(at + 1) << 8) |
        (name.charCodeAt(at + 2) << 16) |
        (name.charCodeAt(at + 3) << 24);
      const placed = mixed(part ^ Math.imul(index + 1, PLACE[lane] ?? 1));
      this.#lanes[lane] = ((this.#lanes[lane] ?? 0) + sign * placed) | 0;
    }
  }

  copy(): ContentSum {
    return new ContentSum(this.#lanes.slice());
  }

  text(): string {
    const [a = 0, b = 0, c = 0, d = 0] = this.#lanes;
    return String.fromCharCode(a & 0xffff, a >>> 16, b & 0xffff, b >>> 16, c & 0xffff, c >>> 16, d & 0xffff, d >>> 16);
  }
}

/** Spreads each bit over the word. Source: the 32-bit finaliser of MurmurHash3 (Appleby). */
function mixed(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85eb_ca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2_ae35);
  return x ^ (x >>> 16);
}
