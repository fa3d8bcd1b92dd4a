import { enterSerialRecovery, firstChunkMs } from "../../board/index.ts";
import {
  type FlashOperation,
  isOperation,
  operationDurationUs,
  recoveryUploadSteps,
  workDurationUs,
} from "../../mcuboot/index.ts";
import { consoleEcho } from "../../smp/index.ts";
import type { Trial } from "../bench/trial.ts";
import { printingUs } from "../cuts/line-time.ts";
import type { CampaignImage } from "../request/images.ts";

/** An upload in serial recovery without a cut, in microseconds from its start. */
export interface TimedUpload {
  /** Every answer: so many bytes are taken. */
  readonly acks: readonly { readonly bytes: number; readonly atUs: number }[];
  /** When serial recovery answered again: an encrypted image is decrypted then. */
  readonly endUs: number;
}

/** A flash operation of an upload, and when it begins, in microseconds from the upload's start. */
export interface TimedStep {
  readonly index: number;
  readonly operation: FlashOperation;
  readonly startUs: number;
  readonly durationUs: number;
  /** Offset up to which the board has answered by then, and when. */
  readonly afterBytes: number;
  readonly afterUs: number;
  readonly phase: UploadPhase;
}

type UploadPhase = "erase" | "write" | "decrypt";

/** Longest answer of serial recovery to a chunk: header, and an indefinite map of rc and a 4-byte offset, in bytes. */
const ANSWER_BYTES = 23;

/**
 * Brings the board into serial recovery, uploads an image and waits until it answers again.
 * @throws what the way in, the upload and the last question throw.
 */
export async function uploadInRecovery(trial: Trial, image: CampaignImage): Promise<TimedUpload> {
  const { recorded } = trial;
  await enterSerialRecovery(recorded.board, recorded.signal);
  return uploadTimed(trial, image);
}

/** The same for a board that is in serial recovery. */
export async function uploadTimed(trial: Trial, image: CampaignImage): Promise<TimedUpload> {
  const { recorded } = trial;
  const startUs = recorded.nowUs;
  const acks: { bytes: number; atUs: number }[] = [];
  await recorded.upload(image, {
    onTaken: (bytes) => acks.push({ bytes, atUs: recorded.nowUs - startUs }),
  });
  await untilAnswers(trial);
  return { acks, endUs: recorded.nowUs - startUs };
}

/** Waits until serial recovery answers: it decrypts in place after the last chunk, and takes nothing meanwhile. */
async function untilAnswers({ recorded }: Trial): Promise<void> {
  const { smp, profile } = recorded.board;
  const options = { signal: recorded.signal, timeoutMs: firstChunkMs(profile), retries: 0 };
  await smp.session.request(consoleEcho, { echo: 0 }, options);
}

/**
 * When each flash operation of an upload happens: a chunk's erases and its write come right before its answer; those
 * of the end, after the last one.
 */
export function stepsOf(
  { recorded, expected }: Trial,
  image: CampaignImage,
  { acks }: TimedUpload,
): readonly TimedStep[] {
  const { build, timing } = expected;
  const { profile, smp } = recorded.board;
  const answerUs = printingUs(smp.session.transport.wireBytes(ANSWER_BYTES), profile.ports.app.baudRate);
  const flash = expected.flash.snapshot();
  const chunks: { operation: FlashOperation; durationUs: number }[][] = [[]];
  const rest: { operation: FlashOperation; durationUs: number; leadUs: number }[] = [];
  let leadUs = 0;
  for (const step of recoveryUploadSteps(
    flash,
    build,
    image.file,
    acks.map(({ bytes }) => bytes),
  )) {
    if (step.kind === "work") leadUs += workDurationUs(step);
    if (!isOperation(step)) continue;
    flash.apply(step);
    const timed = { operation: step, durationUs: operationDurationUs(step, timing) };
    if (chunks.length > acks.length) {
      rest.push({ ...timed, leadUs });
      leadUs = 0;
    } else {
      chunks.at(-1)?.push(timed);
      if (step.kind === "write") chunks.push([]);
    }
  }
  return [...chunkSteps(chunks, acks, answerUs), ...lastSteps(rest, acks)].map((step, index) => ({ ...step, index }));
}

type Unnumbered = Omit<TimedStep, "index">;

function chunkSteps(
  chunks: readonly (readonly { readonly operation: FlashOperation; readonly durationUs: number }[])[],
  acks: TimedUpload["acks"],
  answerUs: number,
): readonly Unnumbered[] {
  return acks.flatMap(({ atUs }, order) => {
    const chunk = chunks[order] ?? [];
    const before = acks[order - 1] ?? { bytes: 0, atUs: 0 };
    let startUs = atUs - answerUs - chunk.reduce((sum, { durationUs }) => sum + durationUs, 0);
    return chunk.map(({ operation, durationUs }): Unnumbered => {
      const step = { operation, startUs, durationUs, afterBytes: before.bytes, afterUs: before.atUs };
      startUs += durationUs;
      return { ...step, phase: operation.kind };
    });
  });
}

function lastSteps(
  rest: readonly { readonly operation: FlashOperation; readonly durationUs: number; readonly leadUs: number }[],
  acks: TimedUpload["acks"],
): readonly Unnumbered[] {
  const last = acks.at(-1) ?? { bytes: 0, atUs: 0 };
  let startUs = last.atUs;
  return rest.map(({ operation, durationUs, leadUs }, order): Unnumbered => {
    startUs += leadUs;
    const step = { operation, startUs, durationUs, afterBytes: last.bytes, afterUs: last.atUs };
    startUs += durationUs;
    // The first is the trailer's sector, where the images of this build have one.
    return { ...step, phase: order === 0 && operation.kind === "erase" ? "erase" : "decrypt" };
  });
}

/**
 * The same upload of an image of another length: by the times of this one's chunks, and of its last whole one for more.
 */
export function uploadOfLength({ acks, endUs }: TimedUpload, bytes: number): TimedUpload {
  const whole = acks.slice(0, -1);
  const [last = { bytes: 0, atUs: 0 }, before = { bytes: 0, atUs: 0 }] = [whole.at(-1), whole.at(-2)];
  const chunk = { bytes: Math.max(1, last.bytes - before.bytes), us: last.atUs - before.atUs };
  const ends = whole.filter((ack) => ack.bytes < bytes);
  for (let end = last.bytes + chunk.bytes; end < bytes; end += chunk.bytes) {
    ends.push({ bytes: end, atUs: (ends.at(-1)?.atUs ?? 0) + chunk.us });
  }
  const from = ends.at(-1) ?? { bytes: 0, atUs: 0 };
  const atUs = from.atUs + Math.round((chunk.us * (bytes - from.bytes)) / chunk.bytes);
  return { acks: [...ends, { bytes, atUs }], endUs: atUs + endUs - (acks.at(-1)?.atUs ?? endUs) };
}
