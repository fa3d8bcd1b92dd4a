import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";
import { calibrationPath, keptProfileText } from "../board/index.ts";
import {
  BenchError,
  diskError,
  EXIT,
  InterruptedError,
  isHilError,
  isKind,
  lastWords,
  messageOf,
  readInput,
  wallTime,
} from "../core/index.ts";
import { Attempts } from "./attempts.ts";
import type { RunResult } from "./record/facts.ts";
import { ProgressSoFar } from "./record/progress.ts";
import { RECORD_SCHEMA, RunRecord } from "./record/record.ts";
import type { RunEvent } from "./record/run-event.ts";
import { ResultTally } from "./record/run-result.ts";
import { checkRequest } from "./request/check-request.ts";
import type { RunRequest } from "./request/run-request.ts";

export interface RunOutcome {
  readonly result: RunResult;
  readonly folder: string;
  /** All but the progress of uploads; none when the request says so. */
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
  request.onFolder?.(record.folder);
  const events: RunEvent[] = [];
  const [tally, progress] = [new ResultTally(), new ProgressSoFar()];
  record.onEvent((event) => {
    tally.add(event);
    progress.add(event);
    if (event.event !== "upload-progress" && request.keepsEvents !== false) events.push(event);
    request.onEvent?.(event);
  });
  if (request.onExchange) record.onExchange(request.onExchange);
  writeInputs(record, request);
  // Also at the start: a run that is killed can be replayed all the same.
  record.document("host.json", hostDocument(request, began));
  const signal = AbortSignal.any([request.signal, record.broken]);
  const attempts = new Attempts({ ...request, signal }, record, { tally, progress });
  const finish = (result: RunResult) => {
    record.event({ atUs: attempts.nowUs, event: "run-finished", result });
    record.document("run.json", runDocument(request, result));
  };
  const failed = (error: unknown) => {
    const kind = isHilError(error) ? error.kind : "unknown";
    record.event({ atUs: attempts.nowUs, event: "failure", kind, text: messageOf(error) });
    return tally.result(outcomeOf(error, request.signal));
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

/** A calibration is a page of text. */
const CALIBRATION_BYTES_MAX = 1_048_576;
const ENDED_BEFORE = new BenchError("the process ended before the run did: power may be off.");
const ENDED_AT_ONCE = new InterruptedError("interrupted again, and ended at once: power may be off.");

function hostDocument({ board, scenario, labels = {} }: RunRequest, began: Date, ended?: Date): unknown {
  return {
    host: hostname(),
    pid: process.pid,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    began: began.toISOString(),
    ...(ended && { ended: ended.toISOString(), durationMs: ended.getTime() - began.getTime() }),
    profile: board.file,
    scenario: scenario.file,
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

function outcomeOf(error: unknown, signal: AbortSignal): RunResult["outcome"] {
  if (isKind(error, "interrupted") || (signal.aborted && error === signal.reason)) return "interrupted";
  return isHilError(error) && error.exitCode === EXIT.failed ? "fail" : "error";
}

function writeInputs(record: RunRecord, request: RunRequest): void {
  record.input("scenario.yaml", request.scenario.text);
  record.input("profile.yaml", keptProfileText(request.board));
  const calibration = calibrationPath(request.board.file);
  // What cuts are aimed by is part of what decides a run.
  if (existsSync(calibration))
    record.input(basename(calibrationPath("profile.yaml")), readInput(calibration, CALIBRATION_BYTES_MAX));
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
