import type { LoadedProfile, openBoard } from "../../board/index.ts";
import type { TranscriptLine } from "../../smp/index.ts";
import type { PlannedCut } from "../record/cut-moment.ts";
import type { KeptImages } from "../record/kept.ts";
import type { RecordFiles } from "../record/record-files.ts";
import type { Replay } from "../record/replay.ts";
import type { RunEvent } from "../record/run-event.ts";
import type { ScenarioFile } from "./scenario.ts";

/** Everything that decides a run. */
export interface RunRequest {
  readonly scenario: ScenarioFile;
  readonly board: LoadedProfile;
  readonly seed: number;
  /** Names of the twin's faults that were switched on besides the profile's: `board` has them already. */
  readonly faults?: readonly string[];
  /** Cuts given one by one, instead of the scenario's own. */
  readonly cuts?: readonly PlannedCut[] | undefined;
  /** Which image runs when the first cut is made; default: the new one. */
  readonly startWith?: "old" | "new" | undefined;
  /** Of a replay: the images as they were recorded, to tell when these are others. */
  readonly recordedImages?: Replay["images"];
  /** Of a replay: other images than the recorded ones end it, instead of being told. */
  readonly onlyRecordedImages?: boolean;
  /** Of a replay: the recorded images themselves, which are then used as they are. */
  readonly kept?: KeptImages | undefined;
  /** Ends the run with the first verdict that fails, and leaves the board as it is. */
  readonly failFast: boolean;
  /** No cut is begun when the cuts have taken so long, in milliseconds of the bench's clock. */
  readonly maxDurationMs?: number | undefined;
  /** A run that left cuts unmade passes all the same; default: what the scenario says. */
  readonly allowIncomplete?: boolean | undefined;
  /** Erase cycles that a page may spend; default: the profile's. A cut that could take a page beyond ends the run. */
  readonly maxWear?: number | undefined;
  /** How often a bench that fails is tried again; default: the scenario's. */
  readonly infraRetries?: number | undefined;
  /** Opens the board; default: by its profile's provider. */
  readonly open?: typeof openBoard;
  /** The disk under the record; a test puts another in its place. */
  readonly files?: RecordFiles;
  /** Also a board that is marked bad: it is recovered first. */
  readonly recover?: boolean;
  /** Folder under which the run's own folder is made. */
  readonly runsRoot: string;
  readonly version: string;
  /** Names and values that people find a run by (commit, branch); they decide nothing, and go to `host.json`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The record's folder, as soon as there is one: before the first event. */
  readonly onFolder?: (folder: string) => void;
  readonly onEvent?: (event: RunEvent) => void;
  /** False: the outcome has no events, so that a night's run takes no more memory than a short one. Default: true. */
  readonly keepsEvents?: boolean;
  /** Hears what is said and heard over SMP, as `smp.jsonl` of the record has it. */
  readonly onExchange?: (line: TranscriptLine) => void;
}
