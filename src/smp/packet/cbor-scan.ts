/** Why bytes are not a CBOR map that SMP can mean. `offset` is in bytes from the start of the payload. */
export class CborFault extends Error {
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(`${problem} at byte ${offset}`);
    this.name = "CborFault";
    this.offset = offset;
  }
}

interface ScanLimits {
  /** Maps and lists inside one another. */
  readonly depthMax: number;
  /** Passes over what makes no sense as long as its end can be told: tags, odd simple values, keys of any kind. */
  readonly skipping?: true;
}

const BREAK = 0xff;
/** Levels in a value that is only passed over. */
const SKIPPED_DEPTH_MAX = 200;

/** One entry of a map: its key, and where its value lies, in bytes from the start of the payload. */
interface ScannedEntry {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The entries of the map at the start of `bytes`, without a look into their values: what a server sees that reads the
 * keys it knows and passes over the others.
 * @throws CborFault for a map that has no end, keys that are not text, and strings in pieces anywhere.
 * Source: Zephyr zcbor_bulk.c and zcbor_any_skip, measured on Zephyr 4.4.0 and MCUboot (peers/smp-recovery.test.ts).
 */
export function scanEntries(bytes: Uint8Array): ScannedEntry[] {
  return new Scanner(bytes, { depthMax: SKIPPED_DEPTH_MAX, skipping: true }).entries();
}

/**
 * Walks one CBOR item without making anything of it. Ours, since cbor-x 1.6.8 takes a key twice, makes a Date of tag 1
 * and a RangeError of 3,000 levels: a decoder must never be fed with what it might choke on: lengths beyond
 * the data, nesting beyond the limit, duplicate keys, keys that are not text, tags, strings in pieces.
 * @returns the offset after the item, in bytes.
 * @throws CborFault.
 * Source: RFC 8949 sections 3 and 5.3; what Zephyr's zcbor refuses, measured.
 */
export function scanItem(bytes: Uint8Array, start = 0, limits: ScanLimits = { depthMax: 16 }): number {
  return new Scanner(bytes, limits).item(start, 0);
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #limits: ScanLimits;

  constructor(bytes: Uint8Array, limits: ScanLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  item(start: number, depth: number): number {
    const { major, info, value, next } = this.#head(start);
    switch (major) {
      case 0:
      case 1:
        if (value === undefined) throw new CborFault("an integer of indefinite length", start);
        return next;
      case 2:
      case 3:
        if (value === undefined) throw new CborFault("a string in pieces", start);
        return this.#skip(next, value);
      case 4:
      case 5:
        if (depth >= this.#limits.depthMax) throw new CborFault(`more than ${depth} levels`, start);
        return major === 4 ? this.#list(next, value, depth + 1) : this.#map(next, value, depth + 1);
      case 6:
        if (this.#limits.skipping && depth < this.#limits.depthMax) return this.item(next, depth + 1);
        throw new CborFault("a tag", start);
      default:
        if (info === 31) throw new CborFault("an end without a beginning", start);
        if (!this.#limits.skipping && (info < 20 || info === 24)) throw new CborFault("an unknown simple value", start);
        return next;
    }
  }

  #list(at: number, count: number | undefined, depth: number): number {
    let next = at;
    for (let index = 0; index !== count; index += 1) {
      if (count === undefined && this.#at(next) === BREAK) return next + 1;
      next = this.item(next, depth);
    }
    return next;
  }

  #map(at: number, count: number | undefined, depth: number): number {
    const keys = new Set<string>();
    let next = at;
    for (let index = 0; index !== count; index += 1) {
      if (count === undefined && this.#at(next) === BREAK) return next + 1;
      if (this.#limits.skipping) {
        next = this.item(this.item(next, depth), depth);
        continue;
      }
      const { key, end } = this.#key(next);
      if (keys.has(key)) throw new CborFault(`key "${key}" twice`, next);
      keys.add(key);
      next = this.item(end, depth);
    }
    return next;
  }

  entries(): ScannedEntry[] {
    const { major, value: count, next: first } = this.#head(0);
    if (major !== 5) throw new CborFault("no map", 0);
    const found: ScannedEntry[] = [];
    let next = first;
    for (let index = 0; index !== count; index += 1) {
      if (count === undefined && this.#at(next) === BREAK) break;
      const { key, end: start } = this.#key(next);
      next = this.item(start, 1);
      found.push({ key, start, end: next });
    }
    return found;
  }

  #key(at: number): { key: string; end: number } {
    if (this.#at(at) >> 5 !== 3) throw new CborFault("a key that is not text", at);
    const { next: text } = this.#head(at);
    const end = this.item(at, 0);
    return { key: Buffer.from(this.#bytes.subarray(text, end)).toString("latin1"), end };
  }

  /** Initial byte and argument; `value` is undefined for an indefinite length. */
  #head(at: number): { major: number; info: number; value: number | undefined; next: number } {
    const initial = this.#at(at);
    const major = initial >> 5;
    const info = initial & 0x1f;
    if (info < 24) return { major, info, value: info, next: at + 1 };
    if (info === 31) return { major, info, value: undefined, next: at + 1 };
    if (info > 27) throw new CborFault("a reserved length", at);
    const width = 2 ** (info - 24);
    let value = 0;
    for (let index = 1; index <= width; index += 1) value = value * 256 + this.#at(at + index);
    return { major, info, value, next: at + 1 + width };
  }

  #skip(at: number, count: number): number {
    if (at + count > this.#bytes.length) throw new CborFault(`a string of ${count} bytes beyond the end`, at);
    return at + count;
  }

  #at(offset: number): number {
    const byte = this.#bytes[offset];
    if (byte === undefined) throw new CborFault("the end of the data", offset);
    return byte;
  }
}
