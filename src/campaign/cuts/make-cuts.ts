import { abortable, compilePattern, isKind, type Pattern, sleepUntil, within } from "../../core/index.ts";
import { generation } from "../../mcuboot/index.ts";
import { VoidError } from "../bench/bench-watch.ts";
import { notCut } from "../bench/not-cut.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { BootCut, PlannedCut } from "../record/cut-moment.ts";
import type { BootSeen, CutTimes, SwitchCut } from "../record/facts.ts";
import { endsRefusal, refusalBegins, UPGRADE_BEGINS } from "../verdict/cut-window.ts";
import { printingUs } from "./line-time.ts";
import { cutBySwitch, untilTrigger } from "./trigger.ts";
import { plainPattern } from "./trigger-bytes.ts";

/** A cut that was made, and the boot that followed it. */
export interface CutMade {
  readonly facts: CutTimes;
  readonly seen: BootSeen;
  /** Every loss of power, in order. */
  readonly lost: readonly PowerLoss[];
}

interface CutLimits {
  /** Longest wait for a log trigger, and for the board to come up after power is back, in milliseconds. */
  readonly bootMs: number;
  /** The uninterrupted boot showed a bootloader log: its absence after a cut then means something. */
  readonly bootloaderTalks: boolean;
}

/** When power goes next in the boot that now comes; undefined: that boot is left alone. */
type PlanNextCut = (made: readonly PowerLoss[]) => Promise<CutTrigger | undefined>;

/**
 * Cuts power at the planned moment after the reset that was answered at `resetAnsweredUs`, brings it back, does the same
 * again in the boots that follow as long as `next` wants it, and waits for the board. When it throws, power may be off:
 * who calls it brings it back.
 * @throws VoidError when the board shows that it never lost power; what port and switch throw; the signal's reason.
 */
export async function cutPower(
  recorded: RecordedBoard,
  planned: CutTrigger,
  resetAnsweredUs: number,
  limits: CutLimits,
  next: PlanNextCut = async () => undefined,
): Promise<CutMade> {
  const { board } = recorded;
  const first = await makeCut(recorded, planned, resetAnsweredUs, limits.bootMs);
  const made = [first];
  let firstByteUs: number | undefined;
  const stopListening = board.uart.onBytes((chunk) => {
    firstByteUs ??= chunk.atUs;
  });
  try {
    // Before power comes: a board that is to be stopped in its flash must know by then.
    let again = await next(made);
    let onSentUs = await recorded.power("on");
    while (again !== undefined) {
      const lost = await makeCut(recorded, again, onSentUs, limits.bootMs).catch(unlessSilent);
      // A boot that does not come to where it should be cut is the judge's.
      if (lost === undefined) break;
      made.push(lost);
      again = await next(made);
      onSentUs = await recorded.power("on");
    }
    const seen = await recorded.untilUp(onSentUs, limits.bootMs);
    // A port that came back after the board began to boot has lost its first lines, and has itself shown the cut.
    const missed = (board.portsBackUs?.() ?? -1) > onSentUs;
    if (limits.bootloaderTalks && seen.ending === "up" && seen.boots === 0 && !missed)
      throw notRestarted(recorded, seen);
    const followingIntoSwapUs = made.slice(1).map((lost) => lost.intoSwapUs);
    const { left: _, over: __, refused: ___, aliveUs: ____, ...power } = first;
    const facts: CutTimes = {
      planned: planned.kind === "progress" ? planned.planned : planned,
      resetAnsweredUs,
      ...power,
      onSentUs,
      firstByteUs,
      ...(followingIntoSwapUs.length > 0 ? { followingIntoSwapUs } : {}),
    };
    recorded.record.event({ atUs: recorded.nowUs, event: "cut", facts });
    return { facts, seen, lost: made };
  } finally {
    stopListening();
  }
}

function unlessSilent(error: unknown): undefined {
  if (!isKind(error, "timeout")) throw error;
}

/** A loss of power, as far as it is known before power is back. */
export interface PowerLoss extends Pick<CutTimes, "offSentUs" | "cutUs" | "lastByteUs" | "intoSwapUs" | "own"> {
  /** The bootloader had said before that it starts the application: no flash operation was left to cut. */
  readonly over?: boolean;
  /** It had said before that it refuses an image, in a release that erases first: that erase was over. */
  readonly refused?: boolean;
  /** From the reset or the power-on to the cut. */
  readonly aliveUs?: number;
  /** What the flash holds then, of a board whose flash can be read. */
  readonly left?: Uint8Array | undefined;
}

/** When power goes: a planned moment, or a place in the flash where a board is stopped that can be. */
export type CutTrigger =
  | BootCut
  | {
      readonly kind: "progress";
      readonly planned: PlannedCut;
      readonly reached: Promise<void>;
      readonly giveUp: () => void;
    };

/** Waits for the moment, takes power away for as long as the profile says, and looks whether the board fell silent. */
async function makeCut(
  recorded: RecordedBoard,
  planned: CutTrigger,
  sinceUs: number,
  bootMs: number,
): Promise<PowerLoss> {
  const { board, signal } = recorded;
  const profile = board.profile.power;
  const heard: Heard[] = [];
  const stopHearing = board.uart.onBytes(({ atUs, bytes }) => heard.push({ atUs, bytes: bytes.length }));
  let own: SwitchCut | undefined;
  let offSentUs: number;
  try {
    if (planned.kind !== "progress") own = await cutBySwitch(recorded, planned, sinceUs, bootMs);
    if (own !== undefined) recorded.lostPower();
    offSentUs = own?.cutUs ?? (await cutByHost(recorded, planned, sinceUs, bootMs));
    await sleepUntil(board.clock, Math.max(offSentUs, recorded.nowUs) + Math.round(profile.offMs * 1000), signal);
  } finally {
    stopHearing();
  }
  if (own === undefined) recorded.bench.timedSince(sinceUs);
  const cutUs = offSentUs + board.cuts.latencyUs;
  const lastByteUs = board.logs.app.lastByteUs;
  const silentByUs = cutUs + board.cuts.uncertaintyUs + profile.holdUpMs * 1000;
  if (lastByteUs !== undefined && lastByteUs > silentByUs) {
    const lateMs = Math.round((lastByteUs - cutUs) / 1000);
    throw notCut(recorded, lateMs, recorded.nowUs - lastByteUs);
  }
  // A bootloader that announces nothing: the model's own time for this moment.
  const plannedUs = "intoSwapUs" in planned ? planned.intoSwapUs : undefined;
  const intoSwapUs = intoSwap(recorded, sinceUs, cutUs, heard, matchOf(planned, own)) ?? plannedUs;
  const said = board.logs.app.since(sinceUs).filter(({ atUs }) => atUs <= offSentUs);
  const over = said.some(({ event }) => event === "jumping");
  const row = generation(board.profile.bootloader.generation);
  const refused = said.some((line) => endsRefusal(row, line));
  const facts = { offSentUs, cutUs, lastByteUs, intoSwapUs, over, refused, aliveUs: cutUs - sinceUs };
  return { ...facts, ...(own && { own }), left: await board.flash?.read() };
}

/** A line that a switch saw by itself: it knows better when that ended than a host that got it over USB. */
interface SeenLine {
  readonly pattern: Pattern;
  readonly endUs: number;
}

function matchOf(planned: CutTrigger, own: SwitchCut | undefined): SeenLine | undefined {
  if (own?.matchUs === undefined || planned.kind !== "log") return undefined;
  return plainPattern(planned.pattern)?.toLineEnd
    ? { pattern: compilePattern(planned.pattern), endUs: own.matchUs }
    : undefined;
}

interface Heard {
  readonly atUs: number;
  readonly bytes: number;
}

/**
 * Time that a boot spent on its upgrade before a cut: from the line that announces it, without what the bootloader
 * printed since (it waits for its UART). Undefined when no line announced it.
 */
function intoSwap(
  { board }: RecordedBoard,
  sinceUs: number,
  cutUs: number,
  heard: readonly Heard[],
  match?: SeenLine,
): number | undefined {
  const lines = board.logs.app.since(sinceUs).filter(({ atUs }) => atUs <= cutUs);
  const last = (events: readonly string[]) => lines.findLast(({ event = "" }) => events.includes(event));
  // With several images the line comes once for each: the first of the boot counts.
  const bootUs = last(["starting bootloader"])?.atUs ?? sinceUs;
  const first = (events: readonly string[]) =>
    lines.find(({ event = "", atUs }) => atUs >= bootUs && events.includes(event));
  const begins = first(UPGRADE_BEGINS) ?? last(refusalBegins(generation(board.profile.bootloader.generation)));
  if (begins === undefined) return undefined;
  const printed = heard.filter(({ atUs }) => atUs > begins.atUs && atUs <= cutUs);
  const bytes = printed.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const begunUs = match?.pattern.test(`${begins.text}\n`) ? match.endUs : begins.atUs;
  return cutUs - begunUs - printingUs(bytes, board.profile.ports.app.baudRate);
}

function notRestarted(recorded: RecordedBoard, seen: BootSeen): VoidError {
  const { board } = recorded;
  const first = seen.lines.at(0)?.text;
  const went = first === undefined ? "it simply answered" : `it went on with "${first}"`;
  return new VoidError(
    `power was not cut: ${board.name} did not start again after "off" and "on"; ${went}.`,
    "Check the relay's channel and contact (NO or NC), and whether something else feeds the board.",
  );
}

/** Waits for the moment and commands "off". @returns when the switch had taken the command. */
async function cutByHost(
  recorded: RecordedBoard,
  planned: CutTrigger,
  resetUs: number,
  limitMs: number,
): Promise<number> {
  const { board, signal, commandUs } = recorded;
  if (planned.kind === "progress") {
    const what = `${board.name} to come so far with its flash`;
    try {
      await within(board.clock, limitMs, what, (stop) => abortable(planned.reached, stop), { signal });
    } finally {
      planned.giveUp();
    }
    return recorded.power("off");
  }
  const leadUs = board.cuts.latencyUs + commandUs;
  const sent: { off?: Promise<number> } = {};
  const dueUs = await untilTrigger(recorded, planned, resetUs, limitMs, (us) => {
    if (us - leadUs > recorded.nowUs) return;
    sent.off = recorded.power("off");
    // Whoever awaits it below is told; until then it must not end the program.
    sent.off.catch(() => undefined);
  });
  if (sent.off) return sent.off;
  await sleepUntil(board.clock, dueUs - leadUs, signal);
  return recorded.power("off");
}
