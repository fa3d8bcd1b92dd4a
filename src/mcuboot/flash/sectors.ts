import { ERASED } from "./flash-rules.ts";

/** One sector of a flash. Several flashes may hold the same one: it is copied before it changes. */
export interface Sector {
  readonly bytes: Uint8Array;
  /** What its content is called (content-name.ts), once that is asked for. */
  name: string | undefined;
  /** The list that may change this sector in place, until it is copied. */
  readonly owner: object | undefined;
  readonly doubt?: Doubt;
}

/** Bits that do not read alike every time: what a power cut leaves of an operation that it falls into. */
export interface Doubt {
  /** How the sector reads the other time: bits in which it differs from `bytes` are in doubt. */
  readonly other: Uint8Array;
  /** Reads of the sector that still show `bytes`; then it shows `other`, for good. Undefined: not known. */
  readonly reads: number | undefined;
}

/** Sectors that lie side by side, held together: lists that are copied share groups until one of them changes. */
interface Group {
  readonly sectors: Sector[];
  /** The list that may put other sectors in, until it is copied. */
  readonly owner: object | undefined;
  /** The pool that all its sectors were exchanged with. */
  pool: SectorPool | undefined;
}

/** Sectors by their name: flashes that keep theirs in one pool hold equal sectors once. */
export type SectorPool = Map<string, Sector>;

const GROUP_BITS = 4;
const GROUP_SECTORS = 1 << GROUP_BITS;

/** The sectors of a flash, copied on write: a copy costs a reference for every 16 sectors. */
export class Sectors {
  readonly sectorBytes: number;
  readonly count: number;
  /** The erased sector: never changed in place, the same one in all copies. */
  readonly blank: Sector;
  readonly #groups: Group[];
  #owner: object = {};

  private constructor(groups: Group[], shape: { sectorBytes: number; count: number; blank: Sector }) {
    this.#groups = groups;
    this.sectorBytes = shape.sectorBytes;
    this.count = shape.count;
    this.blank = shape.blank;
  }

  /** So many erased sectors. */
  static erased(count: number, sectorBytes: number): Sectors {
    const blank: Sector = { bytes: new Uint8Array(sectorBytes).fill(ERASED), name: undefined, owner: undefined };
    const groups = Array.from({ length: Math.ceil(count / GROUP_SECTORS) }, (_, group): Group => {
      const length = Math.min(GROUP_SECTORS, count - group * GROUP_SECTORS);
      return { sectors: Array.from({ length }, () => blank), owner: undefined, pool: undefined };
    });
    return new Sectors(groups, { sectorBytes, count, blank });
  }

  /** @throws RangeError when there is no such sector. */
  at(index: number): Sector {
    const sector = this.#groups[index >> GROUP_BITS]?.sectors[index & (GROUP_SECTORS - 1)];
    if (sector === undefined) throw new RangeError(`flash has no sector ${index}`);
    return sector;
  }

  put(index: number, sector: Sector): void {
    this.#ownGroup(index >> GROUP_BITS).sectors[index & (GROUP_SECTORS - 1)] = sector;
  }

  /** A sector whose bytes may be changed in place; its name is forgotten. */
  own(index: number): Sector {
    const sector = this.at(index);
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
    this.put(index, own);
    return own;
  }

  /** The same sectors with another doubt about them, or none; in place of the sector `own` gave. */
  doubted(index: number, doubt: Doubt | undefined): void {
    const { bytes, owner } = this.at(index);
    this.put(index, { bytes, name: undefined, owner, ...(doubt === undefined ? {} : { doubt }) });
  }

  /** An independent copy. */
  copy(): Sectors {
    this.freeze();
    return new Sectors(this.#groups.slice(), this);
  }

  /** From now on nothing that this list holds is changed in place: neither sectors nor groups. */
  freeze(): void {
    this.#owner = {};
  }

  /**
   * Groups of sectors that touch a range of sectors, as things that can be remembered: the same group, the same content.
   * @param end the sector behind the last one.
   */
  groups(first: number, end: number): readonly { readonly group: object; readonly first: number; readonly end: number }[] {
    this.freeze();
    const found: { group: object; first: number; end: number }[] = [];
    for (let at = first; at < end; ) {
      const group = this.#groups[at >> GROUP_BITS];
      const next = Math.min(end, ((at >> GROUP_BITS) + 1) << GROUP_BITS);
      if (group !== undefined) found.push({ group, first: at, end: next });
      at = next;
    }
    return found;
  }

  /** Exchanges sectors for equal ones of a pool, so that many flashes hold each content once. */
  share(pool: SectorPool, nameOf: (sector: Sector) => string): void {
    this.freeze();
    for (const [at, group] of this.#groups.entries()) {
      if (group.pool === pool) continue;
      const sectors = group.sectors.map((sector) => {
        if (sector === this.blank) return sector;
        const name = nameOf(sector);
        const known = pool.get(name);
        if (known === undefined) pool.set(name, sector);
        return known ?? sector;
      });
      this.#groups[at] = { sectors, owner: undefined, pool };
    }
  }

  #ownGroup(at: number): Group {
    const group = this.#groups[at];
    if (group === undefined) throw new RangeError(`flash has no sector ${at << GROUP_BITS}`);
    if (group.owner === this.#owner) return group;
    const own: Group = { sectors: group.sectors.slice(), owner: this.#owner, pool: undefined };
    this.#groups[at] = own;
    return own;
  }
}
