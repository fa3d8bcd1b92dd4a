import type { NetworkImage } from "../request/images.ts";
import { isOlderNetwork, NETWORK_IMAGE } from "../verdict/check-network.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import type { Direction, Trial } from "./trial.ts";

/** Uploads an image of the network core to its own slot and asks for it. */
export async function requestNetwork(trial: Trial, direction: Direction, network: NetworkImage): Promise<void> {
  const { recorded, expected } = trial;
  await recorded.upload(network.image, { imageNumber: NETWORK_IMAGE });
  await recorded.requestTest(network.image);
  expected.requestNetwork(network.image.file);
  noteRequest(trial, direction, network);
}

/**
 * The same where one pair of slots serves both cores: in the application's slot.
 * @param view the flash as a boot sees it that hands the image on.
 */
export async function requestInSharedSlot(
  trial: Trial,
  view: ExpectedFlash,
  direction: Direction,
  network: NetworkImage,
): Promise<void> {
  await trial.recorded.upload(network.image);
  view.uploaded(network.image);
  await trial.recorded.requestTest(network.image);
  view.requestTest();
  noteRequest(trial, direction, network);
}

function noteRequest(
  { recorded, expected, network, networkRefused }: Trial,
  direction: Direction,
  to: NetworkImage,
): void {
  const updates = to !== networkRefused && !isOlderNetwork(expected.build, direction);
  network.asked({ from: direction.from.network, to, updates, askedUs: recorded.nowUs });
}
