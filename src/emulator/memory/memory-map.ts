/** A range of addresses and what answers there: memory, or the registers of a peripheral. */
export interface Region {
  readonly name: string;
  /** First address; 32 bits, unsigned. */
  readonly start: number;
  /** Length in bytes. */
  readonly bytes: number;
  /** May code run here? The Armv8-M default map forbids it from 40000000 to 5fffffff and above a0000000. */
  readonly executable: boolean;
  /** Bytes that only stores change, and that are read without any effect. */
  readonly isPlain?: boolean;
  /**
   * @param offset from `start`, in bytes
   * @param bytes 1, 2 or 4
   * @returns little-endian, as a signed or unsigned 32-bit number; the caller masks
   */
  read(offset: number, bytes: number): number;
  /** @param value its low `bytes` bytes are written, little-endian */
  write(offset: number, bytes: number, value: number): void;
}

const SLOT_BITS = 20;
const PAGE_BITS = 12;
const PAGES_A_SLOT = 2 ** (SLOT_BITS - PAGE_BITS);

/** Regions of one slot, by page: peripherals lie dense, a page each. */
class Slot {
  readonly regions: Region[] = [];
  readonly #pages: (readonly Region[] | undefined)[] = Array.from({ length: PAGES_A_SLOT });

  add(region: Region, slotStart: number): void {
    this.regions.push(region);
    const last = region.start + region.bytes - 1;
    for (let page = 0; page < PAGES_A_SLOT; page += 1) {
      const start = slotStart + page * 2 ** PAGE_BITS;
      if (start > last || start + 2 ** PAGE_BITS <= region.start) continue;
      this.#pages[page] = [...(this.#pages[page] ?? []), region];
    }
  }

  at(address: number): Region | undefined {
    const there = this.#pages[(address >>> PAGE_BITS) & (PAGES_A_SLOT - 1)];
    if (there === undefined) return undefined;
    for (const region of there) if ((address - region.start) >>> 0 < region.bytes) return region;
    return undefined;
  }
}

/** The addresses of one core: which region lies where. Regions do not overlap. */
export class MemoryMap {
  readonly #slots: (Slot | undefined)[] = Array.from({ length: 2 ** (32 - SLOT_BITS) });

  constructor(regions: readonly Region[]) {
    for (const region of regions) this.add(region);
  }

  /** @throws RangeError when the region overlaps another or leaves the 32-bit address space. */
  add(region: Region): void {
    const last = region.start + region.bytes - 1;
    if (region.bytes <= 0 || last > 0xffff_ffff) throw new RangeError(`${region.name}: not within 32-bit addresses`);
    for (let slot = region.start >>> SLOT_BITS; slot <= last >>> SLOT_BITS; slot += 1) {
      const there = (this.#slots[slot] ??= new Slot());
      const other = there.regions.find(({ start, bytes }) => start <= last && region.start < start + bytes);
      if (other) throw new RangeError(`${region.name} overlaps ${other.name}`);
      there.add(region, slot * 2 ** SLOT_BITS);
    }
  }

  /** The region of an address; undefined where nothing answers (a bus error). */
  at(address: number): Region | undefined {
    return this.#slots[address >>> SLOT_BITS]?.at(address);
  }
}
