import { bootloaderBuildOf, type LoadedProfile } from "../../board/index.ts";
import { cutsIn, type PlannedCut } from "../record/cut-moment.ts";
import type { KeptImages } from "../record/kept.ts";
import { type Admission, admit } from "./admission.ts";
import { requireScenarioEncryption } from "./encryption-policy.ts";
import { uploadsInRecovery } from "./expectation.ts";
import { requireFaultsAct } from "./faults-act.ts";
import { readNamedFiles } from "./images.ts";
import { imagesFromRecord } from "./recorded-images.ts";
import { type ScenarioFile, scenarioCuts } from "./scenario.ts";
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
  requireFaultsAct(board, { scenario: scenario.value, cuts: asked.cuts });
  if (asked.kept) imagesFromRecord(asked.kept, scenario, board);
  else await readNamedFiles(scenario, board);
  const { in: what } = scenario.value.cuts;
  if (uploadsInRecovery(scenario.value, board.profile))
    cutsIn("upload", asked.cuts ?? scenarioCuts(scenario.value) ?? []);
  else cutsIn(what === "upload" || what === "request" ? what : "boot", asked.cuts ?? []);
  requireScenarioEncryption(scenario, board.profile);
  return admit({ scenario, board, seed: asked.seed, cuts: asked.cuts, kept: asked.kept });
}
