import type { CborMap } from "../packet/cbor.ts";

/** What a handler throws to refuse a request; the server says it in the version that the client speaks. */
export class SmpFault extends Error {
  /** The group whose code it is; undefined for the protocol's own (`rc`). */
  readonly group: number | undefined;
  readonly code: number;
  /** What a verbose server tells a client of version 1 besides (`rsn`). */
  readonly reason: string | undefined;
  /** What is sent along with the error, to clients of version 2. */
  readonly data: CborMap;

  constructor(fault: { group?: number; code: number; reason?: string | undefined; data?: CborMap }) {
    super(`group ${fault.group ?? "none"}, code ${fault.code}`);
    this.name = "SmpFault";
    this.group = fault.group;
    this.code = fault.code;
    this.reason = fault.reason;
    this.data = fault.data ?? {};
  }
}

/** True for a fault; by shape, as Jest may hold two copies of a class. */
export function isFault(error: unknown): error is SmpFault {
  return error instanceof Error && error.name === "SmpFault" && "code" in error;
}
