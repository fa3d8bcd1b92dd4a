import { firstChunkMs } from "../../board/index.ts";
import { ConfigurationError, fromHex, isKind, type Random, sleep, sleepUntil } from "../../core/index.ts";
import {
  type BootloaderBuild,
  contentsAfterCut,
  type FlashImage,
  imageListOf,
  isOperation,
  type LegalOutcome,
  legalOutcomes,
  setPending,
} from "../../mcuboot/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { CutIn, PlannedCut } from "../record/cut-moment.ts";
import type { BootSeen } from "../record/facts.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { type CutLimits, printingUs } from "./cut.ts";
import { type Direction, ensureSecondary, type Judged, judge } from "./upgrade.ts";

/** Cuts while the application works on its flash: while it takes an upload, or a request for the next boot. */
export interface ApplicationCut {
  readonly what: "upload" | "request";
  readonly planned: CutIn<"upload"> | CutIn<"request">;
  readonly direction: Direction;
  readonly limits: CutLimits;
}

/** How long before a request's answer its writes may be, in microseconds: four words of magic, two flags, and a margin. */
const REQUEST_WRITES_US = 400;

/**
 * Moments of cuts in an upload or a request, in microseconds from its start: spread over the whole of an upload; over
 * what comes right before the answer to a request, since that is when it writes.
 * @param undisturbedUs what the same took uncut, to the first byte of a request's answer.
 */
export function spreadInApplication(
  what: ApplicationCut["what"],
  undisturbedUs: number,
  count: number,
  random: Random,
): readonly Extract<PlannedCut, { kind: "time" }>[] {
  const fromUs = what === "upload" ? 0 : Math.max(0, undisturbedUs - REQUEST_WRITES_US);
  const partUs = Math.max(1, Math.floor((undisturbedUs - fromUs) / Math.max(1, count)));
  return Array.from({ length: count }, (_, order) => {
    const afterResetUs = fromUs + order * partUs + random.below(partUs);
    return { index: order + 1, kind: "time", afterResetUs };
  });
}

/** How long an upload, or a request up to the first byte of its answer, takes with nobody in its way, in microseconds. */
export async function measureApplication(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  what: ApplicationCut["what"],
  { to, permanent = false }: Direction,
): Promise<number> {
  if (what === "request") await ensureSecondary(recorded, expected, to);
  const startUs = recorded.nowUs;
  let answeredUs: number | undefined;
  const { baudRate } = recorded.board.profile.ports.app;
  const stop = recorded.board.uart.onBytes(({ atUs, bytes }) => {
    answeredUs ??= atUs - printingUs(bytes.length, baudRate);
  });
  try {
    if (what === "upload") {
      await recorded.upload(to);
      expected.uploaded(to);
      return recorded.nowUs - startUs;
    }
    await recorded.request(to, permanent);
    expected.request(permanent);
    return (answeredUs ?? recorded.nowUs) - startUs;
  } finally {
    stop();
  }
}

/** One upload or request that loses power; the boot after it must run the old image, or what was asked for. */
export async function cutApplication(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  cut: ApplicationCut,
): Promise<Judged & { readonly left: readonly FlashImage[] }> {
  const { what, planned, direction, limits } = cut;
  const { board, record, signal } = recorded;
  if (what === "request") await ensureSecondary(recorded, expected, direction.to);
  const { from, to } = direction;
  record.event({ atUs: recorded.nowUs, event: "cut-started", planned, from: from.version, to: to.version });
  const { startUs, offSentUs, answeredUs, takenBytes } = await loseInAct(recorded, cut);
  await sleep(board.clock, board.profile.power.offMs, signal);
  const { lastByteUs } = board.logs.app;
  const onSentUs = await recorded.power("on");
  const seen = await recorded.untilUp(onSentUs, limits.bootMs);
  const cutUs = offSentUs + board.cuts.latencyUs;
  const times = { resetAnsweredUs: startUs, offSentUs, cutUs, lastByteUs, onSentUs };
  const facts = { planned, ...times, firstByteUs: seen.lines.at(0)?.atUs, intoSwapUs: undefined };
  record.event({ atUs: recorded.nowUs, event: "cut", facts });
  const states =
    what === "request" ? requestStates(expected, direction.permanent ?? false) : expected.uploadStates(to, takenBytes);
  // The board answers when it has written: what was answered is done.
  const contents = answeredUs === undefined ? states : states.slice(-1);
  const { build, timing } = expected;
  const allowed = contents.flatMap((flash) => legalOutcomes({ flash, build, timing }));
  const judged = await judge(recorded, expected, {
    subject: { kind: "cut", in: what, index: planned.index },
    direction,
    seen,
    allowed,
  });
  return { ...judged, left: allowed.map((outcome) => outcome.flash) };
}

interface LostInAct {
  /** When the act began. For a trigger, what counts is when it came. */
  readonly startUs: number;
  readonly offSentUs: number;
  /** When the answer that ends the act came; undefined: not before the cut. */
  readonly answeredUs: number | undefined;
  /** Bytes of an upload that the board had answered for when power was commanded away. */
  readonly takenBytes: number;
}

/** Starts the upload or the request, and takes power away when the planned moment of it comes. */
async function loseInAct(recorded: RecordedBoard, cut: ApplicationCut): Promise<LostInAct> {
  const { planned, direction } = cut;
  const { board, signal } = recorded;
  if (planned.kind === "upload" && planned.bytes > direction.to.file.length) {
    throw new ConfigurationError(
      `an upload of ${direction.to.version} has ${direction.to.file.length} bytes: it never comes to ${planned.bytes}.`,
      "Lower upload_bytes, or make the image longer.",
    );
  }
  const over = new AbortController();
  // A request may be over before a switch has heard its command: the command goes first.
  const leadUs = board.cuts.latencyUs + recorded.commandUs;
  const startUs = recorded.nowUs + leadUs;
  let answeredUs: number | undefined;
  let takenBytes = 0;
  let act: Promise<void> = Promise.resolve();
  const reached = new Promise<number>((resolve, reject) => {
    const onTaken = (bytes: number, atUs: number) => {
      takenBytes = bytes;
      if (planned.kind === "upload" && bytes >= planned.bytes) resolve(atUs);
    };
    act = sleepUntil(board.clock, startUs, signal)
      .then(() => actOf(recorded, cut, AbortSignal.any([signal, over.signal]), onTaken))
      .then(() => {
        answeredUs = recorded.nowUs;
        resolve(answeredUs);
      })
      // With power gone nobody waits for it any more; before that it is what went wrong.
      .catch(reject);
  });
  reached.catch(() => undefined);
  const isTriggered = planned.kind === "upload" || planned.kind === "smp";
  const afterUs = planned.kind === "time" ? planned.afterResetUs : 0;
  const dueUs = isTriggered ? (await reached) + planned.delayUs : startUs + afterUs;
  await sleepUntil(board.clock, dueUs - leadUs, signal);
  const before = { answeredUs, takenBytes };
  const offSentUs = await recorded.power("off");
  over.abort();
  await act;
  return { startUs, offSentUs, ...before };
}

function actOf(
  { board }: RecordedBoard,
  { what, direction }: ApplicationCut,
  signal: AbortSignal,
  onTaken: (bytes: number, atUs: number) => void,
): Promise<unknown> {
  const { to, permanent = false } = direction;
  if (what === "request") return board.smp.setImageState({ hash: fromHex(to.hash), confirm: permanent }, { signal });
  const onProgress = ({ sentBytes }: { readonly sentBytes: number }) => onTaken(sentBytes, board.clock.nowUs());
  const deadlines = { firstChunkMs: firstChunkMs(board.profile), chunkMs: board.profile.timeoutsMs.uploadChunk };
  return board.smp.upload(to.file, { signal, imageHash: fromHex(to.hash), onProgress, ...deadlines });
}

/** What the flash may hold when a request is cut: every word of it may be the last. */
function requestStates(expected: ExpectedFlash, permanent: boolean): readonly FlashImage[] {
  const states = [expected.flash.snapshot()];
  const flash = expected.flash.snapshot();
  for (const step of setPending(flash, expected.build, 0, permanent)) {
    if (!isOperation(step)) continue;
    states.push(...contentsAfterCut(flash, step, expected.timing));
    flash.apply(step);
  }
  return [...states, flash];
}

/**
 * After a cut request the application asks again. Whatever it answers, the image that waits must still be there.
 * @param left what the flash may hold after the cut and the boot that followed.
 * @returns undefined when there is nothing to ask: the request was taken before the cut.
 */
export async function askAgain(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  direction: Direction,
  left: readonly FlashImage[],
): Promise<Judged | undefined> {
  const { build } = expected;
  const runsOld = (flash: FlashImage) =>
    imageListOf(flash, build).some((entry) => entry.slot === 0 && entry.hash === direction.from.hash);
  if (!runsOld(expected.flash)) return undefined;
  const permanent = direction.permanent ?? false;
  await recorded.request(direction.to, permanent).catch((error: unknown) => {
    if (!isKind(error, "protocol")) throw error;
  });
  const allowed = left.filter(runsOld).map((flash) => {
    const asked = flash.snapshot();
    for (const step of setPending(asked, build, 0, permanent)) if (isOperation(step)) asked.apply(step);
    return asItIs(asked, build);
  });
  const seen: BootSeen = {
    ending: "up",
    lines: [],
    boots: 0,
    upUs: recorded.nowUs,
    because: "the application answered",
  };
  return judge(recorded, expected, { subject: { kind: "request again" }, direction, seen, allowed });
}

/** A flash that no boot has changed, as an outcome: what the image list must show of it. */
function asItIs(flash: FlashImage, build: BootloaderBuild): LegalOutcome {
  return {
    ending: "kept",
    because: "an image waits in slot 1 whether or not it could be asked for",
    result: { kind: "run", slots: [], swapTypes: [] },
    images: imageListOf(flash, build),
    flash,
    knownDefect: undefined,
    operations: [],
  };
}
