import { Encoder } from "cbor-x";
import { concat } from "../../core/index.ts";
import { CborFault, scanEntries, scanItem } from "./cbor-scan.ts";

/** Maps and lists inside one another, in what a request says to a server. */
const KNOWN_DEPTH_MAX = 64;

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
    scanItem(bytes, start, { depthMax: KNOWN_DEPTH_MAX });
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
 * Ours, since cbor-x 1.6.8 writes 2^32 + 1 as a float (fb41f0…), which zcbor refuses, and no indefinite lengths.
 *
 * CBOR of a map, keys in the order given, `undefined` left out, integers in their shortest form.
 * @param form clients send definite lengths, Zephyr's server indefinite ones (`bf … ff`).
 */
export function encodeMap(map: CborMap, form: "definite" | "indefinite" = "definite"): Uint8Array {
  const parts: Uint8Array[] = [];
  encodeValue(map, form, parts);
  return concat(...parts);
}

const FALSE = Uint8Array.of(0xf4);
const TRUE = Uint8Array.of(0xf5);
const NULL = Uint8Array.of(0xf6);
const BREAK = Uint8Array.of(0xff);

/** Adds the item's bytes to `parts`; byte strings as they are, without a copy. */
function encodeValue(value: CborValue, form: "definite" | "indefinite", parts: Uint8Array[]): void {
  if (typeof value === "string") {
    const text = Buffer.from(value, "utf8");
    parts.push(head(0x60, text.length), text);
  } else if (typeof value === "number" && Number.isSafeInteger(value)) {
    parts.push(value >= 0 ? head(0x00, value) : head(0x20, -1 - value));
  } else if (typeof value === "boolean") parts.push(value ? TRUE : FALSE);
  else if (typeof value === "bigint") parts.push(integer(value));
  else if (value === null) parts.push(NULL);
  else if (value instanceof Uint8Array) parts.push(head(0x40, value.length), value);
  else if (typeof value !== "object" || ArrayBuffer.isView(value)) parts.push(Uint8Array.from(codec.encode(value)));
  else if (Array.isArray(value)) encodeItems(0x80, value.length, value, form, parts);
  else {
    const entries = Object.entries(value as CborMap).filter(([, item]) => item !== undefined);
    encodeItems(0xa0, entries.length, entries.flat(), form, parts);
  }
}

const INTEGER_MIN = -(2n ** 64n);
const INTEGER_MAX = 2n ** 64n - 1n;

/**
 * An integer of any width that CBOR has without a tag: -2^64 to 2^64 - 1, in its shortest form.
 * @throws RangeError beyond. Source: RFC 8949 section 3.1.
 */
function integer(value: bigint): Uint8Array {
  if (value < INTEGER_MIN || value > INTEGER_MAX) {
    throw new RangeError(`${value} is beyond the integers of CBOR (${INTEGER_MIN} to ${INTEGER_MAX})`);
  }
  const [major, argument] = value >= 0n ? [0x00, value] : [0x20, -1n - value];
  if (argument <= BigInt(Number.MAX_SAFE_INTEGER)) return head(major, Number(argument));
  const bytes = Uint8Array.of(major | 27, 0, 0, 0, 0, 0, 0, 0, 0);
  new DataView(bytes.buffer).setBigUint64(1, argument);
  return bytes;
}

function encodeItems(
  major: number,
  length: number,
  items: readonly CborValue[],
  form: "definite" | "indefinite",
  parts: Uint8Array[],
): void {
  parts.push(form === "indefinite" ? Uint8Array.of(major | 0x1f) : head(major, length));
  for (const item of items) encodeValue(item, form, parts);
  if (form === "indefinite") parts.push(BREAK);
}

/** Initial byte and argument of an item, the shortest there is; big-endian. Source: RFC 8949 section 3. */
function head(major: number, value: number): Uint8Array {
  if (value < 24) return Uint8Array.of(major | value);
  if (value < 0x100) return Uint8Array.of(major | 24, value);
  if (value < 0x1_0000) return Uint8Array.of(major | 25, value >> 8, value & 0xff);
  const wide = value >= 2 ** 32;
  const bytes = new Uint8Array(wide ? 9 : 5);
  bytes[0] = major | (wide ? 27 : 26);
  const view = new DataView(bytes.buffer);
  if (wide) view.setUint32(1, Math.floor(value / 2 ** 32));
  view.setUint32(wide ? 5 : 1, value % 2 ** 32);
  return bytes;
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
