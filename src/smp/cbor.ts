import { Encoder } from "cbor-x";
import { concat } from "../core/index.ts";
import { CborFault, scanEntries, scanItem } from "./cbor-scan.ts";

/** What a CBOR body of SMP is made of. Integers beyond 2^53 are bigint. */
export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | undefined
  | Uint8Array
  | readonly CborValue[]
  | CborMap;
export interface CborMap {
  readonly [key: string]: CborValue;
}

// Plain CBOR: no record extension, smallest map headers, byte strings without a typed-array tag.
const codec = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });

/**
 * The map at the start of `bytes`.
 * @param options.trailing what to do with bytes after it.
 * @throws CborFault when there is no map, or one that SMP cannot mean (`scanItem`).
 */
export function decodeMap(bytes: Uint8Array, options: { trailing?: "refuse" | "ignore" } = {}): CborMap {
  if (bytes.length === 0) throw new CborFault("no map", 0);
  if ((bytes[0] ?? 0) >> 5 !== 5) throw new CborFault("no map", 0);
  const end = scanItem(bytes);
  if (end < bytes.length && options.trailing !== "ignore") {
    throw new CborFault(`${bytes.length - end} bytes after the map`, end);
  }
  return decodeItem(bytes.subarray(0, end)) as CborMap;
}

/**
 * What a server reads of a request: the keys it knows, each at most once; others are passed over with whatever they
 * hold, and bytes after the map, too.
 * @throws CborFault when there is no map, a known key comes twice, or what it holds makes no sense.
 */
export function decodeKnown(bytes: Uint8Array, keys: readonly string[]): CborMap {
  const known: Record<string, CborValue> = {};
  for (const { key, start, end } of scanEntries(bytes)) {
    if (!keys.includes(key)) continue;
    if (Object.hasOwn(known, key)) throw new CborFault(`key "${key}" twice`, start);
    scanItem(bytes, start);
    known[key] = decodeItem(bytes.subarray(start, end));
  }
  return known;
}

/** @param bytes one item that `scanItem` has passed. */
function decodeItem(bytes: Uint8Array): CborValue {
  try {
    return plain(codec.decode(Buffer.from(bytes))) as CborValue;
  } catch (error) {
    throw new CborFault(`what cbor-x refuses (${String(error)})`, 0);
  }
}

/**
 * CBOR of a map, keys in the order given, `undefined` left out, integers in their shortest form.
 * @param form clients send definite lengths, Zephyr's server indefinite ones (`bf … ff`).
 */
export function encodeMap(map: CborMap, form: "definite" | "indefinite" = "definite"): Uint8Array {
  return encodeValue(map, form);
}

function encodeValue(value: CborValue, form: "definite" | "indefinite"): Uint8Array {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || ArrayBuffer.isView(value)) {
    // cbor-x would make a float of an integer over 32 bits, which no server takes for one.
    const long = typeof value === "number" && Number.isSafeInteger(value) && (value >= 2 ** 32 || value < -(2 ** 32));
    return Uint8Array.from(codec.encode(long ? BigInt(value) : value));
  }
  const items = Array.isArray(value) ? value : entriesOf(value as CborMap).flat();
  const body = items.map((item) => encodeValue(item as CborValue, form));
  const major = Array.isArray(value) ? 0x80 : 0xa0;
  if (form === "indefinite") return concat(Uint8Array.of(major | 0x1f), ...body, Uint8Array.of(0xff));
  return concat(lengthHead(major, Array.isArray(value) ? items.length : items.length / 2), ...body);
}

function entriesOf(map: CborMap): [string, CborValue][] {
  return Object.entries(map).filter(([, value]) => value !== undefined);
}

function lengthHead(major: number, length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(major | length);
  if (length < 0x100) return Uint8Array.of(major | 24, length);
  return Uint8Array.of(major | 25, length >> 8, length & 0xff);
}

/** cbor-x makes Buffers and bigints where plain bytes and numbers do. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    return Uint8Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
