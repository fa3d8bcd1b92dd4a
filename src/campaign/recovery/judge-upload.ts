import type { FlashContent } from "../../mcuboot/index.ts";
import type { Direction, Trial } from "../bench/trial.ts";
import { writeVerdict } from "../cuts/judge.ts";
import type { BootSeen, CutTimes, SlotState } from "../record/facts.ts";
import type { Subject } from "../record/subject.ts";
import type { Ending, Verdict } from "../record/verdict.ts";
import { expectationsOf } from "../verdict/nearest.ts";
import { activeSlot, slotsOfImage } from "../verdict/slots.ts";
import { weigh } from "../verdict/weigh.ts";
import { nothingWhole, type RecoveryOutcome, recoveryOutcomes } from "./outcomes.ts";

/** A start after an upload in serial recovery, and what it is to be judged by. */
interface StartToJudge {
  readonly subject: Subject;
  readonly direction: Direction;
  readonly seen: BootSeen;
  /** Contents that the flash may have had when it started. */
  readonly contents: readonly FlashContent[];
  readonly facts?: CutTimes;
  readonly place?: { readonly where: string; readonly phase: string };
}

/** What a start came to. */
export interface JudgedStart {
  readonly verdict: Verdict;
  /** What the flash holds now, as far as anybody can tell. */
  readonly flash: FlashContent;
  /** Who is there. */
  readonly who: "application" | "recovery" | "nobody";
}

interface Found {
  readonly pass: boolean;
  readonly ending: Ending;
  readonly found: string;
  readonly because: string;
  readonly flash: FlashContent | undefined;
}

/** Holds who is there after an upload against what the bootloader may make of it, and writes the verdict down. */
export async function judgeStart(trial: Trial, start: StartToJudge): Promise<JudgedStart> {
  const { recorded, expected } = trial;
  const { subject, direction, seen, contents } = start;
  await recorded.bench.requireWhole(seen.ending === "up", recorded.signal);
  const slots = seen.ending === "up" ? slotsOfImage(await recorded.imageState()).filter(({ slot }) => slot === 0) : [];
  const ends = recoveryOutcomes(contents, expected.build, direction);
  const [first = expected.flash] = contents;
  // A cut may tear the operation that it hits.
  const allowed = subject.kind === "cut" ? withNothing(ends, first, trial) : ends;
  const { pass, ending, found, because, flash } =
    seen.ending === "up" ? foundRunning(seen, slots, allowed, direction) : foundStopped(seen, allowed);
  const right = allowed.filter(({ who, isWhole }) => who !== "application" || isWhole);
  const [from, to] = [direction.from.version, direction.to.version];
  const told = { pass, ending, from, to, found, because, slots, allowed: right.map(expectationOf) };
  const verdict = await writeVerdict(recorded, start, told);
  return { verdict, flash: flash ?? first, who: whoIsThere(seen) };
}

function withNothing(
  ends: readonly RecoveryOutcome[],
  content: FlashContent,
  { expected }: Trial,
): readonly RecoveryOutcome[] {
  return ends.some(({ who }) => who !== "application") ? ends : [...ends, nothingWhole(content, expected.build)];
}

function whoIsThere({ ending, recovery }: BootSeen): JudgedStart["who"] {
  if (ending === "up") return "application";
  return recovery === true ? "recovery" : "nobody";
}

function expectationOf({ who, outcome }: RecoveryOutcome): Verdict["allowed"][number] {
  const { because } = outcome;
  if (who === "recovery") return { ending: "in recovery", expects: "serial recovery waits for an image", because };
  if (who === "nobody") return { ending: "nothing to boot", expects: "no image boots", because };
  const [{ ending, expects } = { ending: "upgraded" as const, expects: "" }] = expectationsOf([outcome]);
  return { ending, expects, because };
}

/** An application that answers must be one that the model knows, and whole. */
function foundRunning(
  seen: BootSeen,
  slots: readonly SlotState[],
  allowed: readonly RecoveryOutcome[],
  { to }: Direction,
): Found {
  const ends = allowed.filter(({ who }) => who === "application");
  const outcomes = ends.map(({ outcome }) => outcome);
  const { pass, ending, found, because, matched } = weigh({ seen, slots, encrypted: to.encrypted }, { outcomes });
  const end = ends.find(({ outcome }) => outcome === matched);
  if (end?.isWhole === false) {
    return { pass: false, ending: "half an image", found, because: end.outcome.because, flash: matched?.flash };
  }
  if (pass) return { pass, ending, found, because, flash: matched?.flash };
  const running = activeSlot(slots);
  const isHalf =
    running?.hash === undefined ||
    (running.hash === to.hash && ends.every((one) => !one.isWhole || !runs(one, to.hash)));
  if (!isHalf) return { pass, ending, found, because, flash: undefined };
  const why = "an application answers although its image cannot be whole: the upload of it was cut";
  return { pass, ending: "half an image", found, because: why, flash: undefined };
}

function runs({ outcome }: RecoveryOutcome, hash: string): boolean {
  return outcome.images.some((entry) => entry.hash === hash);
}

/** No application: right where the slot may hold no whole image, and where recovery has to wait, it must. */
function foundStopped(seen: BootSeen, allowed: readonly RecoveryOutcome[]): Found {
  const who = whoIsThere(seen);
  const end = allowed.find((candidate) => candidate.who === who);
  const found = who === "recovery" ? "serial recovery waits for an image" : seen.because;
  if (end === undefined || seen.ending === "boot loop") {
    const expected = allowed.find((candidate) => candidate.who === "recovery");
    const because =
      who === "nobody" && expected !== undefined
        ? `${seen.because}; serial recovery has to wait for an image here`
        : `${seen.because}; slot 0 holds a whole image`;
    return {
      pass: false,
      ending: seen.ending === "boot loop" ? "boot loop" : "no boot",
      found,
      because,
      flash: undefined,
    };
  }
  const ending = who === "recovery" ? "in recovery" : "nothing to boot";
  return { pass: true, ending, found, because: end.outcome.because, flash: end.outcome.flash };
}
