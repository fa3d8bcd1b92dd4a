import { hex } from "../../core/index.ts";
import { type CborValue, decodeMap } from "../packet/cbor.ts";

/** Of one text or byte string, and of a whole body: characters that are written down. */
const LEAF_CHARACTERS_MAX = 160;
const BODY_CHARACTERS_MAX = 2_000;
/** The longest hash of an image, SHA-512, is told whole. */
const BYTES_SHOWN = 64;
const DEPTH_MAX = 6;

/** A body that is plain JSON: bytes and big integers are texts. */
export type BodyText = null | boolean | number | string | readonly BodyText[] | { readonly [key: string]: BodyText };

/**
 * A packet's body for people: bounded whatever is in it.
 * @param bytes the CBOR map; what is none comes as a text of hex digits.
 * @param withheld keys whose value is told by its length alone.
 */
export function bodyForTranscript(bytes: Uint8Array, withheld: readonly string[]): BodyText {
  if (bytes.length === 0) return {};
  try {
    const map = decodeMap(bytes, { trailing: "ignore" });
    return new Bounded(withheld).of(map, 0);
  } catch {
    return withheld.length > 0 ? `not CBOR: ${bytes.length} bytes` : `not CBOR: ${shownBytes(bytes)}`;
  }
}

/** JSON in one line of which a terminal shows every character: no control and no character that turns the line around. */
export function transcriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

class Bounded {
  readonly #withheld: readonly string[];
  #left = BODY_CHARACTERS_MAX;

  constructor(withheld: readonly string[]) {
    this.#withheld = withheld;
  }

  of(value: CborValue, depth: number): BodyText {
    if (value === null || value === undefined) return null;
    if (typeof value === "object" && !(value instanceof Uint8Array)) {
      if (depth === DEPTH_MAX) return "…";
      return isList(value) ? this.#list(value, depth + 1) : this.#map(Object.entries(value), depth + 1);
    }
    const leaf = leafOf(value);
    this.#left -= typeof leaf === "string" ? leaf.length : 8;
    return leaf;
  }

  #list(items: readonly CborValue[], depth: number): BodyText {
    const shown: BodyText[] = [];
    for (const [index, item] of items.entries()) {
      if (this.#left <= 0) return [...shown, `… ${items.length - index} more`];
      this.#left -= 2;
      shown.push(this.of(item, depth));
    }
    return shown;
  }

  #map(entries: readonly (readonly [string, CborValue])[], depth: number): BodyText {
    const shown: [string, BodyText][] = [];
    for (const [index, [key, item]] of entries.entries()) {
      if (this.#left <= 0) {
        shown.push(["…", `${entries.length - index} more`]);
        break;
      }
      this.#left -= Math.min(key.length, LEAF_CHARACTERS_MAX) + 4;
      shown.push([cut(key), this.#withheld.includes(key) ? lengthOf(item) : this.of(item, depth)]);
    }
    return Object.fromEntries(shown);
  }
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

function leafOf(value: string | number | bigint | boolean | Uint8Array): BodyText {
  if (value instanceof Uint8Array) return shownBytes(value);
  if (typeof value === "bigint") return String(value);
  return typeof value === "string" ? cut(value) : value;
}

function shownBytes(bytes: Uint8Array): string {
  if (bytes.length <= BYTES_SHOWN) return hex(bytes);
  return `${hex(bytes.subarray(0, BYTES_SHOWN))}… (${bytes.length} bytes)`;
}

function cut(text: string): string {
  if (text.length <= LEAF_CHARACTERS_MAX) return text;
  return `${text.slice(0, LEAF_CHARACTERS_MAX)}… (${text.length} characters)`;
}

function lengthOf(value: CborValue): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === "string" ? `${value.length} characters` : "withheld";
}
