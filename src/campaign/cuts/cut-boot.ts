import {
  type FlashImage,
  type LegalOutcome,
  legalOutcomes,
  type Timeline,
  timeline,
  timelinesOf,
} from "../../mcuboot/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { BootCut, CutIn, NextCut } from "../record/cut-moment.ts";
import type { BootSeen, CutFacts } from "../record/facts.ts";
import type { Subject } from "../record/subject.ts";
import { decisionsIn } from "../verdict/check-log.ts";
import { type CutSpan, type Span, windowIn } from "../verdict/cut-window.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { asFlash, progressBefore, seeFlash } from "../verdict/real-flash.ts";
import { type CutLimits, type CutTrigger, cutPower, type PowerLoss } from "./cut.ts";
import { locateCuts } from "./locate-cuts.ts";
import { type BootAhead, momentOf } from "./moments.ts";
import { type Direction, type Judged, judge, measure, type Reference, startUpgrade } from "./upgrade.ts";

/** Later than any operation of any boot, in microseconds. */
const NEVER_US = 3_600_000_000;
/** How far the time before a boot's first operation may be from the model's, as a share of it. */
const SILENT_SLACK = 0.1;

/** One upgrade with a cut, or several in boots in a row. */
export async function cutUpgrade(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  direction: Direction,
  planned: CutIn<"boot">,
  reference: Reference,
  limits: CutLimits,
): Promise<Judged> {
  const { record } = recorded;
  record.event({
    atUs: recorded.nowUs,
    event: "cut-started",
    planned,
    from: direction.from.version,
    to: direction.to.version,
  });
  let stop: CutTrigger | undefined;
  const { timeline: plan, resetUs } = await startUpgrade(recorded, expected, direction, async () => {
    stop = await plannedStop(recorded, expected, planned);
  });
  return cutBoot(recorded, expected, { direction, planned, reference, limits, plan, resetUs, stop });
}

/** A revert with one cut: the reset of a board that runs an image on trial. */
export async function cutRevert(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  { from, to }: Direction,
  planned: CutIn<"boot">,
  reference: Reference,
  limits: CutLimits,
): Promise<Judged> {
  const direction = { from: to, to: from };
  recorded.record.event({ atUs: recorded.nowUs, event: "cut-started", planned, from: to.version, to: from.version });
  await seeFlash(recorded, expected);
  const plan = expected.timeline();
  const stop = await plannedStop(recorded, expected, planned);
  const resetUs = await recorded.reset();
  return cutBoot(recorded, expected, { direction, planned, reference, limits, plan, resetUs, stop });
}

interface BootToCut {
  readonly direction: Direction;
  readonly planned: CutIn<"boot">;
  readonly reference: Reference;
  readonly limits: CutLimits;
  /** Of the boot that the reset at `resetUs` started. */
  readonly plan: Timeline;
  readonly resetUs: number;
  /** Where in its flash the board was told to stop before the reset. */
  readonly stop: CutTrigger | undefined;
}

async function cutBoot(recorded: RecordedBoard, expected: ExpectedFlash, ahead: BootToCut): Promise<Judged> {
  const { direction, planned, reference, limits, plan, resetUs } = ahead;
  const spreadUs = Math.round((recorded.board.cuts.uncertaintyUs + reference.spreadUs) / reference.scale);
  const around = (intoUs: number) => ({ fromUs: intoUs - spreadUs, toUs: intoUs + spreadUs });
  // A busy host takes a swap for longer than it was; what the board said before the cut is certain.
  const endedUs = (lost: PowerLoss, intoUs: number, end: number) =>
    lost.over ? Math.max(intoUs, end + spreadUs + 1) : intoUs;
  const firstUs = (lost: PowerLoss) =>
    endedUs(lost, modelTime({ ...lost, resetAnsweredUs: resetUs }, reference), plan.operationsUs);
  const spanOf = (entry: PowerLoss, isWide: boolean): CutSpan => {
    // Of a boot after the first of which nothing is known, on a board that says nothing of its work: any moment of it.
    if (isWide && reference.spreadUs > 0 && entry.intoSwapUs === undefined) return { fromUs: -1, toUs: NEVER_US };
    const span = around(endedUs(entry, Math.round((entry.intoSwapUs ?? -1) / reference.scale), NEVER_US));
    if (entry.intoSwapUs !== undefined || entry.over || entry.aliveUs === undefined) return span;
    // Nothing told where a boot began that announces nothing: not before power came, that is all.
    const toUs = Math.round(entry.aliveUs / reference.scale) + spreadUs;
    return { ...span, silent: { fromUs: -spreadUs, toUs, refused: entry.refused ?? false } };
  };
  const firstSpan = (lost: PowerLoss): CutSpan => {
    const span = around(firstUs(lost));
    if (lost.intoSwapUs !== undefined || lost.over) return span;
    return { ...span, silent: silentSpan(lost, resetUs, plan, reference, spreadUs) };
  };
  const spansOf = ([first, ...others]: readonly PowerLoss[], isWide: boolean) => [
    first ? firstSpan(first) : around(-1),
    ...others.map((entry) => spanOf(entry, isWide)),
  ];
  const trigger = ahead.stop ?? atMoment(recorded, expected, planned, reference);
  const made = await cutPower(recorded, trigger, resetUs, limits, async (lost) => {
    const next = planned.following?.[lost.length - 1];
    if (next === undefined) return undefined;
    const left = lost.at(-1)?.left;
    if (left !== undefined) return nextCut(recorded, expected, planned, next, asFlash(expected, left));
    const [flash] = expected.statesAfter(spansOf(lost, false));
    return flash && nextCut(recorded, expected, planned, next, flash);
  });
  requireAnnouncement(recorded, made.lost[0], resetUs, reference);
  const known = locateCuts(expected, plan, made.lost);
  const fault = known?.fault;
  const windows = known?.windows ?? spansOf(made.lost, true);
  const intoSwapUs = middleUs(windows[0] && windowIn(plan, windows[0], expected.build.generation));
  const facts: CutFacts = { ...made.facts, planned, intoSwapUs };
  const place = placeOf(plan, intoSwapUs);
  return judge(recorded, expected, {
    subject: { kind: "cut", in: "boot", index: planned.index },
    direction,
    seen: made.seen,
    windows,
    facts,
    place,
    ...(known && { allowed: known.allowed }),
    ...(fault !== undefined && { fault: () => ({ ending: "wrong slots", because: fault }) }),
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

/** Tells a board that can be stopped there to stop at a planned operation; undefined for others, and other cuts. */
async function plannedStop(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  planned: CutIn<"boot">,
): Promise<CutTrigger | undefined> {
  return planned.kind === "operation" ? stopAt(recorded, expected, expected.flash, planned) : undefined;
}

type OperationCut = Extract<CutIn<"boot">, { kind: "operation" }>;

async function stopAt(
  { board, signal }: RecordedBoard,
  expected: ExpectedFlash,
  flash: FlashImage,
  planned: OperationCut,
): Promise<CutTrigger | undefined> {
  const progress = board.cuts.stopAfter && progressBefore(flash, expected, planned.operation);
  if (progress === undefined) return undefined;
  const over = new AbortController();
  const stop = await board.cuts.stopAfter?.(progress, AbortSignal.any([signal, over.signal]));
  if (stop === undefined) return undefined;
  stop.reached.catch(() => undefined);
  return { kind: "progress", planned, reached: stop.reached, giveUp: () => over.abort(new Error("the cut is over")) };
}

/** A cut at an operation as a moment of the log; others are what they are. */
function atMoment(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  planned: CutIn<"boot">,
  { window }: Reference,
): BootCut {
  if (planned.kind !== "operation") return planned;
  const moment = momentOf(bootAhead(recorded, expected, expected.flash), planned.operation);
  // Beyond the last operation: after all of them.
  return { index: planned.index, ...(moment ?? { kind: "time", afterResetUs: window.endUs + 1 }) };
}

async function nextCut(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  { index }: CutIn<"boot">,
  next: NextCut,
  flash: FlashImage,
): Promise<CutTrigger | undefined> {
  const { operations } = timeline(flash, expected.build, expected.timing);
  const operation = "operation" in next ? next.operation : next.share * operations.length;
  const stop = await stopAt(recorded, expected, flash, { index, kind: "operation", operation });
  if (stop) return stop;
  const moment = momentOf(bootAhead(recorded, expected, flash), operation);
  return moment && { index, ...moment };
}

function bootAhead(recorded: RecordedBoard, { build, timing }: ExpectedFlash, flash: FlashImage): BootAhead {
  return { flash, build, timing, baudRate: recorded.board.profile.ports.app.baudRate };
}

/** Where in the model's own time the cut fell, in microseconds from the swap's first operation. */
function modelTime(
  facts: Pick<CutFacts, "cutUs" | "resetAnsweredUs" | "intoSwapUs">,
  { window, scale, announced }: Reference,
): number {
  const byResetUs = facts.cutUs - facts.resetAnsweredUs - window.startUs;
  const intoUs = facts.intoSwapUs ?? (announced ? Math.min(-1, byResetUs) : byResetUs);
  return Math.round(intoUs / scale);
}

/**
 * Where a cut may have fallen in a boot that announces nothing: by the time since the reset, as far as the reference
 * boot and the model's time for what comes before the first operation tell when that was.
 */
function silentSpan(
  { cutUs, refused = false }: PowerLoss,
  resetUs: number,
  plan: Timeline,
  { window, scale, timeline: known }: Reference,
  spreadUs: number,
): NonNullable<CutSpan["silent"]> {
  const earlierUs = (plan.startUs - known.startUs) * scale;
  const intoUs = Math.round((cutUs - resetUs - window.startUs - earlierUs) / scale);
  const slackUs = spreadUs + Math.round(plan.startUs * SILENT_SLACK);
  return { fromUs: intoUs - slackUs, toUs: intoUs + slackUs, refused };
}

function middleUs(span: Span | undefined): number {
  return span === undefined ? -1 : Math.round((span.fromUs + span.toUs) / 2);
}

interface Place {
  readonly where: string;
  readonly phase: string;
}

function placeOf(timeline: Timeline, intoSwapUs: number): Place {
  if (intoSwapUs < 0) return { where: "before the swap's first operation", phase: "before" };
  const step = timeline.operations.find((entry) => entry.startUs + entry.durationUs > intoSwapUs);
  if (!step) return { where: "after the swap's last write", phase: "after" };
  return { where: `operation ${step.index}, ${step.description}`, phase: step.phase };
}

/** What follows from a known defect that did not show: it is that defect still. */
function outcomesOfSuspect(
  { flash, knownDefect, violation }: LegalOutcome,
  { build, timing }: ExpectedFlash,
): readonly LegalOutcome[] {
  const found = legalOutcomes({ flash, build, timing });
  return found.map((row) => (row.knownDefect === undefined ? { ...row, knownDefect, violation } : row));
}

/**
 * A boot that nobody disturbs, some time after a cut: slots and boot log must be as the model says.
 * @param before what the boot before was judged as: what the flash may hold.
 */
export async function laterBoot(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  before: Judged,
  subject: Subject,
  bootMs: number,
): Promise<Judged> {
  const { build, timing } = expected;
  const contents = before.indistinguishable.map(({ flash }) => flash);
  const boots = contents.flatMap((flash) => timelinesOf({ flash, build, timing }));
  const decisions = boots.map(({ log }) => decisionsIn(log));
  const right = contents.flatMap((flash) => legalOutcomes({ flash, build, timing }));
  const allowed = [...right, ...before.maskedDefects.flatMap((row) => outcomesOfSuspect(row, expected))];
  const { direction } = before;
  const seen = await recorded.untilUp(await recorded.reset(), bootMs);
  const defect = before.defect?.knownDefect;
  const { ending } = before.verdict;
  const goesOn = (boot: BootSeen) => ({ ending, because: afterDefect(defect ?? "", boot) });
  const fault = defect === undefined ? undefined : goesOn;
  return judge(recorded, expected, { subject, direction, seen, decisions, allowed, fault });
}

/** What a defect comes to in a boot after it. */
function afterDefect(id: string, { lines }: BootSeen): string {
  const refused = lines.find(({ event }) => event === "image invalid");
  const then = refused === undefined ? "the fallback image is gone" : `"${refused.text.replace(/^[A-Z]: /, "")}"`;
  return `known defect ${id} goes on: ${then}, so an image that nobody confirmed cannot be taken back`;
}

/** A revert with nobody in its way: its verdict, and the window in which cuts make sense. */
export async function referenceRevert(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  { from, to }: Direction,
  bootMs: number,
): Promise<Judged & { readonly reference: Reference | undefined }> {
  const plan = expected.timeline();
  const resetUs = await recorded.reset();
  const seen = await recorded.untilUp(resetUs, bootMs);
  const direction = { from: to, to: from };
  const judged = await judge(recorded, expected, { subject: { kind: "revert" }, direction, seen });
  const upUs = judged.verdict.pass ? seen.upUs : undefined;
  return { ...judged, reference: upUs === undefined ? undefined : measure(recorded, seen, plan, resetUs, upUs) };
}
