import { type Direction, reversed, type Trial } from "../bench/trial.ts";
import type { Verdict } from "../record/verdict.ts";
import { type Judged, judge } from "./judge.ts";
import { startUpgrade } from "./upgrade.ts";
/**
 * An upgrade after which no application may answer; and, where it was a test, the boot after a loss of power, in which
 * the bootloader takes the image back.
 */
export async function upgradeWithoutBoot(trial: Trial, direction: Direction): Promise<readonly Judged[]> {
  const { recorded, expected, bootMs, permanent } = trial;
  const { timeline, resetUs } = await startUpgrade(trial, direction);
  const erased = expected.erasedBy();
  const seen = await recorded.untilUp(resetUs, bootMs);
  const pass = seen.ending !== "up";
  const last = seen.lines.at(-1)?.text;
  const expects = "no application answers";
  const verdict: Verdict = {
    subject: { kind: "upgrade without boot" },
    pass,
    ending: pass ? seen.ending : "wrong image",
    from: direction.from.version,
    to: direction.to.version,
    cut: undefined,
    where: undefined,
    swapPhase: undefined,
    allowed: [{ ending: "no boot", expects, because: "the scenario says expect: no boot" }],
    expected: expects,
    found: pass
      ? `no application answered${last === undefined ? "" : `; last line "${last}"`}`
      : "an application answered",
    because: pass ? `${seen.because}, as the scenario expects` : "the scenario says expect: no boot",
    slots: pass ? [] : await recorded.imageState(),
    boots: seen.boots,
    bootLog: seen.lines.filter((line) => line.event !== undefined).map((line) => line.text),
  };
  recorded.record.event({ atUs: recorded.nowUs, event: "verdict", verdict });
  const { slots } = verdict;
  const nothing = { matched: undefined, defect: undefined, indistinguishable: [], maskedDefects: [] };
  const judged: Judged = { verdict, direction, slots, seen, erased, ...nothing };
  const comesBack = pass && !permanent && timeline.result.kind === "run";
  if (!comesBack || expected.build.mode === "overwrite") return [judged];
  expected.adopt(timeline);
  const after = await recorded.cycle(bootMs);
  return [
    judged,
    await judge(trial, { subject: { kind: "revert without boot" }, direction: reversed(direction), seen: after }),
  ];
}
