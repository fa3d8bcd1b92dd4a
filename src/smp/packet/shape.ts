import { unreachable } from "../../core/index.ts";
import type { CborMap, CborValue } from "./cbor.ts";

type PlainKind = "uint" | "wide uint" | "int" | "bool" | "text" | "bytes" | "number or bytes" | "any";

/** What a field of a command may hold: data, so that tables of commands are data too. */
export type Shape =
  | { readonly kind: PlainKind }
  | { readonly kind: "list"; readonly of: Shape }
  | { readonly kind: "map"; readonly fields: Fields }
  | { readonly kind: "dictionary"; readonly of: Shape }
  | { readonly kind: "optional"; readonly of: Shape };

/** Fields of a map, in the order they are sent. The key "*" stands for all keys that no other field names. */
export type Fields = { readonly [key: string]: Shape };

export const uint = { kind: "uint" } as const;
/** A counter that a board may count in 64 bits: a bigint beyond 2^53. */
export const wideUint = { kind: "wide uint" } as const;
export const int = { kind: "int" } as const;
export const bool = { kind: "bool" } as const;
export const text = { kind: "text" } as const;
export const bytes = { kind: "bytes" } as const;
export const numberOrBytes = { kind: "number or bytes" } as const;
export const any = { kind: "any" } as const;
export const list = <const S extends Shape>(of: S) => ({ kind: "list", of }) as const;
export const map = <const F extends Fields>(fields: F) => ({ kind: "map", fields }) as const;
export const dictionary = <const S extends Shape>(of: S) => ({ kind: "dictionary", of }) as const;
export const optional = <const S extends Shape>(of: S) => ({ kind: "optional", of }) as const;

/** The TypeScript type of a shape. */
type ValueOf<S> = Shape extends S
  ? CborValue
  : S extends { kind: "uint" | "int" }
    ? number
    : S extends { kind: "wide uint" }
      ? number | bigint
      : S extends { kind: "bool" }
        ? boolean
        : S extends { kind: "text" }
          ? string
          : S extends { kind: "bytes" }
            ? Uint8Array
            : S extends { kind: "number or bytes" }
              ? number | Uint8Array
              : S extends { kind: "any" }
                ? CborValue
                : S extends { kind: "list"; of: infer T }
                  ? readonly ValueOf<T>[]
                  : S extends { kind: "dictionary"; of: infer T }
                    ? { readonly [key: string]: ValueOf<T> }
                    : S extends { kind: "map"; fields: infer F extends Fields }
                      ? ValuesOf<F>
                      : S extends { kind: "optional"; of: infer T }
                        ? ValueOf<T>
                        : never;

type OptionalKey<F extends Fields> = {
  [K in keyof F]: F[K] extends { kind: "optional" } ? K : never;
}[keyof F];

/** The TypeScript type of a map of fields. */
export type ValuesOf<F extends Fields> = string extends keyof F
  ? CborMap
  : Flat<
      { readonly [K in Exclude<keyof F, OptionalKey<F>>]: ValueOf<F[K]> } & {
        readonly [K in OptionalKey<F>]?: ValueOf<F[K]> | undefined;
      }
    >;
type Flat<T> = { [K in keyof T]: T[K] } & {};

/** A value that does not have its shape: where, and what was wanted and found. */
export class ShapeFault extends Error {
  readonly path: string;

  constructor(path: string, wanted: string, found: CborValue) {
    super(`${path}: ${wanted} wanted, ${describe(found)} found`);
    this.name = "ShapeFault";
    this.path = path;
  }
}

/**
 * The fields of `from`, each checked against its shape; keys without a field are passed over.
 * @throws ShapeFault at the first that does not fit.
 */
export function readFields(fields: Fields, from: CborMap, path = ""): CborMap {
  const out: Record<string, CborValue> = {};
  for (const [key, shape] of Object.entries(fields)) {
    if (key === "*") {
      const others = Object.entries(from).filter(([other]) => !Object.hasOwn(fields, other));
      out[key] = Object.fromEntries(
        others.map(([other, value]) => [other, readValue(shape, value, join(path, other))]),
      );
      continue;
    }
    const value = Object.hasOwn(from, key) ? from[key] : undefined;
    if (value === undefined && shape.kind === "optional") continue;
    out[key] = readValue(shape, value, join(path, key));
  }
  return out;
}

/** What is sent for `values`: the fields in their order, checked. @throws ShapeFault. */
export function writeFields(fields: Fields, values: object): CborMap {
  const { "*": given, ...named } = values as CborMap;
  const { "*": others, ...known } = readFields(fields, { ...named, ...(given as CborMap | undefined) });
  return { ...known, ...(others as CborMap | undefined) };
}

/** The plain kinds: what is wanted, and the test for it. */
const PLAIN = {
  // Lengths and offsets are reckoned with: beyond 2^53 no board means them, and a bigint does not add up.
  uint: { wanted: "an unsigned integer", fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0 },
  "wide uint": { wanted: "an unsigned integer", fits: (value) => isInteger(value) && value >= 0 },
  int: { wanted: "an integer", fits: (value) => Number.isSafeInteger(value) },
  bool: { wanted: "a boolean", fits: (value) => typeof value === "boolean" },
  text: { wanted: "text", fits: (value) => typeof value === "string" },
  bytes: { wanted: "bytes", fits: isBytes },
  "number or bytes": { wanted: "a number or bytes", fits: (value) => typeof value === "number" || isBytes(value) },
  any: { wanted: "anything", fits: () => true },
} as const satisfies Record<PlainKind, { wanted: string; fits: (value: CborValue) => boolean }>;

function readValue(shape: Shape, value: CborValue, path: string): CborValue {
  if (isPlain(shape)) {
    const { wanted, fits } = PLAIN[shape.kind];
    if (!fits(value)) throw new ShapeFault(path, wanted, value);
    return value;
  }
  switch (shape.kind) {
    case "list":
      if (!Array.isArray(value)) throw new ShapeFault(path, "a list", value);
      return value.map((item: CborValue, index) => readValue(shape.of, item, `${path}[${index}]`));
    case "map":
      return readFields(shape.fields, asMap(value, path), path);
    case "dictionary":
      return Object.fromEntries(
        Object.entries(asMap(value, path)).map(([key, item]) => [key, readValue(shape.of, item, join(path, key))]),
      );
    case "optional":
      return readValue(shape.of, value, path);
    default:
      throw unreachable(shape);
  }
}

function isPlain(shape: Shape): shape is { readonly kind: PlainKind } {
  return Object.hasOwn(PLAIN, shape.kind);
}

function isInteger(value: CborValue): value is number | bigint {
  return Number.isInteger(value) || typeof value === "bigint";
}

function asMap(value: CborValue, path: string): CborMap {
  if (!isMap(value)) throw new ShapeFault(path, "a map", value);
  return value;
}

/** True for a map, as opposed to a list, bytes or a plain value. */
export function isMap(value: CborValue): value is CborMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
}

function isBytes(value: CborValue): value is Uint8Array {
  return ArrayBuffer.isView(value);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function describe(value: CborValue): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (isBytes(value)) return `${value.length} bytes`;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `text "${value.slice(0, 40)}"`;
  return `${typeof value} ${String(value)}`;
}
