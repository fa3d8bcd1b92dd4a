import type { Random } from "../../../src/core/index.ts";

/** One way by which bytes of somebody else reach this program. */
export interface FuzzSource {
  readonly name: string;
  /** Whose bytes these are, as docs/trust.md has it. */
  readonly from: "board" | "file" | "record" | "switch" | "host";
  /** How damage is done: to bytes anywhere, to texts by lines and words too, or to values of JSON, one a line or in all. */
  readonly kind: "bytes" | "text" | "json";
  /** Its part of all inputs; what takes long has a small one. */
  readonly share: number;
  /** Good inputs, which are then damaged. */
  seeds(): readonly (Uint8Array | string)[];
  /** Reads an input as the program would. Throws one of our errors for what it refuses. */
  ask(input: Uint8Array, random: Random): unknown;
}
