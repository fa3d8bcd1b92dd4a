import { concat } from "../../core/index.ts";
import { encodeMap } from "./cbor.ts";
import { encodeSmpHeader, OP } from "./header.ts";
import { type Fields, type ValuesOf, writeFields } from "./shape.ts";

/** One command: a row. The types of its request and answer follow from the row (`RequestOf`, `ResponseOf`). */
export interface CommandRow<Q extends Fields = Fields, S extends Fields = Fields> {
  /** For people: "image upload". */
  readonly name: string;
  readonly group: number;
  readonly id: number;
  /** "either": the server takes read and write alike; we send write. */
  readonly op: "read" | "write" | "either";
  readonly request: Q;
  readonly response: S;
  /** How often the request may be sent again when no answer comes: 0 unless twice does what once does. */
  readonly retries: number;
  /** Deadline of one attempt in milliseconds; default 3000. */
  readonly timeoutMs?: number;
  /** A server carries the command out even when the body makes no sense. */
  readonly ignoresBadBody?: true;
  /** Fields of request and answer that a record names by their length alone: bulk, and what may be a secret. */
  readonly withheld?: readonly string[];
  readonly source: string;
}

/** Types a row; nothing else. */
export function command<const Q extends Fields, const S extends Fields>(row: CommandRow<Q, S>): CommandRow<Q, S> {
  return row;
}

export type RequestOf<C> = C extends CommandRow<infer Q, infer _> ? ValuesOf<Q> : never;
export type ResponseOf<C> = C extends CommandRow<infer _, infer S> ? ValuesOf<S> : never;

/** SMP's version as people count it: 1 is the original protocol (`rc`), 2 has group errors (`err`). */
export type SmpVersion = 1 | 2;

export function requestOp(row: Pick<CommandRow, "op">): number {
  return row.op === "read" ? OP.read : OP.write;
}

/** The body of a request. @throws ShapeFault when the request does not fit the row. */
export function encodePayload<C extends CommandRow>(row: C, request: RequestOf<C>): Uint8Array {
  return encodeMap(writeFields(row.request, request));
}

/**
 * A request packet: header and payload, definite CBOR in the order of the row.
 * @param options.payload the body, when it was made before.
 * @throws ShapeFault when the request does not fit the row; RangeError when it is over 65,535 bytes.
 */
export function encodeRequest<C extends CommandRow>(
  row: C,
  request: RequestOf<C>,
  options: { sequence: number; version: SmpVersion; payload?: Uint8Array | undefined },
): Uint8Array {
  const payload = options.payload ?? encodePayload(row, request);
  const { group, id } = row;
  const header = { op: requestOp(row), version: options.version - 1, reserved: 0, flags: 0, group, id };
  return concat(encodeSmpHeader({ ...header, sequence: options.sequence, length: payload.length }), payload);
}
