import type { BootloaderBuild, FlashContent, LegalOutcome, RunningBootloader } from "../../mcuboot/index.ts";
import type { BootSeen, SlotState } from "../record/facts.ts";
import type { Ending } from "../record/verdict.ts";
import type { Nearest } from "./nearest.ts";

/** An image of the network core, as whoever tells of it may name it. */
export interface NetworkFacts {
  /** What its bootloader knows it by; undefined of firmware without one. */
  readonly counter: number | undefined;
  readonly image: { readonly version: string };
}

/** What a network core is to run, and what tells of it after a boot. */
export interface NetworkReport {
  /** The image that was asked for, and the one before; undefined where that is not known. */
  readonly to: NetworkFacts;
  readonly from: NetworkFacts | undefined;
  /** It is to be taken; else refused. */
  readonly updates: boolean;
  /** A version in the words of whoever tells it: "its UART". */
  readonly told: { readonly value: string; readonly by: string } | undefined;
  /** What MCUboot's log says of the copy since it was asked for. */
  readonly log: { readonly copied: boolean; readonly line: string } | undefined;
  /** The first line of a boot on its UART. */
  readonly alive: string | undefined;
  /** The scenario wants no witness: nothing told is no failure. */
  readonly optional: boolean;
}

/** What tells of an update of MCUboot itself. */
export interface BootloaderReport {
  /** What NSIB's log says that it started; undefined where no line does. */
  readonly told: RunningBootloader | undefined;
  /** The scenario wants no witness: nothing told is no failure. */
  readonly optional: boolean;
}

/** Everything that a boot showed. */
export interface Evidence {
  readonly seen: BootSeen;
  /** The image list; empty when no application came up. */
  readonly slots: readonly SlotState[];
  /** The image that was asked for was encrypted: what a line of the log gives away depends on it. */
  readonly encrypted: boolean;
  /** How the bootloader tells for which core an image is, where one pair of slots serves both: a row of NET_CORE_RULES. */
  readonly rule?: { readonly name: string; readonly ncs: string } | undefined;
  /** The boot was asked to update the network core alone. */
  readonly ofNetwork?: boolean | undefined;
  /** Of a board whose network core was to be updated. */
  readonly network?: NetworkReport | undefined;
  /** Of a boot that was to update MCUboot itself. */
  readonly bootloader?: BootloaderReport | undefined;
  /** What the flash holds, of a board whose flash can be read. */
  readonly flash?: { readonly content: FlashContent; readonly build: BootloaderBuild } | undefined;
}

/** What a boot may have come to. */
export interface Allowed {
  /** Everything that MCUboot may do, what it is known to do wrong included. */
  readonly outcomes: readonly LegalOutcome[];
  /** What the bootloader may have decided, by its log; the log is not looked at without it. */
  readonly decisions?: readonly (readonly string[])[] | undefined;
  /** Why it is no pass, whatever the board shows. */
  readonly fault?: ((seen: BootSeen) => Failure) | undefined;
}

/** What a boot showed, beside the outcome that comes nearest; undefined when nothing came up, or no outcome runs. */
export interface Shown extends Evidence {
  readonly nearest: Nearest | undefined;
  readonly outcomes: readonly LegalOutcome[];
}

/** Why a boot is no pass. */
export interface Failure {
  readonly ending: Ending;
  readonly because: string;
}

/** One thing that a boot is held against. */
export type Check = (shown: Shown, allowed: Allowed) => Failure | undefined;
