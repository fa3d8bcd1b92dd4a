import { bootloaderBuildOf, type LoadedProfile } from "../board/index.ts";
import { readGivenImages } from "./given-image.ts";
import { readPayloads } from "./images.ts";
import type { KeptImages } from "./kept.ts";
import { imagesFromRecord } from "./kept-images.ts";
import type { ScenarioFile } from "./scenario.ts";

/**
 * Everything that can be wrong with a request and be told without a board: keys, payloads, what the profile demands.
 * @param kept the images of a replay: the files that a scenario names are not looked at then.
 * @throws ConfigurationError with file, line and field.
 */
export async function checkRequest(scenario: ScenarioFile, board: LoadedProfile, kept?: KeptImages): Promise<void> {
  bootloaderBuildOf(board);
  if (kept) imagesFromRecord(kept, scenario, board);
  else {
    await readPayloads(scenario);
    await readGivenImages(scenario, board);
  }
  const { encrypt } = scenario.value.images;
  const demanded = board.profile.images.encryption;
  if (encrypt && demanded === "none") {
    throw scenario.wrong(
      ["images", "encrypt"],
      `is true, and ${board.profile.name} says images.encryption: none`,
      "Its bootloader cannot decrypt: set images.encrypt: false, or correct the profile.",
    );
  }
  if (scenario.value.images.network !== undefined && board.profile.slots.networkSecondary === undefined) {
    throw scenario.wrong(
      ["images", "network"],
      `wants updates of the network core, and ${board.profile.name} has no slot for them`,
      "Choose a board with slots.network_secondary, such as twin-net.",
    );
  }
  if (!encrypt && demanded === "required") {
    throw scenario.wrong(
      ["images", "encrypt"],
      `is false: the images are not encrypted, and ${board.profile.name} demands encrypted images`,
      "Nothing was uploaded. Set images.encrypt: true, or images.encryption: optional in the profile.",
    );
  }
}
