import { ProtocolError } from "../../core/index.ts";
import type { CborMap } from "./cbor.ts";
import { COMMAND_HINTS, errorRow } from "./errors.ts";

/** Why a command was refused: what a report or a test reads. */
export interface SmpRefusal {
  /** The command's name: "image upload". */
  readonly command: string;
  /** The group whose code it is; undefined when the code is the protocol's own (`rc`). */
  readonly group: number | undefined;
  readonly code: number;
  /** The code by name: "NO_FREE_SLOT". */
  readonly name: string;
  /** What a verbose server says besides (`rsn`). */
  readonly reason?: string;
  /** The whole answer: some servers send data along with an error. */
  readonly body: CborMap;
}

/** The board understood the request and refused it. Exit 1. */
export class SmpRefused extends ProtocolError {
  readonly refusal: SmpRefusal;

  constructor(refusal: Omit<SmpRefusal, "name">, options?: ErrorOptions) {
    const row = errorRow(refusal.group, refusal.code);
    const place = refusal.group === undefined ? `rc ${refusal.code}` : `group ${refusal.group}, code ${refusal.code}`;
    const reason = refusal.reason === undefined ? "" : ` The board says: "${refusal.reason}".`;
    const ofCommand = COMMAND_HINTS.find(({ command, code }) => command === refusal.command && code === refusal.code);
    const hint = refusal.group === undefined ? (ofCommand?.hint ?? row.hint) : row.hint;
    super(`${refusal.command} refused: ${row.name} (${place}).${reason}`, hint, options);
    this.refusal = { ...refusal, name: row.name };
  }
}

/** True for a refusal; with a name only for that one ("NO_FREE_SLOT"). By shape, as Jest may hold two copies of a class. */
export function isRefusal(error: unknown, name?: string): error is SmpRefused {
  if (typeof error !== "object" || error === null || !("refusal" in error)) return false;
  const { refusal } = error;
  if (typeof refusal !== "object" || refusal === null || !("name" in refusal)) return false;
  return name === undefined || refusal.name === name;
}
