import { generation, type LegalOutcome, refusalText, type Timeline } from "../../mcuboot/index.ts";
import { isBootSign } from "../bench/boot-watch.ts";
import { requireLogFits } from "../bench/log-check.ts";
import { compareNetwork, counterExpected, networkReport, requestNetwork } from "../bench/network.ts";
import { type RecordedBoard, slotOf } from "../bench/recorded-board.ts";
import type { BootSeen, CutFacts, SlotFacts } from "../record/facts.ts";
import type { Subject } from "../record/subject.ts";
import type { Verdict } from "../record/verdict.ts";
import type { CampaignImage } from "../request/images.ts";
import { compareLogs } from "../verdict/check-log.ts";
import { compare, expectations } from "../verdict/compare.ts";
import { type CutSpan, endsRefusal, UPGRADE_BEGINS } from "../verdict/cut-window.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { asFlash, compareFlash, seeFlash } from "../verdict/real-flash.ts";
import { printingUs } from "./cut.ts";
import type { SwapWindow } from "./plan.ts";

/** A line of the log ends in CR and LF. */
const LINE_END_BYTES = 2;

/** An upgrade in one direction: what runs, and what is to run. */
export interface Direction {
  readonly from: CampaignImage;
  readonly to: CampaignImage;
  /** Asked for good: nothing is to be confirmed. A test when left out. */
  readonly permanent?: boolean;
  /** The scenario expects that the bootloader refuses `to`. */
  readonly refused?: boolean;
}

/** An upgrade that was judged. */
export interface Judged {
  readonly verdict: Verdict;
  readonly direction: Direction;
  readonly slots: readonly SlotFacts[];
  readonly seen: BootSeen;
  /** The outcome of the model that the board met; only of a verdict that passed. */
  readonly matched: LegalOutcome | undefined;
  /** The outcome that the board met, where that is a known defect. */
  readonly defect?: LegalOutcome | undefined;
  /** All outcomes that show the same: they may differ in trailers, which a board does not show. */
  readonly indistinguishable: readonly LegalOutcome[];
  /** Known defects of MCUboot that would show the same as what passed: what they come to shows in later boots. */
  readonly maskedDefects: readonly LegalOutcome[];
  /** Pages that this upgrade erased, by the model. */
  readonly erased: readonly number[];
}

/** What the uninterrupted upgrade taught about this board. */
export interface Reference {
  readonly window: SwapWindow;
  /**
   * Measured time from the swap's first operation to its last over the model's; 1 where the bench claims no
   * uncertainty. What the bootloader computes before and after has a ratio of its own.
   */
  readonly scale: number;
  readonly bootloaderTalks: boolean;
  /** The bootloader says when it begins: without that line in a boot, the cut came before. */
  readonly announced: boolean;
  readonly timeline: Timeline;
  /**
   * By how much the true moment of an operation may lie to either side of where the window has it, in microseconds,
   * besides what the switch is uncertain by: of a bootloader that says nothing of its work. 0 of others.
   */
  readonly spreadUs: number;
}

/** Puts `to` into the secondary slot unless it is there already, where the bootloader looks for an update. */
export async function ensureSecondary(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  to: CampaignImage,
): Promise<void> {
  const slots = await recorded.imageState();
  if (slotOf(slots, to)?.slot === 1) {
    // From an earlier run, perhaps: the board has it, so the model has it, too.
    if (!expected.holds(to)) expected.put(to);
    if (expected.takes(to)) return;
  }
  await recorded.upload(to);
  expected.uploaded(to);
}

/** Requests the upgrade and resets. Answers the model's view of the boot that now comes, and when the reset was answered. */
export async function startUpgrade(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  { to, permanent = false }: Direction,
  beforeReset: () => Promise<void> = async () => {},
) {
  await ensureSecondary(recorded, expected, to);
  if (to.network) await requestNetwork(recorded, expected, to.network);
  await recorded.request(to, permanent);
  expected.request(permanent);
  await seeFlash(recorded, expected);
  const timeline = expected.timeline();
  await beforeReset();
  const resetUs = await recorded.reset();
  return { timeline, resetUs };
}

/** One upgrade with nobody in its way: its verdict, and the window in which cuts make sense. */
export async function referenceUpgrade(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  direction: Direction,
  bootMs: number,
): Promise<Judged & { readonly reference: Reference | undefined }> {
  recorded.bench.begin();
  const { timeline, resetUs } = await startUpgrade(recorded, expected, direction);
  const seen = await recorded.untilUp(resetUs, bootMs);
  requireLogFits(recorded);
  const fault = direction.refused === true || installs(timeline, direction) ? undefined : () => notInstalled(timeline);
  const judged = await judge(recorded, expected, { subject: { kind: "upgrade" }, direction, seen, fault });
  if (!judged.verdict.pass) warnOfKey(recorded, judged);
  if (!judged.verdict.pass || seen.upUs === undefined) return { ...judged, reference: undefined };
  return { ...judged, reference: measure(recorded, seen, timeline, resetUs, seen.upUs) };
}

function installs({ images }: Timeline, { to }: Direction): boolean {
  return images.some((entry) => entry.image === 0 && entry.slot === 0 && entry.hash === to.hash);
}

/** A bootloader that rightly keeps the old image has not shown the upgrade that the campaign is about. */
function notInstalled({ refusals }: Timeline): Pick<Verdict, "ending" | "because"> {
  const why = refusals.map(refusalText).join("; ");
  const because = `an upgrade was to be seen, and this bootloader makes none of it${why === "" ? "" : `: ${why}`}`;
  return { ending: "wrong image", because };
}

/** The first thing that is wrong with a new profile is a key. What starts is signed with the right one. */
function warnOfKey({ board, record, nowUs }: RecordedBoard, { seen, direction }: Judged): void {
  const refused = seen.lines.find(({ event, fields }) => event === "image invalid" && fields["slot"] === "secondary");
  if (refused === undefined || !direction.to.encrypted || !board.profile.bootloader.validatePrimary) return;
  const text =
    `the bootloader refused ${direction.to.version} ("${refused.text}") and starts ${direction.from.version}, which is signed ` +
    "with the same key: if that image is whole, keys.encryption of the profile is not the bootloader's key";
  record.event({ atUs: nowUs, event: "warning", text });
}

/** What an undisturbed boot teaches about when its operations happen. */
export function measure(
  recorded: RecordedBoard,
  seen: BootSeen,
  timeline: Timeline,
  resetUs: number,
  upUs: number,
): Reference {
  const { baudRate } = recorded.board.profile.ports.app;
  const lineOf = (...events: string[]) => seen.lines.find(({ event = "" }) => events.includes(event));
  const last = lineOf("chainload") ?? lineOf("jumping");
  const begins = lineOf(...UPGRADE_BEGINS);
  if (last === undefined && begins === undefined) return measureSilent(seen, timeline, resetUs, upUs);
  const doneUs = last?.atUs ?? upUs;
  const begunUs = begins?.atUs;
  const modelUs = timeline.totalUs - timeline.startUs;
  // A bootloader that says nothing when an upgrade begins: the model's ends where the application starts, before that
  // line is printed.
  const lastUs = last === undefined ? 0 : printingUs(last.text.length + LINE_END_BYTES, baudRate);
  const row = generation(recorded.board.profile.bootloader.generation);
  const refusedUs = seen.lines.find((line) => endsRefusal(row, line))?.atUs ?? doneUs;
  const spokenSince = (holds: (atUs: number) => boolean): number => {
    const lines = seen.lines.filter(({ atUs }) => holds(atUs) && atUs < doneUs);
    return printingUs(
      lines.reduce((sum, line) => sum + line.text.length + LINE_END_BYTES, 0),
      baudRate,
    );
  };
  const refusalUs = spokenSince((atUs) => atUs >= refusedUs);
  const startUs = begunUs ?? Math.max(resetUs, doneUs - lastUs - refusalUs - modelUs);
  const spokenUs = spokenSince((atUs) => atUs > startUs);
  const exact = recorded.board.cuts.uncertaintyUs === 0;
  const scale = exact
    ? 1
    : scaleOf(doneUs - lastUs - startUs - spokenUs, checkedUs(seen, timeline, baudRate), timeline);
  const endUs = startUs + Math.round(timeline.operationsUs * scale) + spokenUs;
  return {
    window: { startUs: startUs - resetUs, endUs: endUs - resetUs, appUpUs: upUs - resetUs },
    scale,
    bootloaderTalks: seen.boots > 0,
    announced: begunUs !== undefined,
    timeline,
    spreadUs: 0,
  };
}

/**
 * The same of a bootloader that says neither when it begins nor when it is done: all that is known is that its work
 * lies between the reset (or its first line) and the first sign of the application.
 */
function measureSilent(seen: BootSeen, timeline: Timeline, resetUs: number, upUs: number): Reference {
  const modelUs = timeline.totalUs - timeline.startUs;
  const started = seen.lines.find(({ event }) => event === "starting bootloader");
  const sign = started === undefined ? seen.lines.find(isBootSign) : undefined;
  const earliestUs = started?.atUs ?? resetUs;
  const latestUs = (sign?.atUs ?? upUs) - modelUs;
  const startUs = Math.round((earliestUs + latestUs) / 2);
  return {
    window: { startUs: startUs - resetUs, endUs: startUs - resetUs + timeline.operationsUs, appUpUs: upUs - resetUs },
    scale: 1,
    bootloaderTalks: seen.boots > 0,
    announced: false,
    timeline,
    spreadUs: Math.ceil(Math.abs(latestUs - earliestUs) / 2),
  };
}

/** @param wholeUs from the first operation to the end of the boot, of which `checkedUs` came after the last one. */
function scaleOf(wholeUs: number, checkedUs: number, { startUs, operationsUs, totalUs }: Timeline): number {
  const insideUs = wholeUs - checkedUs;
  // Nothing to part, or times so short that they tell nothing: one ratio for all.
  if (operationsUs <= 0 || insideUs <= 0) return wholeUs / (totalUs - startUs);
  return insideUs / operationsUs;
}

/**
 * The check of the new image after the swap: no line parts it from the last operation. It is taken to be as much faster
 * or slower than the model's as what the bootloader computes before the swap, between lines that do part it.
 */
function checkedUs({ lines }: BootSeen, { startUs, operationsUs, totalUs }: Timeline, baudRate: number): number {
  const modelUs = totalUs - startUs - operationsUs;
  const begins = lines.findIndex(({ event = "" }) => UPGRADE_BEGINS.includes(event));
  const starts = lines.findIndex(({ event }) => event === "starting bootloader");
  const [first, last] = [lines[starts], lines[begins]];
  if (first === undefined || last === undefined || startUs <= 0) return modelUs;
  const bytes = lines.slice(starts + 1, begins + 1).reduce((sum, { text }) => sum + text.length + LINE_END_BYTES, 0);
  const measuredUs = last.atUs - first.atUs - printingUs(bytes, baudRate);
  return measuredUs > 0 ? (modelUs * measuredUs) / startUs : modelUs;
}

interface BootToJudge {
  readonly subject: Subject;
  readonly direction: Direction;
  readonly seen: BootSeen;
  /** Of the cuts in boots in a row, in the model's time. */
  readonly windows?: readonly CutSpan[];
  readonly facts?: CutFacts;
  readonly place?: { readonly where: string; readonly phase: string };
  /** What the bootloader may have decided, by its log; left out: not looked at. */
  readonly decisions?: readonly (readonly string[])[];
  /** What MCUboot may do, where it does not follow from the windows. */
  readonly allowed?: readonly LegalOutcome[];
  /** Why it is no pass, whatever the board shows. */
  readonly fault?: ((seen: BootSeen) => Pick<Verdict, "ending" | "because">) | undefined;
}

/** Holds what a boot showed against what the model allows, and writes the verdict down. */
export async function judge(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  { subject, direction, seen, ...cut }: BootToJudge,
): Promise<Judged> {
  const windows = cut.windows ?? [];
  await recorded.bench.requireWhole(seen.ending === "up", recorded.signal);
  const allowed = cut.allowed ?? expected.outcomesAfter(windows);
  const erased = expected.erasedBy(windows[0]);
  const slots = seen.ending === "up" ? await recorded.imageState() : [];
  const shows = (row: LegalOutcome) => compare(seen, slots, [row], direction.to);
  const shown = compareLogs(compare(seen, slots, allowed, direction.to), seen, cut.decisions);
  const { network } = direction.to;
  const told =
    network === undefined
      ? shown
      : compareNetwork(shown, counterExpected(expected.build, direction), await networkReport(recorded, seen));
  const real = seen.ending === "up" ? await recorded.board.flash?.read() : undefined;
  const fits = allowed.filter((row) => shows(row).pass);
  const held = compareFlash(told, expected, fits, real && asFlash(expected, real));
  const comparison = cut.fault ? { ...held, ...cut.fault(seen), pass: false } : held;
  const rows = expectations(allowed);
  const verdict: Verdict = {
    subject,
    pass: comparison.pass,
    ending: comparison.ending,
    from: direction.from.version,
    to: direction.to.version,
    cut: cut.facts,
    where: cut.place?.where,
    swapPhase: cut.place?.phase,
    allowed: rows,
    expected: [...new Set(rows.map((entry) => entry.expects))].join(", or "),
    found: comparison.found,
    because: comparison.because,
    slots,
    boots: seen.boots,
    bootLog: seen.lines.filter((line) => line.event !== undefined).map((line) => line.text),
  };
  // Reading slots and flash has taken its time, too.
  await recorded.bench.requireWhole(true, recorded.signal);
  recorded.record.event({ atUs: recorded.nowUs, event: "verdict", verdict });
  recorded.bench.begin();
  const { outcome, pass } = comparison;
  const defect = !pass && comparison.isMatch === true && outcome?.knownDefect !== undefined ? outcome : undefined;
  const indistinguishable = pass ? fits : defect ? allowed.filter((row) => shows(row).isMatch === true) : [];
  const hidden = (row: LegalOutcome) => row.knownDefect !== undefined && shows(row).isMatch === true;
  const maskedDefects = pass && real === undefined ? allowed.filter(hidden) : [];
  return {
    verdict,
    direction,
    slots,
    seen,
    matched: pass ? outcome : undefined,
    defect,
    indistinguishable,
    maskedDefects,
    erased,
  };
}

/** A reset while the image that runs is unconfirmed: it must be reverted. */
export async function revertUpgrade(
  recorded: RecordedBoard,
  expected: ExpectedFlash,
  { from, to }: Direction,
  bootMs: number,
): Promise<Judged> {
  const seen = await recorded.untilUp(await recorded.reset(), bootMs);
  const direction = { from: to, to: from };
  return judge(recorded, expected, { subject: { kind: "revert" }, direction, seen });
}
