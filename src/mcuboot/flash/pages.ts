import { ERASED } from "./flash-rules.ts";
import { scrapCopy } from "./scrap.ts";

/** A piece of a flash. Several flashes may hold the same one: it is copied before it changes. */
export interface Page {
  readonly bytes: Uint8Array;
  /** What its content is called (content-name.ts), once that is asked for. */
  name: string | undefined;
  /** The list that may change these bytes in place, until it is copied. */
  readonly owner: object | undefined;
}

/** Pages that lie side by side, held together: lists that are copied share groups until one of them changes. */
interface Group {
  readonly pages: Page[];
  /** The list that may put other pages in, until it is copied. */
  readonly owner: object | undefined;
  /** The pool that all its pages were exchanged with. */
  pool: PagePool | undefined;
}

/** Groups that lie side by side, shared in the same way: a copy of a flash copies a list of rows, not one of groups. */
interface Row {
  readonly groups: Group[];
  readonly owner: object | undefined;
  pool: PagePool | undefined;
}

/** Pages by their name: flashes that keep theirs in one pool hold equal ones once. */
export type PagePool = Map<string, Page>;

/** Small, because most changes are: an entry of a swap's status is one word. */
const PAGE_BYTES = 512;
const GROUP_BITS = 5;
const GROUP_PAGES = 1 << GROUP_BITS;
const ROW_BITS = 3;
const ROW_GROUPS = 1 << ROW_BITS;
const PAGE_ROW_BITS = GROUP_BITS + ROW_BITS;

/** The bytes of a flash in pages, copied on write: a copy costs a reference for every row. */
export class Pages {
  readonly pageBytes: number;
  readonly count: number;
  /** The erased page: never changed in place, the same one in all copies. */
  readonly blank: Page;
  readonly #rows: Row[];
  /** Undefined: nothing was changed since the last copy. */
  #owner: object | undefined;

  private constructor(rows: Row[], shape: { pageBytes: number; count: number; blank: Page }) {
    this.#rows = rows;
    this.pageBytes = shape.pageBytes;
    this.count = shape.count;
    this.blank = shape.blank;
  }

  /** So many erased sectors. A sector is one page, or several that lie in one group. */
  static erased(sectors: number, sectorBytes: number): Pages {
    const pageBytes = pageBytesOf(sectorBytes);
    const count = (sectors * sectorBytes) / pageBytes;
    const blank: Page = { bytes: new Uint8Array(pageBytes).fill(ERASED), name: undefined, owner: undefined };
    const groups = Array.from({ length: Math.ceil(count / GROUP_PAGES) }, (_, group): Group => {
      const length = Math.min(GROUP_PAGES, count - group * GROUP_PAGES);
      return { pages: Array.from({ length }, () => blank), owner: undefined, pool: undefined };
    });
    const rows = Array.from({ length: Math.ceil(groups.length / ROW_GROUPS) }, (_, row): Row => {
      return { groups: groups.slice(row * ROW_GROUPS, (row + 1) * ROW_GROUPS), owner: undefined, pool: undefined };
    });
    return new Pages(rows, { pageBytes, count, blank });
  }

  /** @throws RangeError when there is no such page. */
  at(index: number): Page {
    const group = this.#rows[index >> PAGE_ROW_BITS]?.groups[(index >> GROUP_BITS) & (ROW_GROUPS - 1)];
    const page = group?.pages[index & (GROUP_PAGES - 1)];
    if (page === undefined) throw new RangeError(`flash has no page ${index}`);
    return page;
  }

  /** A page whose bytes may be changed in place; its name is forgotten. */
  own(index: number): Uint8Array {
    const page = this.at(index);
    if (page.owner !== undefined && page.owner === this.#owner) {
      page.name = undefined;
      return page.bytes;
    }
    const bytes = scrapCopy(page.bytes);
    this.#put(index, { bytes, name: undefined, owner: (this.#owner ??= {}) });
    return bytes;
  }

  erase(index: number): void {
    this.#put(index, this.blank);
  }

  /** A page gets these bytes, which nobody changes from now on: they are not copied. */
  adopt(index: number, bytes: Uint8Array): void {
    this.#put(index, { bytes, name: undefined, owner: undefined });
  }

  /** An independent copy. */
  copy(): Pages {
    this.#freeze();
    return new Pages(this.#rows.slice(), this);
  }

  /**
   * The groups that a range of bytes touches, as things that can be remembered: the same group, the same content.
   * @param offset the start of a page; so is `end`, the byte behind the last one.
   */
  eachGroup(offset: number, end: number, visit: (group: object, offset: number, bytes: number) => void): void {
    this.#freeze();
    const groupBytes = this.pageBytes << GROUP_BITS;
    for (let at = offset; at < end; ) {
      const index = Math.floor(at / groupBytes);
      const group = this.#rows[index >> ROW_BITS]?.groups[index & (ROW_GROUPS - 1)];
      const next = Math.min(end, (index + 1) * groupBytes);
      if (group !== undefined) visit(group, at, next - at);
      at = next;
    }
  }

  /** Exchanges pages for equal ones of a pool, so that many flashes hold each content once. */
  share(pool: PagePool, nameOf: (page: Page) => string): void {
    this.#freeze();
    for (let at = 0; at < this.#rows.length; at += 1) {
      const row = this.#rows[at];
      if (row === undefined || row.pool === pool) continue;
      const groups = row.groups.map((group): Group => {
        if (group.pool === pool) return group;
        return { pages: group.pages.map((page) => this.#pooled(page, pool, nameOf)), owner: undefined, pool };
      });
      this.#rows[at] = { groups, owner: undefined, pool };
    }
  }

  /** The pool's page with this content; this one, where the pool had none. */
  #pooled(page: Page, pool: PagePool, nameOf: (page: Page) => string): Page {
    if (page === this.blank) return page;
    const name = nameOf(page);
    const known = pool.get(name);
    if (known !== undefined) return known;
    // Memory of its own: what a pool keeps must not keep more than itself.
    const kept: Page = { bytes: page.bytes.slice(), name, owner: undefined };
    pool.set(name, kept);
    return kept;
  }

  /** From now on nothing that this list holds is changed in place: neither pages nor groups nor rows. */
  #freeze(): void {
    this.#owner = undefined;
  }

  #put(index: number, page: Page): void {
    const owner = (this.#owner ??= {});
    const at = index >> PAGE_ROW_BITS;
    let row = this.#rows[at];
    if (row === undefined) throw new RangeError(`flash has no page ${index}`);
    if (row.owner !== owner) {
      row = { groups: row.groups.slice(), owner, pool: undefined };
      this.#rows[at] = row;
    }
    const inRow = (index >> GROUP_BITS) & (ROW_GROUPS - 1);
    let group = row.groups[inRow];
    if (group === undefined) throw new RangeError(`flash has no page ${index}`);
    if (group.owner !== owner) {
      group = { pages: group.pages.slice(), owner, pool: undefined };
      row.groups[inRow] = group;
    }
    group.pages[index & (GROUP_PAGES - 1)] = page;
  }
}

/** A sector that is no power of two of small pages is one page. */
function pageBytesOf(sectorBytes: number): number {
  const pages = Math.min(GROUP_PAGES, sectorBytes / PAGE_BYTES);
  return pages > 1 && Number.isInteger(Math.log2(pages)) ? sectorBytes / pages : sectorBytes;
}
