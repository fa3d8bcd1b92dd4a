import { requestInSharedSlot, requestNetwork } from "../bench/network-request.ts";
import type { Direction, Trial } from "../bench/trial.ts";
import type { CutIn } from "../record/cut-moment.ts";
import type { CampaignImage, NetworkImage } from "../request/images.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import { cutBoot, writeStart } from "./cut-boot.ts";
import { type Judged, judge } from "./judge.ts";
import { measure, type Reference } from "./reference.ts";
import { type JudgedReference, startBoot } from "./upgrade.ts";

/** What a boot of a bootloader with one pair of slots is about that updates the network core. */
interface NetworkUpdate {
  readonly view: ExpectedFlash;
  readonly to: NetworkImage;
}

/** Undefined where the network core has slots of its own, and where nothing is to be updated. */
export function networkUpdateOf({ expected }: Trial, { to: { network } }: Direction): NetworkUpdate | undefined {
  const view = network && expected.networkView();
  return view && network && { view, to: network };
}

/** One update of the network core through the application's slot, with nobody in its way. */
export async function networkBoot(
  trial: Trial,
  direction: Direction,
  { view, to }: NetworkUpdate,
): Promise<JudgedReference> {
  const { recorded, bootMs } = trial;
  recorded.bench.begin();
  await requestInSharedSlot(trial, view, direction, to);
  const seeing: Trial = { ...trial, expected: view };
  const { timeline, resetUs } = await startBoot(seeing, async () => {});
  const seen = await recorded.untilUp(resetUs, bootMs);
  const judged = await judge(seeing, { subject: { kind: "network update" }, direction, seen, ofNetwork: true });
  const upUs = judged.verdict.pass ? seen.upUs : undefined;
  return { ...judged, reference: upUs === undefined ? undefined : measure(recorded, seen, timeline, resetUs, upUs) };
}

/**
 * Brings the network core to its old image, for a campaign whose new one is to be refused: then the old one must run
 * on.
 * Undefined where there is none.
 */
export async function placeOldNetwork(trial: Trial, old: CampaignImage): Promise<Judged | undefined> {
  if (old.network === undefined) return undefined;
  // What ran before is not known.
  const { network: _, ...from } = old;
  const direction: Direction = { from, to: old };
  const update = networkUpdateOf(trial, direction);
  if (update !== undefined) return networkBoot(trial, direction, update);
  const { recorded, bootMs } = trial;
  recorded.bench.begin();
  await requestNetwork(trial, direction, old.network);
  const { resetUs } = await startBoot(trial, async () => {});
  const seen = await recorded.untilUp(resetUs, bootMs);
  return judge(trial, { subject: { kind: "network update" }, direction, seen, ofNetwork: true });
}

/** An update of the network core through the application's slot with a cut, or several in boots in a row. */
export async function cutNetworkBoot(
  trial: Trial,
  direction: Direction,
  planned: CutIn<"boot">,
  { view, to, reference }: NetworkUpdate & { readonly reference: Reference },
): Promise<Judged> {
  writeStart(trial, planned, direction);
  await requestInSharedSlot(trial, view, direction, to);
  const seeing: Trial = { ...trial, expected: view };
  const started = await startBoot(seeing, async () => {});
  return cutBoot(seeing, { direction, planned, reference, started, stop: undefined, ofNetwork: true });
}
