import type { RunningBootloader } from "../../mcuboot/index.ts";
import type { Direction, Trial } from "../bench/trial.ts";
import { cutBoot } from "../cuts/cut-boot.ts";
import { type Judged, judge } from "../cuts/judge.ts";
import type { CutTrigger } from "../cuts/make-cuts.ts";
import { plannedStop } from "../cuts/place-cut.ts";
import { measure, type Reference } from "../cuts/reference.ts";
import { type JudgedReference, startBoot } from "../cuts/upgrade.ts";
import type { CutIn } from "../record/cut-moment.ts";
import type { OwnUpdate } from "../request/own-updates.ts";
import { bootloaderText } from "../verdict/check-bootloader.ts";

/** An update of MCUboot itself: the application stays. */
interface OwnUpdateAsked {
  readonly running: RunningBootloader;
  readonly update: OwnUpdate;
  /** The application that runs meanwhile, on both sides. */
  readonly direction: Direction;
}

/** One update of MCUboot with nobody in its way. */
export async function ownUpdate(trial: Trial, asked: OwnUpdateAsked): Promise<JudgedReference> {
  const { recorded, bootMs } = trial;
  recorded.bench.begin();
  await request(trial, asked);
  const { timeline, resetUs } = await startBoot(trial, async () => {});
  const seen = await recorded.untilUp(resetUs, bootMs);
  const { direction } = asked;
  const judged = await judge(trial, {
    subject: { kind: "bootloader update" },
    direction,
    seen,
    ofBootloader: textOf(asked),
  });
  const upUs = judged.verdict.pass ? seen.upUs : undefined;
  return { ...judged, reference: upUs === undefined ? undefined : measure(recorded, seen, timeline, resetUs, upUs) };
}

/** One with a cut, or several in boots in a row. */
export async function cutOwnUpdate(
  trial: Trial,
  asked: OwnUpdateAsked,
  planned: CutIn<"boot">,
  reference: Reference,
): Promise<Judged> {
  const { recorded } = trial;
  const ofBootloader = textOf(asked);
  recorded.record.event({ atUs: recorded.nowUs, event: "cut-started", planned, ...ofBootloader });
  await request(trial, asked);
  let stop: CutTrigger | undefined;
  const started = await startBoot(trial, async () => {
    stop = await plannedStop(trial, planned);
  });
  return cutBoot(trial, { direction: asked.direction, planned, reference, started, stop, ofBootloader });
}

/** Through the application's slot. */
async function request({ recorded, expected, permanent }: Trial, { update }: OwnUpdateAsked): Promise<void> {
  await recorded.upload(update.image);
  expected.uploaded(update.image);
  await recorded.request(update.image, permanent);
  expected.request(permanent);
}

function textOf({ running, update }: OwnUpdateAsked): { readonly from: string; readonly to: string } {
  return { from: bootloaderText(running), to: bootloaderText(update) };
}
