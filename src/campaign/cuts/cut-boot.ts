import type { Timeline } from "../../mcuboot/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import { type Direction, reversed, type Trial } from "../bench/trial.ts";
import type { CutIn } from "../record/cut-moment.ts";
import type { CutTimes } from "../record/facts.ts";
import { type Span, windowIn } from "../verdict/cut-window.ts";
import { asFlash } from "../verdict/real-flash.ts";
import { type Judged, judge } from "./judge.ts";
import { locateCuts } from "./locate-cuts.ts";
import { type CutTrigger, cutPower, type PowerLoss } from "./make-cuts.ts";
import { heardCut, nextCut, plannedStop } from "./place-cut.ts";
import type { Reference } from "./reference.ts";
import { type Scales, spansOf } from "./spans.ts";
import { type Started, startBoot, startUpgrade } from "./upgrade.ts";

/** One upgrade with a cut, or several in boots in a row. */
export async function cutUpgrade(
  trial: Trial,
  direction: Direction,
  planned: CutIn<"boot">,
  reference: Reference,
): Promise<Judged> {
  writeStart(trial, planned, direction);
  let stop: CutTrigger | undefined;
  const started = await startUpgrade(trial, direction, async () => {
    stop = await plannedStop(trial, planned);
  });
  return cutBoot(trial, { direction, planned, reference, started, stop });
}

/** A revert with a cut, or several: the reset of a board that runs the new image of `upgrade` on trial. */
export async function cutRevert(
  trial: Trial,
  upgrade: Direction,
  planned: CutIn<"boot">,
  reference: Reference,
): Promise<Judged> {
  const direction = reversed(upgrade);
  writeStart(trial, planned, direction);
  let stop: CutTrigger | undefined;
  const started = await startBoot(trial, async () => {
    stop = await plannedStop(trial, planned);
  });
  return cutBoot(trial, { direction, planned, reference, started, stop });
}

export function writeStart({ recorded }: Trial, planned: CutIn<"boot">, { from, to }: Direction): void {
  const versions = { from: from.version, to: to.version };
  recorded.record.event({ atUs: recorded.nowUs, event: "cut-started", planned, ...versions });
}

interface BootToCut {
  readonly direction: Direction;
  readonly planned: CutIn<"boot">;
  readonly reference: Reference;
  readonly started: Started;
  /** Where in its flash the board was told to stop before the reset. */
  readonly stop: CutTrigger | undefined;
  /** It is about the network core alone. */
  readonly ofNetwork?: boolean;
  /** It updates MCUboot itself: from which to which. */
  readonly ofBootloader?: { readonly from: string; readonly to: string } | undefined;
}

/** A boot that was begun, cut as planned, and judged. */
export async function cutBoot(trial: Trial, boot: BootToCut): Promise<Judged> {
  const { recorded, expected, bootMs } = trial;
  const { direction, planned, reference, started, stop, ofNetwork = false, ofBootloader } = boot;
  const { timeline: plan, resetUs } = started;
  const scales: Scales = { reference, uncertaintyUs: recorded.board.cuts.uncertaintyUs, plan, resetUs };
  const limits = { bootMs, bootloaderTalks: reference.bootloaderTalks };
  const trigger = stop ?? heardCut(trial, planned, reference);
  const made = await cutPower(recorded, trigger, resetUs, limits, async (losses) => {
    const next = planned.following?.[losses.length - 1];
    if (next === undefined) return undefined;
    const content = losses.at(-1)?.left;
    const left =
      content === undefined ? expected.statesAfter(spansOf(losses, scales, "plan"))[0] : asFlash(expected, content);
    return left && nextCut(trial, planned.index, next, left);
  });
  requireAnnouncement(recorded, made.lost[0], resetUs, reference);
  const known = locateCuts(expected, plan, made.lost);
  const fault = known?.fault;
  const windows = known?.windows ?? spansOf(made.lost, scales, "judge");
  const intoSwapUs = middleUs(windows[0] && windowIn(plan, windows[0], expected.build.generation));
  const facts: CutTimes = { ...made.facts, planned, intoSwapUs };
  return judge(trial, {
    subject: { kind: "cut", in: "boot", index: planned.index },
    direction,
    seen: made.seen,
    windows,
    facts,
    place: placeOf(plan, intoSwapUs),
    ofNetwork,
    ofBootloader,
    allowed: known?.allowed,
    fault: fault === undefined ? undefined : () => ({ ending: "wrong slots", because: fault }),
  });
}

/** A bootloader that says when it starts and begins must have said so by the time of a cut that is later than that. */
function requireAnnouncement(
  { board, bench }: RecordedBoard,
  lost: PowerLoss | undefined,
  resetUs: number,
  { announced, bootloaderTalks, window }: Reference,
): void {
  if (lost === undefined || lost.intoSwapUs !== undefined || !announced || !bootloaderTalks) return;
  const lines = board.logs.app.knownSince(resetUs).filter(({ atUs }) => atUs <= lost.cutUs);
  if (lines.some(({ event }) => event === "starting bootloader")) return;
  // A start that takes half as long again is no loss yet.
  const lateUs = lost.cutUs - resetUs - Math.round(1.5 * window.startUs);
  if (lateUs <= Math.max(board.cuts.uncertaintyUs, 0)) return;
  const text = `nothing of the boot that was cut is in the log of ${board.name}, which began to talk before such a cut`;
  bench.doubt(`${text}: the port lost bytes`, "Look at uart/app.rx of the run, and at `hil doctor`.");
}

function middleUs(span: Span | undefined): number {
  return span === undefined ? -1 : Math.round((span.fromUs + span.toUs) / 2);
}

/** The phase of a boot in which b0n copies, on the network core. */
export const NET_COPY = "net copy";

interface Place {
  readonly where: string;
  readonly phase: string;
}

function placeOf(timeline: Timeline, intoSwapUs: number): Place {
  const isInCopy = timeline.netCopies.some(({ startUs, endUs }) => startUs <= intoSwapUs && intoSwapUs < endUs);
  if (isInCopy) return { where: "the copy to the network core", phase: NET_COPY };
  if (intoSwapUs < 0) return { where: "before the swap's first operation", phase: "before" };
  const step = timeline.operations.find((entry) => entry.startUs + entry.durationUs > intoSwapUs);
  if (!step) return { where: "after the swap's last write", phase: "after" };
  return { where: `operation ${step.index}, ${step.description}`, phase: step.phase };
}
