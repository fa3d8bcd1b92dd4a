import { bootloaderBuildOf, type LoadedProfile } from "../../board/index.ts";
import type { PlannedCut } from "../record/cut-moment.ts";
import type { KeptImages } from "../record/kept.ts";
import { type Admission, admit } from "./admission.ts";
import { readPayloads } from "./images.ts";
import { readPresignedImages } from "./presigned-image.ts";
import { imagesFromRecord } from "./recorded-images.ts";
import type { ScenarioFile } from "./scenario.ts";
import { checkFields } from "./scenario-rules.ts";

/**
 * Everything that can be wrong with a request and be told without a board: keys, payloads, what the profile demands,
 * fields that nobody would hear, and what the bootloader does with the images.
 * @param asked.kept the images of a replay: the files that a scenario names are not looked at then.
 * @returns what it is going to do with the new one.
 * @throws ConfigurationError with file, line and field.
 */
export async function checkRequest(
  scenario: ScenarioFile,
  board: LoadedProfile,
  asked: {
    readonly seed: number;
    readonly cuts?: readonly PlannedCut[] | undefined;
    readonly kept?: KeptImages | undefined;
  },
): Promise<Admission> {
  bootloaderBuildOf(board);
  checkFields(scenario, board);
  if (asked.kept) imagesFromRecord(asked.kept, scenario, board);
  else {
    await readPayloads(scenario, board);
    await readPresignedImages(scenario, board);
  }
  checkEncryption(scenario, board);
  return admit({ scenario, board, seed: asked.seed, cuts: asked.cuts, kept: asked.kept });
}

function checkEncryption(scenario: ScenarioFile, { profile }: LoadedProfile): void {
  const { encrypt } = scenario.value.images;
  const demanded = profile.images.encryption;
  if (encrypt && demanded === "none") {
    throw scenario.wrong(
      ["images", "encrypt"],
      `is true, and ${profile.name} says images.encryption: none`,
      "Its bootloader cannot decrypt: set images.encrypt: false, or correct the profile.",
    );
  }
  if (!encrypt && demanded === "required") {
    throw scenario.wrong(
      ["images", "encrypt"],
      `is false: the images are not encrypted, and ${profile.name} demands encrypted images`,
      "Nothing was uploaded. Set images.encrypt: true, or images.encryption: optional in the profile.",
    );
  }
}
