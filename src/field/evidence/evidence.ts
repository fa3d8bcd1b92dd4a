import type { BootMode, GenerationRow } from "../../mcuboot/index.ts";
import type { ShownEnd } from "../world/machine.ts";

/** A boot as a log shows it. */
export interface BootSeenInLog {
  readonly tokens: readonly string[];
  /** Its first lines are there; else the log begins in its middle. */
  readonly headSeen: boolean;
  readonly end: ShownEnd | "recovery";
  /** Version that the bootloader said it starts. */
  readonly version?: string;
  /** Something was printed after it that is none of the bootloader's lines. */
  readonly appSpoke: boolean;
  /** Numbers of its lines in the file, from 1. */
  readonly lines: readonly [number, number];
}

/** One slot of an image list. */
export interface SlotSeen {
  readonly image: number;
  readonly slot: number;
  readonly version?: string;
  readonly pending: boolean;
  readonly confirmed: boolean;
  readonly active: boolean;
  readonly permanent: boolean;
}

/** What a trailer says: "good 1 3 1" (magic, swap type, copy_done, image_ok as the bootloader's log has them). */
export interface TrailerSeen {
  readonly slot: 0 | 1;
  readonly text: string;
}

/** What somebody says about the end of it all, as facts that a history can be asked for. */
const SAID_FACTS = [
  "does not boot",
  "old runs",
  "new runs",
  "power was lost",
  "nobody confirmed",
  "confirmed",
  "encrypted",
  "reboots for ever",
  "application never starts",
  "upload refused",
  "permanent",
  "network core",
  "first update",
] as const;

export type SaidFact = (typeof SAID_FACTS)[number];

/** An update file: what it is, and which keys fit it. */
export interface ImageFile {
  readonly name: string;
  readonly image: number;
  readonly version: string;
  readonly encrypted: boolean;
  /** Length of the image with its TLVs. */
  readonly bytes: number;
  /** What is wrong with it whoever boots it; none: whole. */
  readonly faults: readonly string[];
  /** Profile whose signing key fits; undefined: none that is known. */
  readonly keyOf?: string;
}

/** All that was sent, read. */
export interface FieldEvidence {
  readonly boots: readonly BootSeenInLog[];
  /** The last list that was sent. */
  readonly list?: readonly SlotSeen[];
  /** What a dump holds: as a list, also where no application runs that could send one. */
  readonly held?: readonly SlotSeen[];
  readonly trailers: readonly TrailerSeen[];
  readonly said: ReadonlySet<SaidFact>;
  readonly files: readonly ImageFile[];
  /** Bootloaders that the lines allow, oldest first. */
  readonly generations: readonly GenerationRow[];
  /** A banner or a profile names them: an older one cannot be. */
  readonly generationTold: boolean;
  readonly modes: readonly BootMode[];
  /** Lines, in words. */
  readonly knows: readonly string[];
  readonly contradicts: readonly string[];
  readonly asks: readonly string[];
}
