import type { LegalOutcome, Timeline } from "../mcuboot/index.ts";
import { compare, expectations } from "./compare.ts";
import { type CutLimits, type CutMade, cutPower, printingUs, UPGRADE_BEGINS } from "./cut.ts";
import type { BuiltImage } from "./images.ts";
import { compareNetwork, networkReport, requestNetwork } from "./network.ts";
import type { SwapWindow } from "./plan.ts";
import type { CutFacts, PlannedCut, SlotFacts } from "./run-event.ts";
import { type BootSeen, type Session, slotOf } from "./session.ts";
import type { Shadow } from "./shadow.ts";
import type { Verdict } from "./verdict.ts";

/** A line of the log ends in CR and LF. */
const LINE_END_BYTES = 2;

/** An upgrade in one direction: what runs, and what is to run. */
export interface Direction {
  readonly from: BuiltImage;
  readonly to: BuiltImage;
}

/** An upgrade that was judged. */
export interface Judged {
  readonly verdict: Verdict;
  readonly slots: readonly SlotFacts[];
  readonly seen: BootSeen;
  /** The outcome of the model that the board met; only of a verdict that passed. */
  readonly met: LegalOutcome | undefined;
  /** Pages that this upgrade erased, by the model. */
  readonly erased: readonly number[];
}

/** What the uninterrupted upgrade taught about this board. */
export interface Reference {
  readonly window: SwapWindow;
  /** Measured duration of the swap over the model's; 1 where the bench claims no uncertainty. */
  readonly scale: number;
  readonly bootloaderTalks: boolean;
  /** The bootloader says when it begins: without that line in a boot, the cut came before. */
  readonly announced: boolean;
  readonly timeline: Timeline;
}

/** Puts `to` into the secondary slot unless it is there already, where the bootloader looks for an update. */
export async function ensureSecondary(session: Session, shadow: Shadow, to: BuiltImage): Promise<void> {
  const slots = await session.imageState();
  if (slotOf(slots, to)?.slot === 1) {
    // From an earlier run, perhaps: the board has it, so the model has it, too.
    if (!shadow.holds(to)) shadow.put(to);
    if (shadow.takes(to)) return;
  }
  await session.upload(to);
  shadow.uploaded(to);
}

/** Requests the upgrade and resets. Answers the model's view of the boot that now comes, and when the reset was answered. */
async function start(session: Session, shadow: Shadow, { to }: Direction) {
  await ensureSecondary(session, shadow, to);
  if (to.network) await requestNetwork(session, shadow, to.network);
  await session.requestTest(to);
  shadow.requestTest();
  const timeline = shadow.timeline();
  const resetUs = await session.reset();
  return { timeline, resetUs };
}

/** One upgrade with nobody in its way: its verdict, and the window in which cuts make sense. */
export async function referenceUpgrade(
  session: Session,
  shadow: Shadow,
  direction: Direction,
  bootMs: number,
): Promise<Judged & { readonly reference: Reference | undefined }> {
  const { timeline, resetUs } = await start(session, shadow, direction);
  const seen = await session.untilUp(resetUs, bootMs);
  const judged = await judge(session, shadow, { check: "uninterrupted upgrade", direction, seen });
  if (!judged.verdict.pass || seen.upUs === undefined) return { ...judged, reference: undefined };
  return { ...judged, reference: measure(session, seen, timeline, resetUs, seen.upUs) };
}

function measure(session: Session, seen: BootSeen, timeline: Timeline, resetUs: number, upUs: number): Reference {
  const at = (...events: string[]) => seen.lines.find(({ event = "" }) => events.includes(event))?.atUs;
  const doneUs = at("chainload") ?? at("jumping") ?? upUs;
  const begunUs = at(...UPGRADE_BEGINS);
  const modelUs = timeline.totalUs - timeline.startUs;
  // A bootloader that says nothing when an upgrade begins: the model's ends where the application starts.
  const startUs = begunUs ?? Math.max(resetUs, doneUs - modelUs);
  const between = seen.lines.filter((line) => line.atUs > startUs && line.atUs < doneUs);
  const bytes = between.reduce((sum, line) => sum + line.text.length + LINE_END_BYTES, 0);
  const spokenUs = printingUs(bytes, session.board.profile.ports.app.baudRate);
  const exact = session.board.cuts.uncertaintyUs === 0;
  const scale = exact ? 1 : (doneUs - startUs - spokenUs) / modelUs;
  const endUs = startUs + Math.round(timeline.operationsUs * scale) + spokenUs;
  return {
    window: { startUs: startUs - resetUs, endUs: endUs - resetUs, appUpUs: upUs - resetUs },
    scale,
    bootloaderTalks: seen.boots > 0,
    announced: begunUs !== undefined,
    timeline,
  };
}

/** One upgrade with one cut. */
export async function cutUpgrade(
  session: Session,
  shadow: Shadow,
  direction: Direction,
  planned: PlannedCut,
  reference: Reference,
  limits: CutLimits,
): Promise<Judged> {
  const { record } = session;
  record.event({
    atUs: session.nowUs,
    event: "cut-started",
    planned,
    from: direction.from.version,
    to: direction.to.version,
  });
  const { timeline, resetUs } = await start(session, shadow, direction);
  const made = await cutPower(session, planned, resetUs, limits);
  const intoSwapUs = modelTime(made, reference);
  const spreadUs = Math.round(session.board.cuts.uncertaintyUs / reference.scale);
  const window = { fromUs: intoSwapUs - spreadUs, toUs: intoSwapUs + spreadUs };
  const facts: CutFacts = { ...made.facts, intoSwapUs };
  const place = placeOf(timeline, intoSwapUs);
  return judge(session, shadow, { check: `cut ${planned.index}`, direction, seen: made.seen, window, facts, place });
}

/** Where in the model's own time the cut fell, in microseconds from the swap's first operation. */
function modelTime({ facts }: CutMade, { window, scale, announced }: Reference): number {
  const byResetUs = facts.cutUs - facts.resetAnsweredUs - window.startUs;
  const intoUs = facts.intoSwapUs ?? (announced ? Math.min(-1, byResetUs) : byResetUs);
  return Math.round(intoUs / scale);
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

interface Case {
  readonly check: string;
  readonly direction: Direction;
  readonly seen: BootSeen;
  /** Of the cut, in the model's time. */
  readonly window?: { readonly fromUs: number; readonly toUs: number };
  readonly facts?: CutFacts;
  readonly place?: Place;
}

async function judge(session: Session, shadow: Shadow, { check, direction, seen, ...cut }: Case): Promise<Judged> {
  const allowed = shadow.outcomes(cut.window);
  const erased = shadow.erasedBy(cut.window);
  const slots = seen.ending === "up" ? await session.imageState() : [];
  const shown = compare(seen, slots, allowed, direction.to);
  const { network } = direction.to;
  const comparison =
    network === undefined ? shown : compareNetwork(shown, network.counter, await networkReport(session, seen));
  const expected = expectations(allowed);
  const verdict: Verdict = {
    check,
    pass: comparison.pass,
    ending: comparison.ending,
    from: direction.from.version,
    to: direction.to.version,
    cut: cut.facts,
    where: cut.place?.where,
    swapPhase: cut.place?.phase,
    allowed: expected,
    expected: [...new Set(expected.map((entry) => entry.expects))].join(", or "),
    found: comparison.found,
    because: comparison.because,
    slots,
    boots: seen.boots,
    bootLog: seen.lines.filter((line) => line.event !== undefined).map((line) => line.text),
  };
  session.record.event({ atUs: session.nowUs, event: "verdict", verdict });
  return { verdict, slots, seen, met: comparison.pass ? comparison.outcome : undefined, erased };
}

/** A reset while the image that runs is unconfirmed: it must be reverted. */
export async function revertUpgrade(
  session: Session,
  shadow: Shadow,
  { from, to }: Direction,
  bootMs: number,
): Promise<Judged> {
  const seen = await session.untilUp(await session.reset(), bootMs);
  const direction = { from: to, to: from };
  return judge(session, shadow, { check: "revert of an unconfirmed image", direction, seen });
}
