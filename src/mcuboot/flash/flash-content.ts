import { createHash } from "node:crypto";
import { ConfigurationError, equalBytes } from "../../core/index.ts";
import { BitsInDoubt, type Doubt, type Unsettled } from "./bits-in-doubt.ts";
import { ContentName, pageName } from "./content-name.ts";
import { afterOperation, isErased, program, type Torn } from "./flash-rules.ts";
import { type Flash, type FlashOperation, operationBytes } from "./operation.ts";
import { type Page, type PagePool, Pages } from "./pages.ts";
import { scrapBytes, scrapCopy } from "./scrap.ts";

/**
 * A whole flash in memory. Pages are shared between snapshots and copied when they change (pages.ts), so that a
 * snapshot costs a list of references; the name of a content is worked out once a page (content-name.ts); and some bits
 * may not read alike every time (bits-in-doubt.ts).
 */
export class FlashContent implements Flash {
  readonly sectorBytes: number;
  readonly bytes: number;
  readonly #pages: Pages;
  readonly #name: ContentName;
  readonly #doubts: BitsInDoubt;

  private constructor(sectorBytes: number, pages: Pages, name: ContentName, doubts: BitsInDoubt) {
    this.sectorBytes = sectorBytes;
    this.bytes = pages.count * pages.pageBytes;
    this.#pages = pages;
    this.#name = name;
    this.#doubts = doubts;
  }

  /**
   * An erased flash.
   * @param bytes size of the device, a multiple of `sectorBytes`.
   * @throws ConfigurationError when it is not.
   */
  static erased(bytes: number, sectorBytes = 4096): FlashContent {
    if (bytes <= 0 || bytes % sectorBytes !== 0) {
      throw new ConfigurationError(
        `a flash of ${bytes} bytes is no whole number of sectors of ${sectorBytes} bytes.`,
        "Give a size that is a multiple of the erase page.",
      );
    }
    const pages = Pages.erased(bytes / sectorBytes, sectorBytes);
    return new FlashContent(sectorBytes, pages, ContentName.of(pages), new BitsInDoubt());
  }

  read(offset: number, bytes: number): Uint8Array {
    const out = this.#bytesAt(offset, bytes);
    if (this.#doubts.any) this.#countReads(offset, bytes);
    return out;
  }

  /** Bytes as they read at this moment, without a look at them: nothing that is in doubt comes nearer to its turn. */
  peek(offset: number, bytes: number): Uint8Array {
    return this.#bytesAt(offset, bytes);
  }

  /** The bits of a range that are in doubt, as a mask; undefined when there are none. */
  doubt(offset: number, bytes: number): Uint8Array | undefined {
    if (!this.isDoubtful(offset, bytes)) return undefined;
    const mask = new Uint8Array(bytes);
    for (const { sector, from, to, at } of this.#sectorsOf(offset, bytes)) {
      const doubt = this.#doubts.of(sector);
      if (doubt === undefined) continue;
      const first = this.#bytesAt(offset + at, to - from);
      for (let index = from; index < to; index += 1) {
        mask[at + index - from] = (first[index - from] ?? 0) ^ (doubt.other[index] ?? 0);
      }
    }
    return mask.some((bits) => bits !== 0) ? mask : undefined;
  }

  /** True when a sector of the range has bits in doubt. */
  isDoubtful(offset = 0, bytes = this.bytes): boolean {
    return this.#doubts.any && this.#doubts.anyIn(this.#sectorOf(offset), this.#sectorOf(offset + bytes - 1));
  }

  /** True when a range is known to be erased; false also where that would take a look at its bytes. */
  isBlank(offset: number, bytes: number): boolean {
    if (bytes <= 0 || this.isDoubtful(offset, bytes)) return false;
    const last = this.#pageOf(offset + bytes - 1);
    for (let index = this.#pageOf(offset); index <= last; index += 1) {
      if (this.#pages.at(index) !== this.#pages.blank) return false;
    }
    return true;
  }

  /**
   * A range that may read in two ways, until it is erased or programmed. What else is in doubt in its sectors turns
   * with it.
   */
  unsettle(offset: number, { first, later, reads }: Unsettled): void {
    const others = [...this.#sectorsOf(offset, first.length)].map(({ sector, from, to, at }) => {
      const other = this.#otherOf(sector);
      other.set(later.subarray(at, at + to - from), from);
      return { sector, other };
    });
    this.#change(offset, first, (page, from, part) => page.set(part, from));
    for (const { sector, other } of others) this.#settle(sector, { other, reads });
  }

  /** The same content as it reads at this moment, with nothing in doubt. */
  still(): FlashContent {
    if (!this.#doubts.any) return this;
    const pages = this.#pages.copy();
    return new FlashContent(this.sectorBytes, pages, this.#name.copy(pages), new BitsInDoubt());
  }

  /** Carries out an operation, whole or torn. The data of a write become part of the flash: nobody changes them later. */
  apply(operation: FlashOperation, torn?: Torn): void {
    const { offset } = operation;
    const bytes = operationBytes(operation);
    if (typeof torn === "object" && "shows" in torn) {
      const before = this.#bytesAt(offset, bytes);
      const after = afterOperation(before, operation);
      const [first, later] = torn.shows === "before" ? [before, after] : [after, before];
      this.unsettle(offset, { first, later, reads: torn.reads });
    } else if (torn === undefined && operation.kind === "write") this.#put(offset, operation.data, program);
    else if (torn === undefined && offset % this.sectorBytes === 0 && bytes % this.sectorBytes === 0) {
      this.#check(offset, bytes);
      for (let sector = this.#sectorOf(offset); sector * this.sectorBytes < offset + bytes; sector += 1)
        this.#erase(sector);
    } else this.load(offset, afterOperation(this.#bytesAt(offset, bytes), operation, torn));
  }

  /** Puts bytes into the flash whatever was there, as a debugger's flasher does after erasing. */
  load(offset: number, bytes: Uint8Array): void {
    this.#put(offset, bytes, (page, from, part) => page.set(part, from));
  }

  /** An independent copy; cheap. */
  snapshot(): FlashContent {
    const pages = this.#pages.copy();
    return new FlashContent(this.sectorBytes, pages, this.#name.copy(pages), this.#doubts.copy());
  }

  /** Names the whole content. Equal names, equal bytes, and equal bits in doubt. */
  identity(): string;
  /**
   * Names the content of all pages that a range touches: equal names, equal bytes. Undefined when bits of it are in
   * doubt: what reads differently the next time must not be taken for something known.
   */
  identity(offset: number, bytes: number): string | undefined;
  identity(offset?: number, bytes = 0): string | undefined {
    if (offset === undefined) return this.#name.text(this.#doubts.bySector);
    this.#check(offset, bytes);
    if (this.isDoubtful(offset, bytes)) return undefined;
    return ContentName.ofRange(this.#pages, this.#pageOf(offset), this.#pageOf(offset + bytes - 1) + 1);
  }

  /**
   * What the pages of a range hold, page by page: equal texts for ranges of equal length at equal places in their
   * pages mean equal bytes. Undefined when bits of them are in doubt. Cheaper than the bytes where the content is named
   * anyway.
   */
  pageNames(offset: number, bytes: number): string | undefined {
    if (this.#doubts.any && this.isDoubtful(offset, bytes)) return undefined;
    return ContentName.ofEach(this.#pages, this.#pageOf(offset), this.#pageOf(offset + bytes - 1) + 1);
  }

  /** Exchanges pages for equal ones of a pool, so that many flashes hold each content once. */
  share(pool: PagePool): void {
    this.#pages.share(pool, pageName);
  }

  /**
   * The bytes of whole sectors in parts that can be remembered: the same group, the same bytes, in this flash and in
   * all that were copied from it. Each part is whole sectors. Bits in doubt are no part of it.
   * @param offset a multiple of the sector; so is `bytes`.
   */
  eachPart(offset: number, bytes: number, visit: (group: object, offset: number, bytes: number) => void): void {
    this.#check(offset, bytes);
    this.#pages.eachGroup(offset, offset + bytes, visit);
  }

  /** SHA-256 of a range in hex, as the golden vectors and a board's flasher name a content. */
  sha256(offset = 0, bytes = this.bytes): string {
    const hash = createHash("sha256");
    this.#walk(offset, bytes, ({ bytes: page }, from, to) => hash.update(page.subarray(from, to)));
    return hash.digest("hex");
  }

  /** Bytes as they read at this moment, without a look at them. */
  #bytesAt(offset: number, bytes: number): Uint8Array {
    const { pageBytes } = this.#pages;
    const from = offset % pageBytes;
    if (offset >= 0 && bytes > 0 && from + bytes <= pageBytes && offset < this.bytes) {
      return scrapCopy(this.#pages.at((offset - from) / pageBytes).bytes, from, from + bytes);
    }
    this.#check(offset, bytes);
    const out = scrapBytes(bytes);
    for (let at = 0; at < bytes; ) {
      const start = (offset + at) % pageBytes;
      const to = Math.min(pageBytes, start + bytes - at);
      const page = this.#pages.at((offset + at - start) / pageBytes).bytes;
      out.set(to - start === pageBytes ? page : page.subarray(start, to), at);
      at += to - start;
    }
    return out;
  }

  /** Puts bytes in, also into the other reading of what is in doubt. */
  #put(offset: number, data: Uint8Array, put: PutBytes): void {
    if (!this.#doubts.any || !this.isDoubtful(offset, data.length)) {
      this.#change(offset, data, put);
      return;
    }
    const others = [...this.#sectorsOf(offset, data.length)].flatMap(({ sector, from, to, at }) => {
      const doubt = this.#doubts.of(sector);
      if (doubt === undefined) return [];
      const other = doubt.other.slice();
      put(other, from, data.subarray(at, at + to - from));
      return [{ sector, doubt: { other, reads: doubt.reads } }];
    });
    this.#change(offset, data, put);
    for (const { sector, doubt } of others) this.#settle(sector, doubt);
  }

  #change(offset: number, data: Uint8Array, put: PutBytes): void {
    const { pageBytes } = this.#pages;
    this.#check(offset, data.length);
    for (let at = 0; at < data.length; ) {
      const from = (offset + at) % pageBytes;
      const to = Math.min(pageBytes, from + data.length - at);
      const part = to - from === data.length ? data : data.subarray(at, at + to - from);
      this.#changePage((offset + at - from) / pageBytes, from, part, put);
      at += to - from;
    }
  }

  #changePage(index: number, from: number, part: Uint8Array, put: PutBytes): void {
    this.#name.touch(index);
    const isWhole = part.length === this.#pages.pageBytes;
    if (put === program && isWhole && this.#pages.at(index) === this.#pages.blank) this.#pages.adopt(index, part);
    else if (put !== program && isWhole && isErased(part)) this.#pages.erase(index);
    else put(this.#pages.own(index), from, part);
  }

  /** A sector gets this doubt, or none when both readings are the same. */
  #settle(sector: number, doubt: Doubt): void {
    const bytes = this.#bytesAt(sector * this.sectorBytes, this.sectorBytes);
    this.#doubts.set(sector, equalBytes(bytes, doubt.other) ? undefined : doubt);
  }

  /** How a sector reads the other time: a copy. */
  #otherOf(sector: number): Uint8Array {
    return this.#doubts.of(sector)?.other.slice() ?? this.#bytesAt(sector * this.sectorBytes, this.sectorBytes);
  }

  #erase(sector: number): void {
    const pages = this.sectorBytes / this.#pages.pageBytes;
    for (let index = sector * pages; index < (sector + 1) * pages; index += 1) {
      this.#name.touch(index);
      this.#pages.erase(index);
    }
    this.#doubts.set(sector, undefined);
  }

  /** Sectors of a range were read once more. */
  #countReads(offset: number, bytes: number): void {
    for (const { sector } of this.#sectorsOf(offset, bytes)) {
      const doubt = this.#doubts.of(sector);
      if (doubt?.reads === undefined) continue;
      if (doubt.reads > 1) this.#doubts.set(sector, { other: doubt.other, reads: doubt.reads - 1 });
      else {
        this.#doubts.set(sector, undefined);
        this.#change(sector * this.sectorBytes, doubt.other, (page, from, part) => page.set(part, from));
      }
    }
  }

  /** The sectors of a range: what of each, from where to where, is at which place in the range. */
  *#sectorsOf(offset: number, bytes: number): Iterable<{ sector: number; from: number; to: number; at: number }> {
    for (let at = 0; at < bytes; ) {
      const from = (offset + at) % this.sectorBytes;
      const to = Math.min(this.sectorBytes, from + bytes - at);
      yield { sector: (offset + at - from) / this.sectorBytes, from, to, at };
      at += to - from;
    }
  }

  /** Visits the pages of a range, as above. @throws RangeError when the flash has no such range. */
  #walk(
    offset: number,
    bytes: number,
    visit: (page: Page, from: number, to: number, at: number, index: number) => void,
  ): void {
    this.#check(offset, bytes);
    const { pageBytes } = this.#pages;
    for (let at = 0; at < bytes; ) {
      const from = (offset + at) % pageBytes;
      const to = Math.min(pageBytes, from + bytes - at);
      const index = (offset + at - from) / pageBytes;
      visit(this.#pages.at(index), from, to, at, index);
      at += to - from;
    }
  }

  #sectorOf(offset: number): number {
    return Math.floor(offset / this.sectorBytes);
  }

  #pageOf(offset: number): number {
    return Math.floor(offset / this.#pages.pageBytes);
  }

  #check(offset: number, bytes: number): void {
    if (offset < 0 || bytes < 0 || offset + bytes > this.bytes) {
      throw new RangeError(`flash of ${this.bytes} bytes has no range 0x${offset.toString(16)} + ${bytes}`);
    }
  }
}

/** Puts a part into bytes, from `from` on. */
type PutBytes = (bytes: Uint8Array, from: number, part: Uint8Array) => void;
