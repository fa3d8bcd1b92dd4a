import type { Clock } from "../../core/index.ts";
import type { FlashDone } from "../../mcuboot/index.ts";
import type { PowerSwitch } from "../../power/index.ts";
import type { Uart } from "../../serial/index.ts";
import type { SmpClient } from "../../smp/index.ts";
import type { HealthMark } from "../lease/health.ts";
import type { BoardProfile } from "../profile/schema.ts";
import type { LogWatch } from "./log-watch.ts";

/** Programs flash past the bootloader: a debugger on a board, a plain write on the twin. */
export interface Flasher {
  /** Puts an image file (header first) at the start of the primary slot; the secondary slot and trailers are erased. */
  programPrimary(image: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Programs a HEX file into one core's flash: only the pages that it touches are erased. Then resets. */
  program?(core: "application" | "network", hexFile: string, signal?: AbortSignal): Promise<void>;
  /** Erases both cores, network core first, protection included; then programs the profile's baseline, if it has one. */
  recover?(signal?: AbortSignal): Promise<void>;
}

/** Where a board's erase counts are kept between runs; a board that is born anew for each run has none. */
export interface WearLedger {
  load(): Readonly<Record<string, number>>;
  save(cyclesByPage: Readonly<Record<string, number>>): void;
}

/** How far a boot has come: pages erased, and words programmed since the last of them ("all": until the next erase). */
export interface FlashProgress {
  readonly erases: number;
  readonly words: number | "all";
}

/** A stop that a board was told of. */
export interface FlashStop {
  /** Resolves once the board stands still there; rejects with the signal's reason, and then it runs on. */
  readonly reached: Promise<void>;
}

/** The whole flash, past the firmware and without its knowledge, with power or without: an emulated board has that. */
interface FlashAccess {
  read(): Promise<Uint8Array>;
  /** A board that has power loses it, and starts anew with this content. */
  write(content: Uint8Array): Promise<void>;
}

/** What a campaign sees of a board. Hardware and twin look alike; nobody above asks which it is. */
export interface Board extends AsyncDisposable {
  readonly name: string;
  readonly profile: BoardProfile;
  /** Real, or virtual on a twin in process. */
  readonly clock: Clock;
  /** The application core's UART: the boot log and SMP share it. */
  readonly uart: Uart;
  /** The network core's, where the profile names one: log only. */
  readonly netUart?: Uart;
  /** `net`: of the network core's own UART. */
  readonly logs: { readonly app: LogWatch; readonly net?: LogWatch };
  readonly smp: SmpClient;
  readonly power: PowerSwitch;
  /** The switch on its button or reset pin (`recovery.press` of the profile): on is pressed. */
  readonly press?: PowerSwitch;
  /**
   * When ports that went away with the board's power were last open again, in microseconds on the bench's clock: what
   * the board said before is lost. Undefined when they never went.
   */
  portsBackUs?(): number | undefined;
  /**
   * What the judge may assume of this bench's cuts. `latencyUs`: from the command to the loss of power. `measured`: the
   * date (ISO 8601) of the calibration that the figures come from; without one they are the profile's.
   */
  readonly cuts: {
    readonly latencyUs: number;
    readonly uncertaintyUs: number;
    readonly measured?: string;
    /**
     * From now on, or without power from the next power-on, the board is watched: once it has come so far with its
     * flash it stands still, and changes nothing, until power goes. For boards that a debugger can stop there.
     */
    stopAfter?(progress: FlashProgress, signal: AbortSignal): Promise<FlashStop>;
  };
  readonly flash?: FlashAccess;
  readonly flasher?: Flasher;
  readonly wear?: WearLedger;
  /** Whether it is good, from run to run; absent of a board that is born anew for each. */
  readonly health?: HealthMark;
  /** What people should know of how it was opened. */
  readonly notes?: readonly string[];
  /** What a simulated board ran when it was new, as a debugger flashed it: signed with the profile's key. */
  readonly factoryImage?: Uint8Array;
  /** What the firmware did that its flash does not allow: only a simulated board can tell. */
  brokenRules?(): readonly string[];
  /** What its flash did since this was asked last: for the record, never for the judge. Of a simulated board. */
  flashDone?(): FlashDone;
  /** Faults that were planted in a simulated board and never acted so far: a run shows nothing about these. */
  idleFaults?(): readonly string[];
  /** What of its run people should know, and no verdict hangs on: what the bench cannot do. */
  remarks?(): readonly string[];
  /** Throws when the bench itself (not the board) broke. */
  check(): void;
}
