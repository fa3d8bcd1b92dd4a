import type { LegalOutcome } from "../../mcuboot/index.ts";
import { networkReport } from "../bench/network.ts";
import type { Direction, Trial } from "../bench/trial.ts";
import type { BootSeen, CutFacts, SlotFacts } from "../record/facts.ts";
import type { Subject } from "../record/subject.ts";
import type { Verdict } from "../record/verdict.ts";
import type { Allowed, Evidence } from "../verdict/check.ts";
import { counterExpected } from "../verdict/check-network.ts";
import type { CutSpan } from "../verdict/cut-window.ts";
import { expectations } from "../verdict/nearest.ts";
import { asFlash } from "../verdict/real-flash.ts";
import { type Weighed, weigh } from "../verdict/weigh.ts";

/** A boot that is over, and what it is to be judged by. */
interface BootToJudge extends Pick<Allowed, "decisions" | "fault"> {
  readonly subject: Subject;
  readonly direction: Direction;
  readonly seen: BootSeen;
  /** Of the cuts in boots in a row, in the model's time. */
  readonly windows?: readonly CutSpan[];
  readonly facts?: CutFacts;
  readonly place?: { readonly where: string; readonly phase: string };
  /** What MCUboot may do, where it does not follow from the windows. */
  readonly allowed?: readonly LegalOutcome[] | undefined;
}

/** A boot that was judged. */
export interface Judged extends Pick<Weighed, "matched" | "defect" | "indistinguishable" | "maskedDefects"> {
  readonly verdict: Verdict;
  readonly direction: Direction;
  readonly slots: readonly SlotFacts[];
  readonly seen: BootSeen;
  /** Pages that this boot and the uploads before it erased, by the model. */
  readonly erased: readonly number[];
}

/** Holds what a boot showed against what the model allows, and writes the verdict down. */
export async function judge(trial: Trial, boot: BootToJudge): Promise<Judged> {
  const { recorded, expected } = trial;
  const { subject, direction, seen, decisions, fault, windows = [] } = boot;
  await recorded.bench.requireWhole(seen.ending === "up", recorded.signal);
  const outcomes = boot.allowed ?? expected.outcomesAfter(windows);
  const erased = expected.erasedBy(windows[0]);
  const evidence = await gather(trial, direction, seen);
  const weighed = weigh(evidence, { outcomes, decisions, fault });
  const { pass, ending, found, because, ...known } = weighed;
  const allowed = expectations(outcomes);
  const verdict: Verdict = {
    subject,
    pass,
    ending,
    from: direction.from.version,
    to: direction.to.version,
    cut: boot.facts,
    where: boot.place?.where,
    swapPhase: boot.place?.phase,
    allowed,
    expected: [...new Set(allowed.map((entry) => entry.expects))].join(", or "),
    found,
    because,
    slots: evidence.slots,
    boots: seen.boots,
    bootLog: seen.lines.filter((line) => line.event !== undefined).map((line) => line.text),
  };
  // Reading slots and flash has taken its time, too.
  await recorded.bench.requireWhole(true, recorded.signal);
  recorded.record.event({ atUs: recorded.nowUs, event: "verdict", verdict });
  recorded.bench.begin();
  return { verdict, direction, slots: evidence.slots, seen, erased, ...known };
}

/** Everything that a board can be asked of a boot. */
async function gather(trial: Trial, direction: Direction, seen: BootSeen): Promise<Evidence> {
  const { recorded, expected } = trial;
  const { encrypted, network } = direction.to;
  const isUp = seen.ending === "up";
  const slots = isUp ? await recorded.imageState() : [];
  const report = network && {
    wanted: counterExpected(expected.build, direction),
    said: await networkReport(recorded, seen),
  };
  const content = isUp ? await recorded.board.flash?.read() : undefined;
  const flash = content && { content: asFlash(expected, content), build: expected.build };
  return { seen, slots, encrypted, network: report, flash };
}
