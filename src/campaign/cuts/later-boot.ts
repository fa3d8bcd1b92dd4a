import { type LegalOutcome, timelinesOf } from "../../mcuboot/index.ts";
import type { Trial } from "../bench/trial.ts";
import type { BootSeen } from "../record/facts.ts";
import type { Subject } from "../record/subject.ts";
import { decisionsIn } from "../verdict/check-log.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { type Judged, judge } from "./judge.ts";

/** What follows from a known defect that did not show: it is that defect still. */
function outcomesOfSuspect(
  { flash, knownDefect, violation }: LegalOutcome,
  expected: ExpectedFlash,
): readonly LegalOutcome[] {
  const found = expected.outcomesOf(flash);
  return found.map((row) => (row.knownDefect === undefined ? { ...row, knownDefect, violation } : row));
}

/**
 * An undisturbed boot, some time after a cut: slots and boot log must be as the model says.
 * @param before what the boot before was judged as: what the flash may hold.
 */
export async function laterBoot(trial: Trial, before: Judged, subject: Subject): Promise<Judged> {
  const { recorded, expected, bootMs } = trial;
  const { build, timing } = expected;
  const contents = before.indistinguishable.map(({ flash }) => flash);
  const boots = contents.flatMap((flash) => timelinesOf({ flash, build, timing }));
  const decisions = boots.map(({ log }) => decisionsIn(log));
  const right = contents.flatMap((flash) => expected.outcomesOf(flash));
  const allowed = [...right, ...before.maskedDefects.flatMap((row) => outcomesOfSuspect(row, expected))];
  const { direction } = before;
  const seen = await recorded.untilUp(await recorded.reset(), bootMs);
  const defect = before.defect?.knownDefect;
  const { ending } = before.verdict;
  const goesOn = (boot: BootSeen) => ({ ending, because: afterDefect(defect ?? "", boot) });
  const fault = defect === undefined ? undefined : goesOn;
  return judge(trial, { subject, direction, seen, decisions, allowed, fault });
}

/** What a defect comes to in a boot after it. */
function afterDefect(id: string, { lines }: BootSeen): string {
  const refused = lines.find(({ event }) => event === "image invalid");
  const then = refused === undefined ? "the fallback image is gone" : `"${refused.text.replace(/^[A-Z]: /, "")}"`;
  return `known defect ${id} goes on: ${then}, so an image that nobody confirmed cannot be taken back`;
}
