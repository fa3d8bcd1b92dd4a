import type { BootMode, GenerationRow, Release } from "../../mcuboot/index.ts";
import type { WorldShape } from "../world/world.ts";

/** A cause that a failure in the field can have. */
export interface CauseRow {
  /** As `hil faults`, `hil sweep` and a verdict know it; others are names of ours. */
  readonly id: string;
  /** In a few words. */
  readonly title: string;
  /** A fault of the bootloader, of the board around it, or nothing that is wrong there at all. */
  readonly kind: "bootloader" | "board" | "as designed";
  readonly modes: readonly BootMode[];
  /** The first release that has it, and the first that has it no more; default: from the first, to this day. */
  readonly since?: Release;
  readonly until?: Release;
  /** The same for people, where releases of nRF Connect SDK say it better. */
  readonly had: string;
  /** The cause, in two sentences. */
  readonly because: string;
  /** What a product can do about it. */
  readonly protects: string;
  readonly source: string;
  /** Which table has its row: file and name. */
  readonly row: string;
  /** Worlds in which to look for it: what differs from a small board of the mode. */
  readonly worlds: readonly Partial<WorldShape>[];
  /** The generation's columns as they are where it is mended: a history that then shows something else is due to it. */
  readonly mended?: Partial<GenerationRow>;
}
