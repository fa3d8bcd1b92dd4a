import { refusalText, type Timeline } from "../../mcuboot/index.ts";
import { requireLogFits } from "../bench/log-check.ts";
import { requestNetwork } from "../bench/network-request.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import { ensureSecondary } from "../bench/secondary.ts";
import { seeFlash } from "../bench/see-flash.ts";
import { type Direction, reversed, type Trial } from "../bench/trial.ts";
import type { Failure } from "../verdict/check.ts";
import { type Judged, judge } from "./judge.ts";
import { measure, type Reference } from "./reference.ts";

/** A boot without a cut that was judged; where it passed, what the cuts after it are measured against. */
export type JudgedReference = Judged & { readonly reference: Reference | undefined };

/** A reset that was answered: the model's view of the boot that now comes, and when the answer came. */
export interface Started {
  readonly timeline: Timeline;
  readonly resetUs: number;
}

/** Requests the upgrade and resets. */
export async function startUpgrade(
  trial: Trial,
  direction: Direction,
  beforeReset: () => Promise<void> = async () => {},
): Promise<Started> {
  const { recorded, expected, permanent } = trial;
  const { to } = direction;
  await ensureSecondary(trial, to);
  // Before the application: see NCSDK-34106.
  if (to.network && expected.hasNetworkSlot) await requestNetwork(trial, direction, to.network);
  if (expected.isAskable) await recorded.request(to, permanent);
  expected.request(permanent);
  return startBoot(trial, beforeReset);
}

/** Resets a board into the boot that its flash asks for. */
export async function startBoot(trial: Trial, beforeReset: () => Promise<void>): Promise<Started> {
  await seeFlash(trial);
  const timeline = trial.expected.timeline();
  await beforeReset();
  return { timeline, resetUs: await trial.recorded.reset() };
}

/** One upgrade with nobody in its way: its verdict, and the window in which cuts make sense. */
export async function referenceUpgrade(trial: Trial, direction: Direction): Promise<JudgedReference> {
  const { recorded, bootMs, refused } = trial;
  recorded.bench.begin();
  const { timeline, resetUs } = await startUpgrade(trial, direction);
  const seen = await recorded.untilUp(resetUs, bootMs);
  requireLogFits(recorded);
  const fault = refused || installs(timeline, direction) ? undefined : () => notInstalled(timeline);
  const judged = await judge(trial, { subject: { kind: "upgrade" }, direction, seen, fault });
  if (!judged.verdict.pass) warnOfKey(recorded, judged);
  if (!judged.verdict.pass || seen.upUs === undefined) return { ...judged, reference: undefined };
  return { ...judged, reference: measure(recorded, seen, timeline, resetUs, seen.upUs) };
}

function installs({ images }: Timeline, { to }: Direction): boolean {
  return images.some((entry) => entry.image === 0 && entry.active && entry.hash === to.hash);
}

/** A bootloader that rightly keeps the old image has not shown the upgrade that the campaign is about. */
function notInstalled({ refusals }: Timeline): Failure {
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

/** A reset while the image that runs is unconfirmed, with nobody in its way: that image must be taken back. */
export async function referenceRevert(trial: Trial, direction: Direction): Promise<JudgedReference> {
  const { recorded, expected, bootMs } = trial;
  const plan = expected.timeline();
  const resetUs = await recorded.reset();
  const seen = await recorded.untilUp(resetUs, bootMs);
  const judged = await judge(trial, { subject: { kind: "revert" }, direction: reversed(direction), seen });
  const upUs = judged.verdict.pass ? seen.upUs : undefined;
  return { ...judged, reference: upUs === undefined ? undefined : measure(recorded, seen, plan, resetUs, upUs) };
}
