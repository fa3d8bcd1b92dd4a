import { BenchError, type Clock, isKind, type Random, sleep, within } from "../../core/index.ts";
import { lineTimeUs } from "../../serial/index.ts";
import { echo } from "../../smp/index.ts";
import type { Board } from "../parts/board.ts";
import type { CalibrationResult, CalibrationTrial, Spread } from "../profile/calibration-file.ts";
import { CurrentFall } from "./current-fall.ts";

interface CalibrationOptions {
  readonly trials: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** From power to the first byte of the boot log, in microseconds, where it is known. */
  readonly bootUs?: number | undefined;
  readonly onTrial?: ((trial: CalibrationTrial, done: number) => void) | undefined;
}

/** Text of an echo: long enough that the board's line is busy nearly all the time. */
const CHATTER = "hil calibrate ".repeat(8);
/** The board chatters this long before the command, so that its longest pause is known, in milliseconds. */
const CHATTER_MS = 150;
/** A random wait on top keeps the command from locking to the chatter's rhythm, in milliseconds. */
const CHATTER_SPREAD_MS = 50;
/** An echo that has no answer by then is not waited for any longer, in milliseconds. */
const ECHO_MS = 400;
/** A board that said nothing for this long is off, in milliseconds. */
const QUIET_MS = 300;
/** A board that talks on for this long after "off" is not switched by this switch, in milliseconds. */
const STILL_TALKING_MS = 3000;
/** Longest wait for a first byte before the application is asked all the same, in milliseconds. */
const SIGN_MS = 1000;
/** A host learns of a byte with the next USB frame: real ports show every byte up to this much late. */
const READ_DELAY_US = { real: 1000, virtual: 0 } as const;
/** A trial whose line paused for longer than this says too little: it is made again. In microseconds. */
const BLIND_US_MAX = 50_000;
/** A host that is busy for a moment spoils a trial; more spoilt ones than this for each good one spoil all. */
const SPOILT_MAX = 3;

/** What to look at when a board is not cut. */
export const NOT_CUT_HINT =
  "Check the relay's channel and contact (NO or NC), its wiring, and back-feeding through the UART pins.";

/**
 * Measures a switch with nothing but the UART: the board answers echoes back to back, "off" is sent at a random moment,
 * and its last byte tells when it died. Power ends on, whatever happens.
 * @throws BenchError when the board does not answer, is not cut, or does not start again; the signal's reason.
 * Source of the method: docs/boards.md, "Calibrate".
 */
export async function calibrate(board: Board, options: CalibrationOptions): Promise<CalibrationResult> {
  if (board.power.facts.cuts === "reset only") {
    const hint = "Name a switch in the profile's power section.";
    throw new BenchError(`the switch of ${board.name} only resets it: there is no power cut to measure.`, hint);
  }
  const trials: CalibrationTrial[] = [];
  try {
    await board.power.set("on", { signal: options.signal });
    await untilAnswers(board, options.signal);
    let spoilt = 0;
    while (trials.length < options.trials) {
      const trial = await oneTrial(board, options);
      if (trial.blindUs > BLIND_US_MAX) {
        spoilt += 1;
        if (spoilt > SPOILT_MAX * options.trials) throw tooSlow(board, trial.blindUs);
        continue;
      }
      trials.push(trial);
      options.onTrial?.(trial, trials.length);
    }
  } finally {
    await board.power.set("on");
  }
  return resultOf(trials, board.clock, options.bootUs);
}

/** @param trials at least one. */
export function resultOf(
  trials: readonly CalibrationTrial[],
  clock: Pick<Clock, "kind">,
  bootUs?: number,
): CalibrationResult {
  const offs = trials.map(({ offUs }) => offUs);
  // What so many trials have not shown yet: their range falls short of the true one by about two parts in their number.
  const unseenUs = (Math.max(...offs) - Math.min(...offs)) / Math.max(1, trials.length - 1);
  const earliest = Math.min(...offs) - READ_DELAY_US[clock.kind] - unseenUs;
  const latest = Math.max(...trials.map(({ offUs, blindUs }) => offUs + blindUs)) + unseenUs;
  const blindUs = Math.max(...trials.map((trial) => trial.blindUs));
  const fromUs = Math.max(0, earliest);
  const contacts = trials.flatMap(({ contactUs }) => contactUs ?? []);
  const firstByte = spreadOf(trials.map((trial) => trial.firstByteUs));
  return {
    off: {
      latencyUs: Math.round((fromUs + latest) / 2),
      uncertaintyUs: Math.ceil((latest - fromUs) / 2),
      seen: spreadOf(trials.map(({ offUs }) => Math.max(0, offUs))),
      blindUs,
      ...(contacts.length === 0 ? {} : { contact: spreadOf(contacts) }),
    },
    on: {
      firstByte,
      ...(bootUs === undefined ? {} : { bootUs, latencyUs: Math.max(0, firstByte.medianUs - bootUs) }),
    },
  };
}

export function spreadOf(valuesUs: readonly number[]): Spread {
  const sorted = valuesUs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
  return {
    trials: sorted.length,
    minUs: at(0),
    p5Us: at(0.05),
    medianUs: at(0.5),
    p95Us: at(0.95),
    maxUs: at(1),
  };
}

async function oneTrial(board: Board, { random, signal }: CalibrationOptions): Promise<CalibrationTrial> {
  const { clock, power, profile } = board;
  const arrivals: Arrival[] = [];
  const stopHearing = board.uart.onBytes(({ atUs, bytes }) => arrivals.push({ atUs, bytes: bytes.length }));
  const fall = power.current && new CurrentFall(power.current);
  const chatter = startChatter(board, signal);
  let offSentUs: number;
  try {
    await sleep(clock, CHATTER_MS + random.below(CHATTER_SPREAD_MS * 1000) / 1000, signal);
    offSentUs = (await power.set("off", { signal })).sentAtUs;
    await untilQuiet(board, offSentUs, signal);
  } finally {
    await chatter();
    stopHearing();
    fall?.stop();
  }
  const lastUs = arrivals.at(-1)?.atUs ?? offSentUs;
  const before = arrivals.filter(({ atUs }) => atUs <= offSentUs);
  const blindUs = longestPause(before, profile.ports.app.baudRate);
  await sleep(clock, profile.power.offMs, signal);
  const since = board.logs.app.lastByteUs ?? 0;
  if (since > lastUs) throw notCut(board, `it spoke again ${Math.round((since - offSentUs) / 1000)} ms after "off"`);
  const first = firstByte(board, signal);
  const { sentAtUs } = await power.set("on", { signal });
  // Knocking early could keep a bootloader with serial recovery from booting; some builds print nothing at all.
  await Promise.race([first, sleep(clock, SIGN_MS, signal)]);
  await untilAnswers(board, signal);
  const firstByteUs = (await first) - sentAtUs;
  const fellUs = fall?.fellAtUs(offSentUs);
  return {
    offUs: lastUs - offSentUs,
    blindUs,
    firstByteUs,
    ...(fellUs === undefined ? {} : { contactUs: Math.max(0, fellUs - offSentUs) }),
  };
}

/** Requests in flight: the next waits in the board's buffer while an answer is on the line. */
const LANES = 2;

/** Echoes back to back, two at a time where the board has buffers for that; the returned function stops them. */
function startChatter(board: Board, signal: AbortSignal): () => Promise<void> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const lane = async () => {
    while (!both.aborted) {
      try {
        const call = { signal: both, timeoutMs: ECHO_MS, retries: 0, window: LANES };
        await board.smp.session.request(echo, { d: CHATTER }, call);
      } catch (error) {
        if (both.aborted) return;
        if (!isKind(error, "timeout") && !isKind(error, "protocol")) throw error;
      }
    }
  };
  const lanes = Array.from({ length: LANES }, lane);
  const over = Promise.allSettled(lanes);
  return async () => {
    stop.abort(new BenchError("the chatter is over."));
    await over;
  };
}

/** @throws BenchError when the board talks on. */
async function untilQuiet(board: Board, offSentUs: number, signal: AbortSignal): Promise<void> {
  const { clock } = board;
  for (;;) {
    const lastUs = Math.max(offSentUs, board.logs.app.lastByteUs ?? 0);
    const leftMs = QUIET_MS - (clock.nowUs() - lastUs) / 1000;
    if (leftMs <= 0) return;
    if (clock.nowUs() - offSentUs > STILL_TALKING_MS * 1000) {
      throw notCut(board, `it still talked ${STILL_TALKING_MS} ms after "off"`);
    }
    await sleep(clock, leftMs, signal);
  }
}

function tooSlow(board: Board, blindUs: number): BenchError {
  const text = `${board.name} answers too slowly to be a sensor: it paused for ${Math.round(blindUs / 1000)} ms.`;
  return new BenchError(
    text,
    "Calibrate with an application that answers SMP echoes at once, on a host with little to do.",
  );
}

function notCut(board: Board, how: string): BenchError {
  return new BenchError(`power was not cut: ${how}. ${board.logs.app.lastSeen()}`, NOT_CUT_HINT);
}

interface Arrival {
  readonly atUs: number;
  readonly bytes: number;
}

/** Longest time for which the line was idle. Bytes that came in one piece had been on the line before: a cut shows there. */
function longestPause(arrivals: readonly Arrival[], baudRate: number): number {
  // The first answers are still on their way when the chatter begins.
  const steady = arrivals.slice(2);
  const pauses = steady.slice(1).map(({ atUs, bytes }, index) => {
    return atUs - lineTimeUs(bytes, baudRate) - (steady[index]?.atUs ?? atUs);
  });
  // A byte that the cut caught half sent is not seen either.
  return Math.max(0, ...pauses) + lineTimeUs(1, baudRate);
}

/** When the board's first byte comes. The wait begins now, its limit is the profile's time for a boot. */
function firstByte(board: Board, signal: AbortSignal): Promise<number> {
  const seen = within(
    board.clock,
    board.profile.timeoutsMs.boot,
    `the first byte of ${board.name} after power on`,
    (stop) =>
      new Promise<number>((resolve, reject) => {
        const ignore = board.uart.onBytes(({ atUs }) => {
          ignore();
          resolve(atUs);
        });
        stop.addEventListener("abort", () => {
          ignore();
          reject(stop.reason);
        });
      }),
    { signal, hint: "Check its supply, and that its bootloader logs to this UART." },
  );
  // Nobody listens yet when the command itself fails.
  seen.catch(() => undefined);
  return seen;
}

/** @throws TimeoutError when the application does not answer within the profile's time for a boot. */
export async function untilAnswers(board: Board, signal: AbortSignal): Promise<void> {
  await within(
    board.clock,
    board.profile.timeoutsMs.boot,
    `an answer of ${board.name} to an SMP echo`,
    async (stop) => {
      for (;;) {
        try {
          const call = { signal: stop, timeoutMs: ECHO_MS, retries: 0 };
          const { r } = await board.smp.session.request(echo, { d: "hil" }, call);
          if (r === "hil") return;
        } catch (error) {
          stop.throwIfAborted();
          if (!isKind(error, "timeout") && !isKind(error, "protocol")) throw error;
        }
      }
    },
    {
      signal,
      lastSeen: () => board.logs.app.lastSeen(),
      hint: "Check port, baud rate and power, and that its application serves SMP over this UART.",
    },
  );
}
