import { basename } from "node:path";
import { type Board, type BoardProfile, isKeyEverywhere, openBoard, requireFit } from "../board/index.ts";
import {
  Cleanup,
  type Clock,
  ConfigurationError,
  defined,
  isHilError,
  messageOf,
  Random,
  RealClock,
  sleep,
} from "../core/index.ts";
import { generation, generationTitle } from "../mcuboot/index.ts";
import { SmpTranscript } from "../smp/index.ts";
import { isRetryable, RETRY_AFTER_MS } from "./bench/retry.ts";
import { WearMeter } from "./bench/wear.ts";
import type { CampaignOutcome } from "./campaign-parts.ts";
import type { RunResult } from "./record/facts.ts";
import { keptOf } from "./record/kept.ts";
import { keptKeys } from "./record/kept-keys.ts";
import type { Progress } from "./record/progress.ts";
import type { RunRecord } from "./record/record.ts";
import { imageDifferences, replayOf } from "./record/replay.ts";
import { completed, type ResultTally } from "./record/run-result.ts";
import type { CampaignImages } from "./request/images.ts";
import { buildMaterial, cryptoOf, expectedFlashOf, imageFacts } from "./request/material.ts";
import type { OwnUpdates } from "./request/own-updates.ts";
import type { RunRequest } from "./request/run-request.ts";
import { runCampaign } from "./runner.ts";

/** A run as far as it was written down. */
interface SoFar {
  readonly tally: ResultTally;
  readonly progress: Progress;
}

/**
 * The tries of a run: one, and more when the bench fails and the request allows it. All have one clock, one set of
 * images and one record; a later one makes the cuts that were not judged yet.
 */
export class Attempts {
  readonly #request: RunRequest;
  readonly #record: RunRecord;
  /** What the record holds so far. */
  readonly #soFar: SoFar;
  readonly #random: Random;
  #clock: Clock | undefined;
  #images: CampaignImages | undefined;
  #own: OwnUpdates | undefined;
  /** Faults that never acted in any try. */
  #idleFaults: readonly string[] | undefined;

  constructor(request: RunRequest, record: RunRecord, soFar: SoFar) {
    this.#request = request;
    this.#record = record;
    this.#soFar = soFar;
    this.#random = Random.fromSeed(request.seed);
  }

  /** The bench's clock; 0 as long as no board was ever open. */
  get nowUs(): number {
    return this.#clock?.nowUs() ?? 0;
  }

  /** @throws what ended the last try; BenchError for a board that is marked bad. */
  async run(): Promise<RunResult> {
    const { scenario, board, seed, signal, recover, infraRetries, allowIncomplete } = this.#request;
    const { name } = board.profile;
    const started = { scenario: scenario.value.name, board: titleOf(board.profile), profile: name, seed };
    this.#record.event({ atUs: 0, event: "run-started", ...started });
    if (recover !== true) requireFit(board);
    const most = infraRetries ?? scenario.value.infra_retries;
    for (let retry = 1; ; retry += 1) {
      try {
        const outcome = await this.#once();
        const allowsIncomplete = allowIncomplete ?? scenario.value.allow_incomplete;
        return completed(this.#soFar.tally.result(outcome), allowsIncomplete, this.#idleFaults);
      } catch (error) {
        if (retry > most || !isRetryable(error, signal)) throw error;
        const why = { kind: isHilError(error) ? error.kind : "unknown", text: messageOf(error) };
        this.#record.event({ atUs: this.nowUs, event: "infra-retry", retry, of: most, ...why });
        await sleep(this.#clock ?? new RealClock(), RETRY_AFTER_MS, signal);
      }
    }
  }

  async #once(): Promise<CampaignOutcome> {
    const { board: loaded, signal, open = openBoard } = this.#request;
    const random = this.#random.fork("bench");
    const board = await open(loaded, { random, signal, ...(this.#clock && { clock: this.#clock }) });
    this.#clock = board.clock;
    return closing(board, this.#record, async () => {
      try {
        return await this.#onBoard(board);
      } finally {
        const idle = board.idleFaults?.();
        this.#idleFaults = this.#idleFaults?.filter((name) => idle?.includes(name)) ?? idle;
      }
    });
  }

  async #onBoard(board: Board): Promise<CampaignOutcome> {
    const request = this.#request;
    const { profile } = request.board;
    listen(board, this.#record);
    for (const text of board.notes ?? []) this.#warn(text);
    const { measured, latencyUs, uncertaintyUs } = board.cuts;
    if (measured !== undefined) {
      this.#record.event({ atUs: this.nowUs, event: "calibration", date: measured, latencyUs, uncertaintyUs });
    }
    const { images, expected } = this.#images
      ? { images: this.#images, expected: expectedFlashOf(request.board, request.scenario) }
      : await this.#build(board);
    const { cuts, judged, plannedUs } = this.#soFar.progress;
    const given = cuts ?? request.cuts;
    const spentMs = plannedUs === undefined ? 0 : (this.nowUs - plannedUs) / 1000;
    const campaign = runCampaign({
      board,
      scenario: request.scenario.value,
      images,
      expected,
      ...defined({ own: this.#own }),
      record: this.#record,
      random: this.#random,
      wear: new WearMeter({
        cyclesMax: request.maxWear ?? profile.wear.cyclesMax,
        pageBytes: profile.slots.sectorBytes,
        ledger: board.wear,
      }),
      signal: request.signal,
      judged,
      ...defined({ cuts: given }),
      ...defined({ startWith: request.startWith }),
      limits: {
        failFast: request.failFast,
        ...(request.maxDurationMs === undefined ? {} : { durationMs: request.maxDurationMs - spentMs }),
      },
    });
    return campaign.catch((error: unknown) => {
      // A bench that broke must not look like a board that failed.
      if (!request.signal.aborted) board.check();
      throw error;
    });
  }

  /** Builds the images and writes them down: once in a run. */
  async #build(board: Board) {
    const request = this.#request;
    const record = this.#record;
    const { images, expected, own } = await buildMaterial(request, board, this.#random);
    this.#images = images;
    this.#own = own;
    const facts = imageFacts(request.board, images);
    const crypto = cryptoOf(request.board, images);
    record.event({ atUs: this.nowUs, event: "images-built", images: facts, crypto });
    const differences = imageDifferences(request.recordedImages ?? [], facts);
    if (request.onlyRecordedImages && differences.length > 0) {
      throw new ConfigurationError(
        `${differences.join("; ")}.`,
        "Take the run's whole folder, whose inputs/ holds the images; --rebuild replays with these.",
      );
    }
    const inputs = keptOf(images, isKeyEverywhere(request.board.keyNames.signing) ? undefined : board.factoryImage);
    for (const { kept, content } of inputs) record.input(basename(kept.file), content);
    for (const { file, content } of keptKeys(request.board)) record.input(basename(file), content);
    for (const text of differences) this.#warn(text);
    record.document("replay.json", replayOf(request, facts, request.cuts, inputs));
    // Once the cuts are known the replay names them one by one: it then needs no window to spread them over.
    record.onEvent((event) => {
      if (event.event === "plan") record.document("replay.json", replayOf(request, facts, event.cuts, inputs));
    });
    return { images, expected };
  }

  #warn(text: string): void {
    this.#record.event({ atUs: this.nowUs, event: "warning", text });
  }
}

/** Everything that comes from the board goes to the record. */
function listen(board: Board, record: RunRecord): void {
  board.uart.onBytes((chunk) => record.received("app", chunk.atUs, chunk.bytes));
  board.netUart?.onBytes((chunk) => record.received("net", chunk.atUs, chunk.bytes));
  SmpTranscript.of(board.smp.session, (line) => record.exchanged(line));
  board.power.current?.onSamples((samples) => record.measured(samples));
  if (board.flashDone !== undefined) {
    record.onEvent(({ event, atUs }) => {
      const done = event === "verdict" || event === "run-finished" ? board.flashDone?.() : undefined;
      if (done !== undefined) record.flashed(atUs, done);
    });
  }
  board.logs.app.onLine((line) => {
    if (line.event !== undefined)
      record.event({ atUs: line.atUs, event: "boot-log", name: line.event, text: line.text });
  });
}

/**
 * Closes the board after the work. What closing throws ends a run that was good so far (its record may lack bytes), and
 * is a warning beside what had ended the run before.
 */
async function closing<T>(board: Board, record: RunRecord, work: () => Promise<T>): Promise<T> {
  let result: T;
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

/** "twin (simulated nRF5340-DK; MCUboot after 2.4, swap-move)". */
function titleOf({ name, provider, bootloader }: BoardProfile): string {
  const kind = provider === "twin" ? "simulated nRF5340-DK; " : "";
  return `${name} (${kind}${generationTitle(generation(bootloader.generation))}, ${bootloader.mode})`;
}
