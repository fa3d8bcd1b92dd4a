import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";
import { calibrationPath, type LoadedProfile, type openBoard } from "../board/index.ts";
import {
  BenchError,
  diskError,
  EXIT,
  InterruptedError,
  isHilError,
  isKind,
  lastWords,
  messageOf,
  wallTime,
} from "../core/index.ts";
import { Attempts } from "./attempts.ts";
import type { KeptImages } from "./record/kept.ts";
import { counted } from "./record/progress.ts";
import { RECORD_SCHEMA, RunRecord } from "./record/record.ts";
import type { RecordFiles } from "./record/record-files.ts";
import type { Replay } from "./record/replay.ts";
import type { PlannedCut, RunEvent, RunResult } from "./record/run-event.ts";
import { checkRequest } from "./request/check-request.ts";
import type { ScenarioFile } from "./request/scenario.ts";

/** Everything that decides a run. */
export interface RunRequest {
  readonly scenario: ScenarioFile;
  readonly board: LoadedProfile;
  readonly seed: number;
  /** Faults of the twin that were switched on besides the profile's: `profile` has them already. */
  readonly faults?: readonly string[];
  /** Cuts given one by one, instead of the scenario's own. */
  readonly cuts?: readonly PlannedCut[] | undefined;
  readonly startWith?: "old" | "new" | undefined;
  /** Of a replay: the images as they were recorded, to tell when these are others. */
  readonly recordedImages?: Replay["images"];
  /** Of a replay: other images than the recorded ones end it, instead of being told. */
  readonly onlyRecordedImages?: boolean;
  /** Of a replay: the recorded images themselves, which are then used as they are. */
  readonly kept?: KeptImages | undefined;
  readonly failFast: boolean;
  readonly maxDurationMs?: number | undefined;
  /** A run that left cuts unmade passes all the same; default: what the scenario says. */
  readonly allowIncomplete?: boolean | undefined;
  readonly maxWear?: number | undefined;
  /** How often a bench that fails is tried again; default: the scenario's. */
  readonly infraRetries?: number | undefined;
  /** Opens the board; by its profile's provider when left out. */
  readonly open?: typeof openBoard;
  /** The disk under the record; a test puts another in its place. */
  readonly files?: RecordFiles;
  /** Also a board that is marked bad: it is recovered first. */
  readonly recover?: boolean;
  /** Folder under which the run's own folder is made. */
  readonly runsRoot: string;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface RunOutcome {
  readonly result: RunResult;
  readonly folder: string;
  readonly events: readonly RunEvent[];
  /** What ended the run before its time; undefined when it went to its end. */
  readonly error: unknown;
}

/**
 * Runs a campaign from its files to its record. Does not throw for what happens on the bench: the outcome holds it.
 * @throws ConfigurationError for what is wrong with the request, before anything moves; BenchError when the disk has
 *   no room for a record.
 */
export async function run(request: RunRequest): Promise<RunOutcome> {
  await checkRequest(request.scenario, request.board, request);
  const began = wallTime();
  using record = RunRecord.create(request.runsRoot, request.files);
  const events: RunEvent[] = [];
  record.onEvent((event) => {
    if (event.event !== "upload-progress") events.push(event);
    request.onEvent?.(event);
  });
  writeInputs(record, request);
  // Also at the start: a run that is killed can be replayed all the same.
  record.document("host.json", hostDocument(request, began));
  const signal = AbortSignal.any([request.signal, record.broken]);
  const attempts = new Attempts({ ...request, signal }, record, events);
  const finish = (result: RunResult) => {
    record.event({ atUs: attempts.nowUs, event: "run-finished", result });
    record.document("run.json", runDocument(request, result));
  };
  const failed = (error: unknown) => {
    const kind = isHilError(error) ? error.kind : "unknown";
    record.event({ atUs: attempts.nowUs, event: "failure", kind, text: messageOf(error) });
    return counted(outcomeOf(error, request.signal), events);
  };
  const unsaid = lastWords(() => {
    finish(failed(request.signal.aborted ? ENDED_AT_ONCE : ENDED_BEFORE));
    record[Symbol.dispose]();
  });
  let result: RunResult;
  let failure: unknown;
  try {
    result = await attempts.run();
    // A record that lacks something is no proof of anything.
    record.broken.throwIfAborted();
  } catch (error) {
    failure = diskError(error, "cannot write a file of the run") ?? error;
    result = failed(failure);
  }
  unsaid();
  record.document("host.json", hostDocument(request, began, wallTime()));
  finish(result);
  if (failure === undefined && record.broken.aborted) {
    failure = record.broken.reason;
    result = failed(failure);
    finish(result);
  }
  return { result, folder: record.folder, events, error: failure };
}

const ENDED_BEFORE = new BenchError("the process ended before the run did: power may be off.");
const ENDED_AT_ONCE = new InterruptedError("interrupted again, and ended at once: power may be off.");

function hostDocument({ board, scenario }: RunRequest, began: Date, ended?: Date): unknown {
  return {
    host: hostname(),
    pid: process.pid,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    began: began.toISOString(),
    ...(ended && { ended: ended.toISOString(), durationMs: ended.getTime() - began.getTime() }),
    profile: board.file,
    scenario: scenario.file,
  };
}

function outcomeOf(error: unknown, signal: AbortSignal): RunResult["outcome"] {
  if (isKind(error, "interrupted") || (signal.aborted && error === signal.reason)) return "interrupted";
  return isHilError(error) && error.exitCode === EXIT.failed ? "fail" : "error";
}

function writeInputs(record: RunRecord, request: RunRequest): void {
  record.input("scenario.yaml", request.scenario.text);
  record.input("profile.yaml", request.board.text);
  const calibration = calibrationPath(request.board.file);
  // What cuts are aimed by is part of what decides a run.
  if (existsSync(calibration)) record.input(basename(calibrationPath("profile.yaml")), readFileSync(calibration));
  record.document("run.json", runDocument(request, undefined));
}

function runDocument(request: RunRequest, result: RunResult | undefined): unknown {
  return {
    schema: RECORD_SCHEMA,
    hil: request.version,
    scenario: request.scenario.value.name,
    board: request.board.profile.name,
    seed: request.seed,
    state: result === undefined ? "running" : "finished",
    result: result ?? null,
  };
}
