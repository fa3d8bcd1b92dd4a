import { longerThanSlot, type RunningBootloader, refusalText } from "../../mcuboot/index.ts";
import { bootloaderText } from "../verdict/check-bootloader.ts";
import type { ExpectedFlash } from "../verdict/expected-flash.ts";
import type { CampaignImage } from "./images.ts";
import type { OwnUpdate, OwnUpdates } from "./own-updates.ts";
import type { ScenarioFile } from "./scenario.ts";

/** Made from the seed, one is like the other: one for each half is asked about. */
const GENERATED_ASKED = 2;

/** What comes of updates of MCUboot itself. */
export interface OwnAnswer {
  readonly version: string;
  readonly updates: number;
  readonly because: string;
}

/**
 * Asks the model about every update of MCUboot that a campaign makes, one on the other.
 * @param old the application that runs meanwhile.
 * @throws ConfigurationError for one that is refused, that NSIB would not start, and for too few.
 */
export function admitOwn(
  scenario: ScenarioFile,
  expected: ExpectedFlash,
  own: OwnUpdates,
  { old, cuts }: { readonly old: CampaignImage; readonly cuts: number },
): OwnAnswer {
  const { updates } = scenario.value.images.bootloader ?? {};
  const needed = 1 + cuts;
  const view = expected.ownView();
  view.place(old);
  let running = own.assumed();
  view.startsFrom(running);
  let last = "";
  for (let made = 0; made < (updates === undefined ? Math.min(needed, GENERATED_ASKED) : needed); made += 1) {
    const update = own.next(running);
    const fault = faultOf(view, update);
    if (fault !== undefined)
      throw scenario.wrong(["images", "bootloader"], `${named(update)} ${fault}`, "Nothing was moved.");
    last = bootloaderText(update);
    running = update;
  }
  return { version: last, updates: needed, because: "NSIB starts it" };
}

function named({ half, version }: RunningBootloader): string {
  return `names an update (firmware version ${version}, for ${half.toUpperCase()}) which`;
}

/** Why an update would not run; undefined where it would: `view` has it then. */
function faultOf(view: ExpectedFlash, { image, half, version }: OwnUpdate): string | undefined {
  const long = longerThanSlot(view.build, 0, 1, image.file.length);
  if (long !== undefined) return `does not fit: ${refusalText(long)}`;
  view.put(image);
  view.request(false);
  // In overwrite mode nothing resets: NSIB starts it at the next one.
  const moved = view.timeline();
  view.adopt(moved);
  const { result } = view.timeline();
  if (result.kind !== "run") return `would leave nothing that boots: ${result.reason}`;
  const started = result.bootloader;
  if (started?.half === half && started.version === version) return undefined;
  const [refusal] = moved.refusals;
  if (refusal !== undefined) return `would be refused: ${refusalText(refusal)}`;
  const runs = started === undefined ? "nothing" : bootloaderText(started);
  return `would not be started: ${runs} would run on`;
}
