import { smpBaudRate } from "../../board/index.ts";
import { ConfigurationError, isKind, type Random, sleep, sleepUntil } from "../../core/index.ts";
import { contentsAfterCut, type FlashContent, isOperation, type LegalOutcome } from "../../mcuboot/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import { ensureSecondary } from "../bench/secondary.ts";
import type { Direction, Trial } from "../bench/trial.ts";
import type { CutIn, PlannedCut } from "../record/cut-moment.ts";
import type { BootSeen, CutTimes } from "../record/facts.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { type ActName, type ActState, startAct } from "./act.ts";
import { type Judged, judge } from "./judge.ts";
import { printingUs } from "./line-time.ts";

/** A cut in an upload or a request that can be waited for as it is. */
type HeardCut = Exclude<CutIn<"upload"> | CutIn<"request">, { kind: "operation" }>;

/** A cut while the application works on its flash: while it takes an upload, or a request for the next boot. */
interface ApplicationCut {
  readonly what: ActName;
  readonly planned: HeardCut;
  readonly direction: Direction;
}

/** How long before a request's answer its writes may be, in microseconds: four words of magic, two flags, and a margin. */
const REQUEST_WRITES_US = 400;

/**
 * Moments of cuts in an upload or a request, in microseconds from its start: spread over the whole of an upload; over
 * what comes right before the answer to a request, since that is when it writes.
 * @param undisturbedUs what the same took uncut, to the first byte of a request's answer.
 */
export function spreadInApplication(
  what: ActName,
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
export async function measureApplication(trial: Trial, what: ActName, { to }: Direction): Promise<number> {
  const { recorded, expected, permanent } = trial;
  if (what === "request") await ensureSecondary(trial, to);
  const startUs = recorded.nowUs;
  let answeredUs: number | undefined;
  const { profile, smp, uart } = recorded.board;
  const baudRate = smpBaudRate(profile);
  const heard = ({ atUs, bytes }: { readonly atUs: number; readonly bytes: Uint8Array }) => {
    answeredUs ??= atUs - (baudRate === undefined ? 0 : printingUs(bytes.length, baudRate));
  };
  // A packet is heard at its end; on the application's own UART, at its first byte.
  const stop = profile.ports.smp === undefined ? uart.onBytes(heard) : smp.session.transport.onPacket(heard);
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
  trial: Trial,
  cut: ApplicationCut,
): Promise<Judged & { readonly left: readonly FlashContent[] }> {
  const { recorded, expected, permanent } = trial;
  const { what, planned, direction } = cut;
  if (what === "request") await ensureSecondary(trial, direction.to);
  const { from, to } = direction;
  recorded.record.event({ atUs: recorded.nowUs, event: "cut-started", planned, from: from.version, to: to.version });
  const { seen, answeredUs, takenBytes } = await cutInAct(trial, cut, { planned });
  const states = what === "request" ? requestStates(expected, permanent) : expected.uploadStates(to, takenBytes);
  // The board answers when it has written: what was answered is done.
  const contents = answeredUs === undefined ? states : states.slice(-1);
  const allowed = contents.flatMap((flash) => expected.outcomesOf(flash));
  const subject = { kind: "cut", in: what, index: planned.index } as const;
  const judged = await judge(trial, { subject, direction, seen, allowed });
  return { ...judged, left: allowed.map((outcome) => outcome.flash) };
}

/**
 * Takes power away in an upload or a request, gives it back, and waits for who comes up.
 * @param told.planned the cut as it was planned, which `cut` says as a moment that can be waited for.
 * @param told.fromStart the record tells how far into the act it came.
 */
export async function cutInAct(
  { recorded, bootMs, permanent }: Trial,
  cut: ApplicationCut,
  { planned, fromStart = false }: { readonly planned: PlannedCut; readonly fromStart?: boolean },
): Promise<ActState & { readonly facts: CutTimes; readonly seen: BootSeen }> {
  const { board, record, signal } = recorded;
  const { startUs, offSentUs, ...act } = await loseInAct(recorded, cut, permanent);
  await sleep(board.clock, board.profile.power.offMs, signal);
  const { lastByteUs } = board.logs.app;
  const onSentUs = await recorded.power("on");
  const seen = await recorded.untilUp(onSentUs, bootMs);
  const cutUs = offSentUs + board.cuts.latencyUs;
  const facts: CutTimes = {
    planned,
    resetAnsweredUs: startUs,
    offSentUs,
    cutUs,
    lastByteUs,
    onSentUs,
    firstByteUs: seen.lines.at(0)?.atUs,
    intoSwapUs: fromStart ? cutUs - startUs : undefined,
  };
  record.event({ atUs: recorded.nowUs, event: "cut", facts });
  return { ...act, facts, seen };
}

/** @throws ConfigurationError for a flash operation: when an application comes to one, nothing tells. */
export function heard(planned: CutIn<"upload"> | CutIn<"request">): HeardCut {
  if (planned.kind !== "operation") return planned;
  throw new ConfigurationError(`cut ${planned.index} is at a flash operation, and an application's upload shows none.`);
}

/** An act that lost power, as it was when "off" was commanded. */
interface LostInAct extends ActState {
  /** When the act began. For a trigger, what counts is when it came. */
  readonly startUs: number;
  readonly offSentUs: number;
}

/** Starts the upload or the request, and takes power away when the planned moment of it comes. */
async function loseInAct(
  recorded: RecordedBoard,
  { what, planned, direction }: ApplicationCut,
  permanent: boolean,
): Promise<LostInAct> {
  const { board, signal } = recorded;
  const { to: image } = direction;
  if (planned.kind === "upload" && planned.bytes > image.file.length) {
    throw new ConfigurationError(
      `an upload of ${image.version} has ${image.file.length} bytes: it never comes to ${planned.bytes}.`,
      "Lower upload_bytes, or make the image longer.",
    );
  }
  // A request may be over before a switch has heard its command: the command goes first.
  const leadUs = board.cuts.latencyUs + recorded.commandUs;
  const startUs = recorded.nowUs + leadUs;
  const untilBytes = planned.kind === "upload" ? planned.bytes : undefined;
  const act = startAct(recorded, { what, image, permanent, startUs, untilBytes });
  const dueUs = planned.kind === "time" ? startUs + planned.afterResetUs : (await act.reached()) + planned.delayUs;
  await sleepUntil(board.clock, dueUs - leadUs, signal);
  const before = act.state();
  const offSentUs = await recorded.power("off");
  await act.end();
  return { startUs, offSentUs, ...before };
}

/** What the flash may hold when a request is cut: every word of it may be the last. */
function requestStates(expected: ExpectedFlash, permanent: boolean): readonly FlashContent[] {
  const states = [expected.flash.snapshot()];
  const flash = expected.flash.snapshot();
  for (const step of expected.requestSteps(flash, permanent)) {
    if (!isOperation(step)) continue;
    states.push(...contentsAfterCut(flash, step, expected.timing));
    flash.apply(step);
  }
  return [...states, flash];
}

/**
 * After a cut request the application asks again. Whatever it says, the image that waits must still be there.
 * @param left what the flash may hold after the cut and the boot that followed.
 * @returns undefined when there is nothing to ask: the request was taken before the cut.
 */
export async function askAgain(
  trial: Trial,
  direction: Direction,
  left: readonly FlashContent[],
): Promise<Judged | undefined> {
  const { recorded, expected, permanent } = trial;
  const runsOld = (flash: FlashContent) =>
    expected.imageList(flash).some((entry) => entry.active && entry.hash === direction.from.hash);
  if (!runsOld(expected.flash)) return undefined;
  await recorded.request(direction.to, permanent).catch((error: unknown) => {
    if (!isKind(error, "protocol")) throw error;
  });
  const allowed = left.filter(runsOld).map((flash) => {
    const asked = flash.snapshot();
    for (const step of expected.requestSteps(asked, permanent)) if (isOperation(step)) asked.apply(step);
    return asItIs(asked, expected);
  });
  const seen: BootSeen = {
    ending: "up",
    lines: [],
    boots: 0,
    upUs: recorded.nowUs,
    because: "the application answered",
  };
  return judge(trial, { subject: { kind: "request again" }, direction, seen, allowed });
}

/** A flash that no boot has changed, as an outcome: what the image list must show of it. */
function asItIs(flash: FlashContent, expected: ExpectedFlash): LegalOutcome {
  return {
    ending: "kept",
    because: "an image waits in slot 1 whether or not it could be asked for",
    result: { kind: "run", slots: [expected.runningOffset], swapTypes: [] },
    images: expected.imageList(flash),
    flash,
    knownDefect: undefined,
    operations: [],
  };
}
