import { createHash } from "node:crypto";
import { ConfigurationError } from "../../core/index.ts";
import { BitsInDoubt, type Unsettled } from "./bits-in-doubt.ts";
import { ContentName, sectorName } from "./content-name.ts";
import { afterOperation, isErased, program, type Torn } from "./flash-rules.ts";
import { type Flash, type FlashOperation, operationBytes } from "./operation.ts";
import { type Sector, type SectorPool, Sectors } from "./sectors.ts";

/**
 * A whole flash in memory. Sectors are shared between snapshots and copied when they change (sectors.ts), so that a
 * snapshot costs a list of references; what a content is called is worked out once a sector (content-name.ts); and
 * some bits may not read alike every time (bits-in-doubt.ts).
 */
export class FlashImage implements Flash {
  readonly #sectors: Sectors;
  readonly #name: ContentName;
  readonly #doubts: BitsInDoubt;

  private constructor(sectors: Sectors, name: ContentName, doubts: BitsInDoubt) {
    this.#sectors = sectors;
    this.#name = name;
    this.#doubts = doubts;
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
    const sectors = Sectors.erased(bytes / sectorBytes, sectorBytes);
    return new FlashImage(sectors, ContentName.of(sectors), new BitsInDoubt(sectors));
  }

  get sectorBytes(): number {
    return this.#sectors.sectorBytes;
  }

  get bytes(): number {
    return this.#sectors.count * this.#sectors.sectorBytes;
  }

  read(offset: number, bytes: number): Uint8Array {
    this.#check(offset, bytes);
    const { sectorBytes } = this.#sectors;
    const from = offset % sectorBytes;
    let out: Uint8Array;
    if (bytes > 0 && from + bytes <= sectorBytes) {
      out = this.#sectors.at((offset - from) / sectorBytes).bytes.slice(from, from + bytes);
    } else {
      out = new Uint8Array(bytes);
      this.#walk(offset, bytes, (sector, start, to, at) => out.set(sector.bytes.subarray(start, to), at));
    }
    if (this.#doubts.any) this.#countReads(offset, bytes);
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
    return this.#doubts.any && this.#doubts.anyIn(this.#sectorOf(offset), this.#sectorOf(offset + bytes - 1));
  }

  /**
   * A range that may read in two ways, until it is erased or programmed. What else is in doubt in its sectors turns
   * with it.
   */
  unsettle(offset: number, { first, later, reads }: Unsettled): void {
    this.#check(offset, first.length);
    this.#walk(offset, first.length, (_, from, to, at, index) => {
      const { bytes, doubt } = this.#own(index);
      const other = doubt?.other ?? bytes.slice();
      bytes.set(first.subarray(at, at + to - from), from);
      other.set(later.subarray(at, at + to - from), from);
      this.#doubts.settle(index, { other, reads });
    });
  }

  /** The same content as it reads at this moment, with nothing in doubt. */
  still(): FlashImage {
    if (!this.#doubts.any) return this;
    const still = this.snapshot();
    for (const index of this.#doubts.sectors) {
      still.#own(index);
      still.#doubts.settle(index, undefined);
    }
    return still;
  }

  /** Carries out an operation, whole or torn. */
  apply(operation: FlashOperation, torn?: Torn): void {
    const { offset } = operation;
    const bytes = operationBytes(operation);
    if (typeof torn === "object" && "shows" in torn) {
      const before = this.still().read(offset, bytes);
      const after = afterOperation(before, operation);
      const [first, later] = torn.shows === "before" ? [before, after] : [after, before];
      this.unsettle(offset, { first, later, reads: torn.reads });
    } else if (torn === undefined && operation.kind === "write") this.#program(offset, operation.data);
    else if (torn === undefined && offset % this.sectorBytes === 0 && bytes % this.sectorBytes === 0) {
      this.#check(offset, bytes);
      const end = (offset + bytes) / this.sectorBytes;
      for (let index = offset / this.sectorBytes; index < end; index += 1) this.#erase(index);
    } else this.load(offset, afterOperation(this.still().read(offset, bytes), operation, torn));
  }

  /** Puts bytes into the flash whatever was there, as a debugger's flasher does after erasing. */
  load(offset: number, bytes: Uint8Array): void {
    this.#check(offset, bytes.length);
    this.#walk(offset, bytes.length, (_, from, to, at, index) => {
      if (to - from === this.sectorBytes && isErased(bytes, at, at + to - from)) {
        this.#erase(index);
        return;
      }
      const sector = this.#own(index);
      sector.bytes.set(bytes.subarray(at, at + to - from), from);
      if (sector.doubt === undefined) return;
      sector.doubt.other.set(bytes.subarray(at, at + to - from), from);
      this.#doubts.settle(index, sector.doubt);
    });
  }

  /** An independent copy; cheap. */
  snapshot(): FlashImage {
    const sectors = this.#sectors.copy();
    return new FlashImage(sectors, this.#name.copy(sectors), this.#doubts.copy(sectors));
  }

  /** Names the whole content. Equal names, equal bytes, and equal bits in doubt. */
  identity(): string;
  /**
   * Names the content of all sectors that a range touches: equal names, equal bytes. Undefined when bits of it are in
   * doubt: what reads differently the next time must not be taken for something known.
   */
  identity(offset: number, bytes: number): string | undefined;
  identity(offset?: number, bytes = 0): string | undefined {
    if (offset === undefined) return this.#name.text();
    this.#check(offset, bytes);
    if (this.isDoubtful(offset, bytes)) return undefined;
    return ContentName.ofRange(this.#sectors, this.#sectorOf(offset), this.#sectorOf(offset + bytes - 1) + 1);
  }

  /** Exchanges sectors for equal ones of a pool, so that many flashes hold each content once. */
  share(pool: SectorPool): void {
    this.#sectors.share(pool, sectorName);
  }

  /**
   * The content of whole sectors in pieces that can be remembered: the same piece, the same content, in this flash and
   * in all that were copied from it.
   * @param offset a multiple of the sector; so is `bytes`.
   */
  pieces(offset: number, bytes: number): ReturnType<Sectors["groups"]> {
    this.#check(offset, bytes);
    return this.#sectors.groups(this.#sectorOf(offset), this.#sectorOf(offset + bytes - 1) + 1);
  }

  /** Name of the content of one sector, by its number. */
  sectorIdentity(index: number): string {
    return sectorName(this.#sectors.at(index));
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
    this.#walk(offset, data.length, (_, from, to, at, index) => {
      const { bytes, doubt } = this.#own(index);
      const part = at === 0 && to - from === data.length ? data : data.subarray(at, at + to - from);
      program(bytes, from, part);
      if (doubt === undefined) return;
      program(doubt.other, from, part);
      this.#doubts.settle(index, doubt);
    });
  }

  #erase(index: number): void {
    this.#name.touch(index);
    this.#doubts.forget(index);
    this.#sectors.put(index, this.#sectors.blank);
  }

  #countReads(offset: number, bytes: number): void {
    const last = this.#sectorOf(offset + bytes - 1);
    this.#doubts.countReads(this.#sectorOf(offset), last, (index) => this.#name.touch(index));
  }

  /** A sector whose bytes may be changed in place. */
  #own(index: number): Sector {
    this.#name.touch(index);
    return this.#sectors.own(index);
  }

  /** Visits the sectors of a range: what of each, from where to where, is at which place in the range. */
  #walk(
    offset: number,
    bytes: number,
    visit: (sector: Sector, from: number, to: number, at: number, index: number) => void,
  ): void {
    const { sectorBytes } = this.#sectors;
    for (let at = 0; at < bytes; ) {
      const from = (offset + at) % sectorBytes;
      const to = Math.min(sectorBytes, from + bytes - at);
      const index = (offset + at - from) / sectorBytes;
      visit(this.#sectors.at(index), from, to, at, index);
      at += to - from;
    }
  }

  #sectorOf(offset: number): number {
    return Math.floor(offset / this.#sectors.sectorBytes);
  }

  #check(offset: number, bytes: number): void {
    if (offset < 0 || bytes < 0 || offset + bytes > this.bytes) {
      throw new RangeError(`flash of ${this.bytes} bytes has no range 0x${offset.toString(16)} + ${bytes}`);
    }
  }
}
