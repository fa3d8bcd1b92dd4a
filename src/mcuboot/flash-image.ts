import { createHash, hash } from "node:crypto";
import { ConfigurationError } from "../core/index.ts";
import { afterOperation, ERASED, type Torn } from "./flash-rules.ts";
import { type Flash, type FlashOperation, operationBytes } from "./steps.ts";

interface Sector {
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, a character a byte, once it is asked for. */
  name: string | undefined;
  /** The flash that may change `bytes` in place, until it is copied. */
  readonly owner: object | undefined;
}

/** Sectors by their name: flashes that keep theirs in one pool hold equal sectors once. */
export type SectorPool = Map<string, unknown>;

/**
 * A whole flash in memory. Sectors are shared between snapshots and replaced when they change, so that a snapshot costs
 * a list of references, and what a content is called is worked out once a sector: the name of the whole is a sum over
 * its sectors, corrected for those that were touched.
 */
export class FlashImage implements Flash {
  readonly sectorBytes: number;
  readonly #sectors: Sector[];
  readonly #blank: Sector;
  #owner: object = {};
  /** Sum over all sectors that are not in `#touched`. */
  readonly #sum: ContentSum;
  readonly #touched: Set<number>;

  private constructor(sectors: Sector[], blank: Sector, sectorBytes: number, sum?: ContentSum, touched?: Set<number>) {
    this.#sectors = sectors;
    this.#blank = blank;
    this.sectorBytes = sectorBytes;
    this.#sum = sum ?? new ContentSum();
    this.#touched = touched ?? new Set(sectors.keys());
  }

  /**
   * An erased flash.
   * @param bytes size of the device, a multiple of `sectorBytes`.
   * @throws ConfigurationError when it is not.
   */
  static erased(bytes: number, sectorBytes = 4096): FlashImage {
    if (bytes <= 0 || bytes % sectorBytes !== 0) {
      throw new ConfigurationError(
        `a flash of ${bytes} bytes is no whole number of sectors of ${sectorBytes} bytes.`,
        "Give a size that is a multiple of the erase page.",
      );
    }
    const blank: Sector = { bytes: new Uint8Array(sectorBytes).fill(ERASED), name: undefined, owner: undefined };
    return new FlashImage(
      Array.from({ length: bytes / sectorBytes }, () => blank),
      blank,
      sectorBytes,
    );
  }

  get bytes(): number {
    return this.#sectors.length * this.sectorBytes;
  }

  read(offset: number, bytes: number): Uint8Array {
    this.#check(offset, bytes);
    const out = new Uint8Array(bytes);
    this.#walk(offset, bytes, (sector, from, to, at) => out.set(sector.bytes.subarray(from, to), at));
    return out;
  }

  /** Carries out an operation, whole or torn. */
  apply(operation: FlashOperation, torn?: Torn): void {
    const { offset } = operation;
    const bytes = operationBytes(operation);
    if (torn === undefined && operation.kind === "write") this.#program(offset, operation.data);
    else if (torn === undefined && offset % this.sectorBytes === 0 && bytes % this.sectorBytes === 0) {
      this.#check(offset, bytes);
      const [first, end] = [offset / this.sectorBytes, (offset + bytes) / this.sectorBytes];
      for (let index = first; index < end; index += 1) this.#touch(index);
      this.#sectors.fill(this.#blank, first, end);
    } else this.load(offset, afterOperation(this.read(offset, bytes), operation, torn));
  }

  /** Puts bytes into the flash whatever was there, as a debugger's flasher does after erasing. */
  load(offset: number, bytes: Uint8Array): void {
    this.#check(offset, bytes.length);
    this.#walk(offset, bytes.length, (_, from, to, at) => {
      this.#own((offset + at - from) / this.sectorBytes).set(bytes.subarray(at, at + to - from), from);
    });
  }

  /** An independent copy; cheap. */
  snapshot(): FlashImage {
    // From now on neither may change what both hold.
    this.#owner = {};
    return new FlashImage(
      this.#sectors.slice(),
      this.#blank,
      this.sectorBytes,
      this.#sum.copy(),
      new Set(this.#touched),
    );
  }

  /**
   * Names the content of all sectors that the range touches. The whole flash by default. Equal names, equal bytes: a
   * sum of 128 bits over the SHA-256 of each sector and its place, which only chance could make equal.
   */
  identity(offset = 0, bytes = this.bytes): string {
    this.#check(offset, bytes);
    if (offset === 0 && bytes === this.bytes) return this.#wholeIdentity();
    const sum = new ContentSum();
    let index = 0;
    this.#walk(offset, bytes, (sector) => {
      sum.add(nameOf(sector), index, 1);
      index += 1;
    });
    return sum.name();
  }

  /** Exchanges sectors for equal ones of a pool, so that many flashes hold each content once. */
  share(pool: SectorPool): void {
    for (const [index, sector] of this.#sectors.entries()) {
      if (sector === this.#blank) continue;
      const name = nameOf(sector);
      const known = pool.get(name) as Sector | undefined;
      if (known === undefined) pool.set(name, sector);
      else this.#sectors[index] = known;
    }
    this.#owner = {};
  }

  /** Name of the content of one sector, by its number. */
  sectorIdentity(index: number): string {
    const sector = this.#sectors[index];
    if (sector === undefined) throw new RangeError(`flash has no sector ${index}`);
    return nameOf(sector);
  }

  /** SHA-256 of a range in hex, as the golden vectors and a board's flasher name a content. */
  sha256(offset = 0, bytes = this.bytes): string {
    this.#check(offset, bytes);
    const hash = createHash("sha256");
    this.#walk(offset, bytes, (sector, from, to) => hash.update(sector.bytes.subarray(from, to)));
    return hash.digest("hex");
  }

  #program(offset: number, data: Uint8Array): void {
    this.#check(offset, data.length);
    this.#walk(offset, data.length, (sector, from, to, at) => {
      const bytes = this.#own((offset + at - from) / this.sectorBytes);
      if (sector === this.#blank) {
        bytes.set(data.subarray(at, at + to - from), from);
        return;
      }
      for (let index = from; index < to; index += 1)
        bytes[index] = (bytes[index] ?? 0) & (data[at + index - from] ?? 0);
    });
  }

  #wholeIdentity(): string {
    for (const index of this.#touched) {
      const sector = this.#sectors[index];
      if (sector !== undefined) this.#sum.add(nameOf(sector), index, 1);
    }
    this.#touched.clear();
    return this.#sum.name();
  }

  /** A sector is about to change: what it adds to the sum no longer counts. */
  #touch(index: number): void {
    const sector = this.#sectors[index];
    if (sector === undefined || this.#touched.has(index)) return;
    this.#sum.add(nameOf(sector), index, -1);
    this.#touched.add(index);
  }

  /** Bytes of a sector, to be changed in place; its name is forgotten. */
  #own(index: number): Uint8Array {
    const sector = this.#sectors[index];
    if (sector === undefined) throw new RangeError(`flash has no sector ${index}`);
    this.#touch(index);
    if (sector.owner === this.#owner) {
      sector.name = undefined;
      return sector.bytes;
    }
    const bytes = sector.bytes.slice();
    this.#sectors[index] = { bytes, name: undefined, owner: this.#owner };
    return bytes;
  }

  #walk(offset: number, bytes: number, visit: (sector: Sector, from: number, to: number, at: number) => void): void {
    for (let at = 0; at < bytes; ) {
      const from = (offset + at) % this.sectorBytes;
      const to = Math.min(this.sectorBytes, from + bytes - at);
      const sector = this.#sectors[(offset + at - from) / this.sectorBytes];
      if (sector !== undefined) visit(sector, from, to, at);
      at += to - from;
    }
  }

  #check(offset: number, bytes: number): void {
    if (offset < 0 || bytes < 0 || offset + bytes > this.bytes) {
      throw new RangeError(`flash of ${this.bytes} bytes has no range 0x${offset.toString(16)} + ${bytes}`);
    }
  }
}

function nameOf(sector: Sector): string {
  sector.name ??= hash("sha256", sector.bytes, "binary");
  return sector.name;
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

  name(): string {
    let text = "";
    for (const lane of this.#lanes) text += (lane >>> 0).toString(36).padStart(7, "0");
    return text;
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
