import { BenchError, sleep, sleepUntil, textOf, within } from "../core/index.ts";
import type { CutFacts, PlannedCut } from "./run-event.ts";
import type { BootSeen, Session } from "./session.ts";

/** How much of the raw log a trigger looks back over, in characters: a pattern may span lines, not pages. */
const TRIGGER_TEXT_MAX = 4096;

/** Lines that come right before the first flash operation of a swap, and of an overwrite. */
export const UPGRADE_BEGINS: readonly string[] = ["starting swap", "erasing primary"];
/** Bits on the wire for one byte at 8N1. */
const BITS_A_BYTE = 10;

/** A cut that was made, and the boot that followed it. */
export interface CutMade {
  readonly facts: CutFacts;
  readonly seen: BootSeen;
}

export interface CutLimits {
  /** Longest wait for a log trigger, and for the board to come up after power is back, in milliseconds. */
  readonly bootMs: number;
  /** The uninterrupted boot showed a bootloader log: its absence after a cut then means something. */
  readonly bootloaderTalks: boolean;
}

/**
 * Cuts power once, at the planned moment after the reset that was answered at `resetAnsweredUs`, brings it back and
 * waits for the board. The undo (power on) is the caller's and was registered before.
 * @throws BenchError when the board shows that it never lost power.
 */
export async function cutPower(
  session: Session,
  planned: PlannedCut,
  resetAnsweredUs: number,
  limits: CutLimits,
): Promise<CutMade> {
  const { board, signal } = session;
  const profile = board.profile.power;
  const heard: Heard[] = [];
  const stopHearing = board.uart.onBytes(({ atUs, bytes }) => heard.push({ atUs, bytes: bytes.length }));
  let offSentUs: number;
  try {
    await untilMoment(session, planned, resetAnsweredUs, limits.bootMs);
    offSentUs = await session.power("off");
    await sleep(board.clock, profile.offMs, signal);
  } finally {
    stopHearing();
  }
  const cutUs = offSentUs + board.cuts.latencyUs;
  const lastByteUs = board.logs.app.lastByteUs;
  const silentByUs = cutUs + board.cuts.uncertaintyUs + profile.holdUpMs * 1000;
  if (lastByteUs !== undefined && lastByteUs > silentByUs) {
    const lateMs = Math.round((lastByteUs - cutUs) / 1000);
    throw new BenchError(
      `power was not cut: ${board.name} still talked ${lateMs} ms after "off". ${board.logs.app.lastSeen()}`,
      "Check the relay's channel and contact (NO or NC), its wiring, and back-feeding through the UART pins.",
    );
  }
  let firstByteUs: number | undefined;
  const stopListening = board.uart.onBytes((chunk) => {
    firstByteUs ??= chunk.atUs;
  });
  try {
    const onSentUs = await session.power("on");
    const seen = await session.untilUp(onSentUs, limits.bootMs);
    if (limits.bootloaderTalks && seen.ending === "up" && seen.boots === 0) throw notRestarted(session, seen);
    const facts: CutFacts = {
      planned,
      resetAnsweredUs,
      offSentUs,
      cutUs,
      lastByteUs,
      onSentUs,
      firstByteUs,
      intoSwapUs: intoSwap(session, resetAnsweredUs, cutUs, heard),
    };
    session.record.event({ atUs: session.nowUs, event: "cut", facts });
    return { facts, seen };
  } finally {
    stopListening();
  }
}

interface Heard {
  readonly atUs: number;
  readonly bytes: number;
}

/**
 * Time that a boot spent on its upgrade before a cut: from the line that announces it, without what the bootloader
 * printed since (it waits for its UART). Undefined when no line announced it.
 */
function intoSwap({ board }: Session, sinceUs: number, cutUs: number, heard: readonly Heard[]): number | undefined {
  // With several images the line comes once for each: the first counts.
  const begins = board.logs.app
    .since(sinceUs)
    .find(({ event = "", atUs }) => UPGRADE_BEGINS.includes(event) && atUs <= cutUs);
  if (begins === undefined) return undefined;
  const printed = heard.filter(({ atUs }) => atUs > begins.atUs && atUs <= cutUs);
  const bytes = printed.reduce((sum, chunk) => sum + chunk.bytes, 0);
  return cutUs - begins.atUs - printingUs(bytes, board.profile.ports.app.baudRate);
}

/** Microseconds that a bootloader which prints by polling spends on `bytes` bytes. */
export function printingUs(bytes: number, baudRate: number): number {
  return Math.ceil((bytes * BITS_A_BYTE * 1_000_000) / baudRate);
}

function notRestarted(session: Session, seen: BootSeen): BenchError {
  const { board } = session;
  const first = seen.lines.at(0)?.text;
  const went = first === undefined ? "it simply answered" : `it went on with "${first}"`;
  return new BenchError(
    `power was not cut: ${board.name} did not start again after "off" and "on"; ${went}.`,
    "Check the relay's channel and contact (NO or NC), and whether something else feeds the board.",
  );
}

async function untilMoment(session: Session, planned: PlannedCut, resetUs: number, limitMs: number): Promise<void> {
  const { board, signal, commandUs } = session;
  const momentUs =
    planned.kind === "time"
      ? resetUs + planned.afterResetUs
      : (await firstMatch(session, planned.pattern, limitMs)) + planned.delayUs;
  await sleepUntil(board.clock, momentUs - board.cuts.latencyUs - commandUs, signal);
}

/** When the log first matched `pattern`, looked for in the raw bytes, before any line is parsed. */
function firstMatch(session: Session, pattern: string, limitMs: number): Promise<number> {
  const { board, signal } = session;
  const wanted = new RegExp(pattern);
  return within(
    board.clock,
    limitMs,
    `/${pattern}/ in the log of ${board.name}`,
    (stop) =>
      new Promise<number>((resolve, reject) => {
        let text = "";
        const ignore = board.uart.onBytes((chunk) => {
          text = (text + textOf(chunk.bytes)).slice(-TRIGGER_TEXT_MAX);
          if (!wanted.test(text)) return;
          ignore();
          resolve(chunk.atUs);
        });
        stop.addEventListener("abort", () => {
          ignore();
          reject(stop.reason);
        });
      }),
    { signal, lastSeen: () => board.logs.app.lastSeen(), hint: "Check the pattern: `hil run --cuts 0` shows the log." },
  );
}
