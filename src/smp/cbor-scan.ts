/** Why bytes are not a CBOR map that SMP can mean. `offset` is in bytes from the start of the payload. */
export class CborFault extends Error {
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(`${problem} at byte ${offset}`);
    this.name = "CborFault";
    this.offset = offset;
  }
}

export interface ScanLimits {
  /** Maps and lists inside one another. */
  readonly depthMax: number;
}

const BREAK = 0xff;

/**
 * Walks one CBOR item without making anything of it, so that a decoder is never fed with what it might choke on:
 * lengths beyond the data, nesting beyond the limit, duplicate keys, keys that are not text, tags, strings in pieces.
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
        throw new CborFault("a tag", start);
      default:
        if (info === 31) throw new CborFault("an end without a beginning", start);
        if (info < 20 || info === 24) throw new CborFault("an unknown simple value", start);
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
      if (this.#at(next) >> 5 !== 3) throw new CborFault("a key that is not text", next);
      const { next: text } = this.#head(next);
      const end = this.item(next, depth);
      const key = Buffer.from(this.#bytes.subarray(text, end)).toString("latin1");
      if (keys.has(key)) throw new CborFault(`key "${key}" twice`, next);
      keys.add(key);
      next = this.item(end, depth);
    }
    return next;
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
