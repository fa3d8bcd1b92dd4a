import { hostname } from "node:os";
import {
  type Board,
  type BoardProfile,
  bootloaderBuildOf,
  keyTitles,
  type LoadedProfile,
  openBoard,
  profileKeys,
} from "../board/index.ts";
import { Cleanup, EXIT, isHilError, isKind, messageOf, Random, wallTime } from "../core/index.ts";
import { seededRandomness, systemRandomness } from "../image/index.ts";
import { generation, NRF5340_INTERNAL } from "../mcuboot/index.ts";
import { checkRequest } from "./check-request.ts";
import { buildImages, type CampaignImages } from "./images.ts";
import { RECORD_SCHEMA, RunRecord } from "./record.ts";
import { imageDifferences, type Replay, replayOf } from "./replay.ts";
import type { ImageFacts, PlannedCut, RunEvent, RunResult } from "./run-event.ts";
import { runCampaign } from "./runner.ts";
import type { ScenarioFile } from "./scenario.ts";
import { Shadow } from "./shadow.ts";
import { WearMeter } from "./wear.ts";

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
  readonly failFast: boolean;
  readonly maxDurationMs?: number | undefined;
  readonly maxWear?: number | undefined;
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

const NOTHING_DONE = { cutsPlanned: 0, cutsJudged: 0, passed: 0, failed: 0, endings: {} };

/**
 * Runs a campaign from its files to its record. Does not throw for what happens on the bench: the outcome holds it.
 * @throws ConfigurationError for what is wrong with the request, before anything moves.
 */
export async function run(request: RunRequest): Promise<RunOutcome> {
  await checkRequest(request.scenario, request.board);
  const random = Random.fromSeed(request.seed);
  const began = wallTime();
  using record = RunRecord.create(request.runsRoot);
  const events: RunEvent[] = [];
  record.onEvent((event) => {
    if (event.event !== "upload-progress") events.push(event);
    request.onEvent?.(event);
  });
  writeInputs(record, request);
  // Also at the start: a run that is killed can be replayed all the same.
  record.document("host.json", hostDocument(request, began));
  let clock = () => 0;
  let result: RunResult;
  let failure: unknown;
  try {
    const board = await openBoard(request.board, { random: random.fork("bench"), signal: request.signal });
    clock = () => board.clock.nowUs();
    result = await closing(board, record, () => onBoard(request, board, record, random));
  } catch (error) {
    failure = error;
    const atUs = clock();
    record.event({ atUs, event: "failure", kind: isHilError(error) ? error.kind : "unknown", text: messageOf(error) });
    result = endedEarly(error, request.signal, events);
  }
  record.event({ atUs: clock(), event: "run-finished", result });
  record.document("run.json", runDocument(request, result));
  record.document("host.json", hostDocument(request, began, wallTime()));
  return { result, folder: record.folder, events, error: failure };
}

/**
 * Closes the board after the work. What closing throws ends a run that was good so far (its record may lack bytes), and
 * is a warning beside what had ended the run before.
 */
async function closing(board: Board, record: RunRecord, work: () => Promise<RunResult>): Promise<RunResult> {
  let result: RunResult;
  try {
    result = await work();
  } catch (error) {
    const undo = new Cleanup((_, late) => {
      const text = `the board could not be closed: ${messageOf(late)}`;
      record.event({ atUs: board.clock.nowUs(), event: "warning", text });
    });
    undo.use("board", board);
    await undo[Symbol.asyncDispose]();
    throw error;
  }
  await board[Symbol.asyncDispose]();
  return result;
}

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

async function onBoard(request: RunRequest, board: Board, record: RunRecord, random: Random): Promise<RunResult> {
  const { scenario, seed } = request;
  const { profile } = request.board;
  board.uart.onBytes((chunk) => record.received("app", chunk.atUs, chunk.bytes));
  board.netUart?.onBytes((chunk) => record.received("net", chunk.atUs, chunk.bytes));
  board.logs.app.onLine((line) => {
    if (line.event !== undefined)
      record.event({ atUs: line.atUs, event: "boot-log", name: line.event, text: line.text });
  });
  const atUs = board.clock.nowUs();
  record.event({ atUs, event: "run-started", scenario: scenario.value.name, board: titleOf(profile), seed });
  const { images, shadow } = await prepare(request, board, random);
  const facts = [images.old, images.new].map((image) => factsOf(image));
  record.event({
    atUs: board.clock.nowUs(),
    event: "images-built",
    images: facts,
    crypto: cryptoOf(request.board, images),
  });
  for (const image of [images.old, images.new]) record.input(`${image.role}-${image.version}.bin`, image.file);
  for (const text of imageDifferences(request.recordedImages ?? [], facts)) {
    record.event({ atUs: board.clock.nowUs(), event: "warning", text });
  }
  record.document("replay.json", replayOf(request, facts, request.cuts));
  // Once the cuts are known the replay names them one by one: it then needs no window to spread them over.
  record.onEvent((event) => {
    if (event.event === "plan") record.document("replay.json", replayOf(request, facts, event.cuts));
  });
  const campaign = runCampaign({
    board,
    scenario: scenario.value,
    images,
    shadow,
    record,
    random,
    wear: new WearMeter({
      cyclesMax: request.maxWear ?? profile.wear.cyclesMax,
      pageBytes: profile.slots.sectorBytes,
      ledger: board.wear,
    }),
    signal: request.signal,
    ...(request.cuts === undefined ? {} : { cuts: request.cuts }),
    ...(request.startWith === undefined ? {} : { startWith: request.startWith }),
    limits: {
      failFast: request.failFast,
      ...(request.maxDurationMs === undefined ? {} : { durationMs: request.maxDurationMs }),
    },
  });
  return campaign.catch((error: unknown) => {
    // A bench that broke must not look like a board that failed.
    if (!request.signal.aborted) board.check();
    throw error;
  });
}

/** How the images are signed and encrypted, for people. */
function cryptoOf(board: LoadedProfile, images: CampaignImages): readonly string[] {
  const keys = profileKeys(board);
  return keyTitles(images.new.encrypted ? keys : { ...keys, encryption: undefined });
}

/** Images and model of a request; also what a dry run shows. */
export async function prepare(
  { scenario, board: loaded }: Pick<RunRequest, "scenario" | "board">,
  board: Pick<Board, "clock">,
  random: Random,
): Promise<{ readonly images: CampaignImages; readonly shadow: Shadow }> {
  const { profile } = loaded;
  const keys = profileKeys(loaded);
  const { slots, bootloader } = profile;
  // Keys of images come from the seed only where time is virtual and keys are test keys (design.md, idea 4).
  const randomness = board.clock.kind === "virtual" ? seededRandomness(random.fork("images")) : systemRandomness;
  const images = await buildImages({
    scenario,
    keys,
    headerBytes: profile.images.headerBytes,
    primaryAddress: slots.primary.offset,
    slotBytes: slots.primary.bytes,
    writeBytes: bootloader.writeBytes,
    maxAlign: bootloader.maxAlign,
    maxSectors: bootloader.maxImageSectors,
    random,
    randomness,
    clock: board.clock,
  });
  // What is right for an image of the application core has nothing to do with the network core: a bootloader that
  // mistakes the one for the other must not be believed.
  const { netCore: _, ...build } = bootloaderBuildOf(loaded);
  return { images, shadow: new Shadow(build, NRF5340_INTERNAL) };
}

/** "twin (simulated nRF5340-DK; MCUboot of NCS later than 3.1, swap-move)". */
function titleOf({ name, provider, bootloader }: BoardProfile): string {
  const { ncs } = generation(bootloader.generation);
  const kind = provider === "twin" ? "simulated nRF5340-DK; " : "";
  return `${name} (${kind}MCUboot of NCS ${ncs}, ${bootloader.mode})`;
}

function factsOf({ role, version, hash, fileBytes, encrypted }: ImageFacts): ImageFacts {
  return { role, version, hash, fileBytes, encrypted };
}

function endedEarly(error: unknown, signal: AbortSignal, events: readonly RunEvent[]): RunResult {
  const interrupted = isKind(error, "interrupted") || (signal.aborted && error === signal.reason);
  const verdicts = events.filter((event) => event.event === "verdict").map((event) => event.verdict);
  const endings: Record<string, number> = {};
  for (const { ending, cut } of verdicts) if (cut) endings[ending] = (endings[ending] ?? 0) + 1;
  const failed = verdicts.filter((verdict) => !verdict.pass).length;
  return {
    ...NOTHING_DONE,
    outcome: interrupted ? "interrupted" : isHilError(error) && error.exitCode === EXIT.failed ? "fail" : "error",
    cutsPlanned: events.findLast((event) => event.event === "plan")?.cuts.length ?? 0,
    cutsJudged: verdicts.filter((verdict) => verdict.cut).length,
    passed: verdicts.length - failed,
    failed,
    endings,
  };
}

function writeInputs(record: RunRecord, request: RunRequest): void {
  record.input("scenario.yaml", request.scenario.text);
  record.input("profile.yaml", request.board.text);
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
