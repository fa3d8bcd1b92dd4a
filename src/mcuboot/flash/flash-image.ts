import { createHash, hash } from "node:crypto";
import { ConfigurationError, equalBytes } from "../../core/index.ts";
import { afterOperation, ERASED, type Torn } from "./flash-rules.ts";
import { type Flash, type FlashOperation, operationBytes } from "./operation.ts";

interface Sector {
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, a character a byte, once it is asked for. */
  name: string | undefined;
  /** The flash that may change `bytes` in place, until it is copied. */
  readonly owner: object | undefined;
  readonly doubt?: Doubt;
}

/** Bits that do not read alike every time: what a power cut leaves of an operation that it falls into. */
interface Doubt {
  /** How the sector reads the other time: bits in which it differs from `bytes` are in doubt. */
  readonly other: Uint8Array;
  /** Reads of the sector that still show `bytes`; then it shows `other`, for good. Undefined: not known. */
  readonly reads: number | undefined;
}

/** How a range with bits in doubt reads. `reads`: so often as `first`, then as `later`; without it, any way, any time. */
export interface Unsettled {
  readonly first: Uint8Array;
  readonly later: Uint8Array;
  readonly reads?: number;
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
  /** Numbers of the sectors with bits in doubt. */
  readonly #doubtful: Set<number>;

  private constructor(
    sectors: Sector[],
    blank: Sector,
    sectorBytes: number,
    sum?: ContentSum,
    touched?: Set<number>,
    doubtful: Set<number> = new Set(),
  ) {
    this.#sectors = sectors;
    this.#doubtful = doubtful;
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
    if (this.#doubtful.size > 0) this.#countReads(offset, bytes);
    return out;
  }

  /** The bits of a range that are in doubt, as a mask; undefined when there are none. */
  doubt(offset: number, bytes: number): Uint8Array | undefined {
    if (!this.isDoubtful(offset, bytes)) return undefined;
    const mask = new Uint8Array(bytes);
    this.#walk(offset, bytes, ({ bytes: first, doubt }, from, to, at) => {
      if (doubt === undefined) return;
      for (let index = from; index < to; index += 1) {
        mask[at + index - from] = (first[index] ?? 0) ^ (doubt.other[index] ?? 0);
      }
    });
    return mask.some((bits) => bits !== 0) ? mask : undefined;
  }

  /** True when a sector of the range has bits in doubt. */
  isDoubtful(offset = 0, bytes = this.bytes): boolean {
    if (this.#doubtful.size === 0) return false;
    const [first, last] = [Math.floor(offset / this.sectorBytes), Math.floor((offset + bytes - 1) / this.sectorBytes)];
    return [...this.#doubtful].some((index) => index >= first && index <= last);
  }

  /**
   * A range that may read in two ways, until it is erased or programmed. What else is in doubt in its sectors turns
   * with it.
   */
  unsettle(offset: number, { first, later, reads }: Unsettled): void {
    this.#check(offset, first.length);
    this.#walk(offset, first.length, (_, from, to, at) => {
      const index = (offset + at - from) / this.sectorBytes;
      const { bytes, doubt } = this.#own(index);
      const other = doubt?.other ?? bytes.slice();
      bytes.set(first.subarray(at, at + to - from), from);
      other.set(later.subarray(at, at + to - from), from);
      this.#settle(index, { other, reads });
    });
  }

  /** The same content as it reads at this moment, with nothing in doubt. */
  still(): FlashImage {
    if (this.#doubtful.size === 0) return this;
    const still = this.snapshot();
    for (const index of this.#doubtful) {
      still.#own(index);
      still.#settle(index, undefined);
    }
    return still;
  }

  /** Carries out an operation, whole or torn. */
  apply(operation: FlashOperation, torn?: Torn): void {
    const { offset } = operation;
    const bytes = operationBytes(operation);
    if (typeof torn === "object" && "shows" in torn) {
      const [before, after] = [
        this.still().read(offset, bytes),
        afterOperation(this.still().read(offset, bytes), operation),
      ];
      const [first, later] = torn.shows === "before" ? [before, after] : [after, before];
      this.unsettle(offset, { first, later, reads: torn.reads });
    } else if (torn === undefined && operation.kind === "write") this.#program(offset, operation.data);
    else if (torn === undefined && offset % this.sectorBytes === 0 && bytes % this.sectorBytes === 0) {
      this.#check(offset, bytes);
      const [first, end] = [offset / this.sectorBytes, (offset + bytes) / this.sectorBytes];
      for (let index = first; index < end; index += 1) this.#touch(index);
      for (let index = first; index < end; index += 1) this.#doubtful.delete(index);
      this.#sectors.fill(this.#blank, first, end);
    } else this.load(offset, afterOperation(this.still().read(offset, bytes), operation, torn));
  }

  /** Puts bytes into the flash whatever was there, as a debugger's flasher does after erasing. */
  load(offset: number, bytes: Uint8Array): void {
    this.#check(offset, bytes.length);
    this.#walk(offset, bytes.length, (_, from, to, at) => {
      const index = (offset + at - from) / this.sectorBytes;
      const sector = this.#own(index);
      sector.bytes.set(bytes.subarray(at, at + to - from), from);
      if (sector.doubt === undefined) return;
      sector.doubt.other.set(bytes.subarray(at, at + to - from), from);
      this.#settle(index, sector.doubt);
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
      new Set(this.#doubtful),
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
    if (!this.isDoubtful(offset, bytes)) return sum.name();
    // What is in doubt may read differently the next time: no two looks at it are alike.
    looks += 1;
    return `${sum.name()} look ${looks}`;
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
      const index = (offset + at - from) / this.sectorBytes;
      const { bytes, doubt } = this.#own(index);
      if (sector === this.#blank) {
        bytes.set(data.subarray(at, at + to - from), from);
        return;
      }
      program(bytes, data, from, to, at);
      if (doubt === undefined) return;
      program(doubt.other, data, from, to, at);
      this.#settle(index, doubt);
    });
  }

  /** A sector of this flash's own gets this doubt, or none when both readings are the same. */
  #settle(index: number, doubt: Doubt | undefined): void {
    const sector = this.#sectors[index];
    if (sector === undefined) return;
    const { bytes, owner } = sector;
    const inDoubt = doubt !== undefined && !equalBytes(bytes, doubt.other);
    this.#sectors[index] = { bytes, name: undefined, owner, ...(inDoubt ? { doubt } : {}) };
    if (inDoubt) this.#doubtful.add(index);
    else this.#doubtful.delete(index);
  }

  /** Doubtful sectors of a range were read once more. */
  #countReads(offset: number, bytes: number): void {
    const last = Math.floor((offset + bytes - 1) / this.sectorBytes);
    for (let index = Math.floor(offset / this.sectorBytes); index <= last; index += 1) {
      const doubt = this.#sectors[index]?.doubt;
      if (doubt?.reads === undefined) continue;
      this.#touch(index);
      const sector = this.#own(index);
      if (doubt.reads > 1) this.#settle(index, { other: doubt.other, reads: doubt.reads - 1 });
      else {
        sector.bytes.set(doubt.other);
        this.#settle(index, undefined);
      }
    }
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

  /** A sector whose bytes may be changed in place; its name is forgotten. */
  #own(index: number): Sector {
    const sector = this.#sectors[index];
    if (sector === undefined) throw new RangeError(`flash has no sector ${index}`);
    this.#touch(index);
    if (sector.owner === this.#owner) {
      sector.name = undefined;
      return sector;
    }
    const { doubt } = sector;
    const own: Sector = {
      bytes: sector.bytes.slice(),
      name: undefined,
      owner: this.#owner,
      ...(doubt === undefined ? {} : { doubt: { other: doubt.other.slice(), reads: doubt.reads } }),
    };
    this.#sectors[index] = own;
    return own;
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
  sector.name ??= hash("sha256", sector.doubt === undefined ? sector.bytes : doubtText(sector, sector.doubt), "binary");
  return sector.name;
}

function doubtText({ bytes }: Sector, { other, reads }: Doubt): string {
  return `${Buffer.from(bytes).toString("latin1")} ${Buffer.from(other).toString("latin1")} ${reads ?? "any"}`;
}

/** Programming clears bits. */
function program(bytes: Uint8Array, data: Uint8Array, from: number, to: number, at: number): void {
  for (let index = from; index < to; index += 1) bytes[index] = (bytes[index] ?? 0) & (data[at + index - from] ?? 0);
}

/** Tells one look at a range in doubt from the next. */
let looks = 0;

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
