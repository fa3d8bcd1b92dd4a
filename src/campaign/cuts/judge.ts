import type { LegalOutcome } from "../../mcuboot/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { Direction, Trial } from "../bench/trial.ts";
import type { BootSeen, CutTimes, SlotState } from "../record/facts.ts";
import type { Subject } from "../record/subject.ts";
import type { Verdict } from "../record/verdict.ts";
import type { Allowed, Evidence } from "../verdict/check.ts";
import { bootloaderTold } from "../verdict/check-bootloader.ts";
import type { CutSpan } from "../verdict/cut-window.ts";
import { expectationsOf } from "../verdict/nearest.ts";
import { asFlash } from "../verdict/real-flash.ts";
import { activeSlot } from "../verdict/slots.ts";
import { type Weighed, weigh } from "../verdict/weigh.ts";

/** A boot that is over, and what it is to be judged by. */
interface BootToJudge extends Pick<Allowed, "decisions" | "fault"> {
  readonly subject: Subject;
  readonly direction: Direction;
  readonly seen: BootSeen;
  /** Of the cuts in boots in a row, in the model's time. */
  readonly windows?: readonly CutSpan[];
  readonly facts?: CutTimes;
  readonly place?: { readonly where: string; readonly phase: string };
  /** What MCUboot may do, where it does not follow from the windows. */
  readonly allowed?: readonly LegalOutcome[] | undefined;
  /** It is about the network core alone: one pair of slots for both cores. */
  readonly ofNetwork?: boolean;
  /** It is about an update of MCUboot itself: from which to which. */
  readonly ofBootloader?: { readonly from: string; readonly to: string } | undefined;
}

/** What a judge makes of a boot. */
type Told = Pick<Verdict, "pass" | "ending" | "from" | "to" | "allowed" | "found" | "because" | "slots">;

/** A boot that was judged. */
export interface Judged extends Pick<Weighed, "matched" | "defect" | "indistinguishable" | "maskedDefects"> {
  readonly verdict: Verdict;
  readonly direction: Direction;
  readonly slots: readonly SlotState[];
  readonly seen: BootSeen;
  /** Pages that this boot and the uploads before it erased, by the model. */
  readonly erased: readonly number[];
}

/** Holds what a boot showed against what the model allows, and writes the verdict down. */
export async function judge(trial: Trial, boot: BootToJudge): Promise<Judged> {
  const { recorded, expected } = trial;
  const { direction, seen, decisions, fault, windows = [] } = boot;
  await recorded.bench.requireWhole(seen.ending === "up", recorded.signal);
  const allowed = boot.allowed ?? expected.outcomesAfter(windows);
  const erased = expected.erasedBy(windows[0]);
  const evidence = await gather(trial, boot);
  const outcomes = withBootloader(allowed, evidence);
  const weighed = weigh(evidence, { outcomes, decisions, fault });
  const { pass, found, ...known } = weighed;
  const { ending, because } = asAsked(weighed, evidence, boot);
  const { slots } = evidence;
  const told = { pass, ending, found, because, slots, allowed: expectationsOf(outcomes), ...versionsOf(boot) };
  const verdict = await writeVerdict(recorded, boot, told);
  return { verdict, direction, slots, seen, erased, ...known };
}

/** Writes down what a boot came to, if the bench was whole until now; what comes next is another case. */
export async function writeVerdict(
  recorded: RecordedBoard,
  { subject, seen, facts, place }: Pick<BootToJudge, "subject" | "seen" | "facts" | "place">,
  { pass, ending, from, to, allowed, found, because, slots }: Told,
): Promise<Verdict> {
  const verdict: Verdict = {
    subject,
    pass,
    ending,
    from,
    to,
    cut: facts,
    where: place?.where,
    swapPhase: place?.phase,
    allowed,
    expected: [...new Set(allowed.map((entry) => entry.expects))].join(", or "),
    found,
    because,
    slots,
    boots: seen.boots,
    bootLog: seen.lines.filter((line) => line.event !== undefined).map((line) => line.text),
  };
  // Reading slots and flash has taken its time, too.
  await recorded.bench.requireWhole(true, recorded.signal);
  recorded.record.event({ atUs: recorded.nowUs, event: "verdict", verdict });
  recorded.bench.begin();
  return verdict;
}

function asAsked(weighed: Weighed, evidence: Evidence, boot: BootToJudge): Pick<Weighed, "ending" | "because"> {
  if (boot.ofBootloader) return asBootloaderUpdate(weighed);
  return boot.ofNetwork ? asNetworkUpdate(weighed, evidence) : asUpgrade(weighed, evidence, boot);
}

/** Outcomes differ in the MCUboot that runs, which no image list shows: those that NSIB tells of, where there are any. */
function withBootloader(outcomes: readonly LegalOutcome[], { bootloader }: Evidence): readonly LegalOutcome[] {
  const told = bootloader?.told;
  const fitting = outcomes.filter(({ result }) => {
    return (
      result.kind === "run" && result.bootloader?.half === told?.half && result.bootloader?.version === told?.version
    );
  });
  return told === undefined || fitting.length === 0 ? outcomes : fitting;
}

/** The application stays where it is: what the boot did shows in NSIB's log. */
function asBootloaderUpdate({ pass, ending, because }: Weighed): Pick<Weighed, "ending" | "because"> {
  if (!pass) return { ending, because };
  const why =
    "MCUboot moves its update into the half that does not run; a move that was cut is begun anew by the old one";
  return { ending: "bootloader updated", because: why };
}

/** Everything that a board can be asked of a boot. */
async function gather(
  trial: Trial,
  { direction, seen, ofNetwork = false, ofBootloader }: BootToJudge,
): Promise<Evidence> {
  const { recorded, expected } = trial;
  const isUp = seen.ending === "up";
  const slots = isUp ? await recorded.imageState() : [];
  const network = await trial.network.report(recorded, seen);
  const content = isUp ? await recorded.board.flash?.read() : undefined;
  const flash = content && { content: asFlash(expected, content), build: expected.build };
  const { networkRule: rule } = expected;
  const optional = trial.bootloaderOptional;
  const bootloader = ofBootloader && { told: bootloaderTold(seen.lines), optional };
  return { seen, slots, encrypted: direction.to.encrypted, rule, ofNetwork, network, bootloader, flash };
}

/** A boot after a cut whose application was in place already, and that had the network core left to update. */
function asUpgrade(
  { pass, ending, because }: Weighed,
  { slots, network }: Evidence,
  { subject, direction }: BootToJudge,
): Pick<Weighed, "ending" | "because"> {
  const isNew = activeSlot(slots)?.hash === direction.to.hash;
  const isRest = pass && ending === "kept" && subject.kind === "cut" && network?.updates === true && isNew;
  return { ending: isRest ? "resumed" : ending, because };
}

function versionsOf(boot: BootToJudge): Pick<Verdict, "from" | "to"> {
  if (boot.ofBootloader) return boot.ofBootloader;
  const { direction, ofNetwork = false } = boot;
  const { from, to } = direction;
  if (!ofNetwork) return { from: from.version, to: to.version };
  const text = (version: string | undefined) => `network core ${version ?? "as it was"}`;
  return { from: text(from.network?.image.version), to: text(to.network?.image.version) };
}

/** A boot that updates the network core leaves the application where it is: what it did shows elsewhere. */
function asNetworkUpdate(
  { pass, ending, because }: Weighed,
  { network }: Evidence,
): Pick<Weighed, "ending" | "because"> {
  if (!pass || network?.updates !== true) return { ending, because };
  const why = "b0n copies the image and checks it; a copy that was cut is begun anew, as its request stands until then";
  return { ending: "network core updated", because: why };
}
