import {
  type Board,
  bootloaderBuildOf,
  flashTimingOf,
  imageRandomness,
  keyTitles,
  type LoadedProfile,
  loadAddressOf,
  padsFactory,
  profileKeys,
  signerNameOf,
} from "../../board/index.ts";
import { defined, type Random } from "../../core/index.ts";
import type { ImageSummary } from "../record/facts.ts";
import { ExpectedFlash } from "../verdict/expected-flash.ts";
import { namedParts } from "./image-part.ts";
import { allImages, buildImages, type CampaignImages } from "./images.ts";
import { type OwnUpdates, ownUpdatesOf } from "./own-updates.ts";
import { packagePlaceOf } from "./packaged-parts.ts";
import { imagesFromRecord } from "./recorded-images.ts";
import type { RunRequest } from "./run-request.ts";
import type { ScenarioFile } from "./scenario.ts";

/** How the images are signed and encrypted, for people. */
export function cryptoOf(board: LoadedProfile, images: CampaignImages): readonly string[] {
  const keys = profileKeys(board);
  const isEncrypted = allImages(images).some(({ encrypted }) => encrypted);
  return keyTitles(isEncrypted ? keys : { ...keys, encryption: undefined });
}

/** Every image of a campaign, as reports name it. */
export function imageFacts(board: LoadedProfile, images: CampaignImages): readonly ImageSummary[] {
  const keys = profileKeys(board);
  return allImages(images).map(({ role, core, version, hash, fileBytes, encrypted, file }) => {
    const signedBy = core === undefined ? signerNameOf(board, keys, file) : undefined;
    return { role, ...defined({ core }), version, hash, fileBytes, encrypted, ...defined({ signedBy }) };
  });
}

/** Images and model of a request; also what a dry run shows. */
export async function buildMaterial(
  { scenario, board: loaded, kept }: Pick<RunRequest, "scenario" | "board" | "kept">,
  board: Pick<Board, "clock">,
  random: Random,
): Promise<{
  readonly images: CampaignImages;
  readonly expected: ExpectedFlash;
  /** Updates of MCUboot itself, where the scenario is about those. */
  readonly own?: OwnUpdates | undefined;
}> {
  const { profile } = loaded;
  const keys = profileKeys(loaded);
  const { bootloader } = profile;
  const isGenerated = namedParts(scenario).every(({ source }) => source.payload.generate_bytes !== undefined);
  const randomness = imageRandomness(loaded, { clock: board.clock, random: random.fork("images"), isGenerated });
  const own = await ownUpdatesOf({ scenario, board: loaded, random, randomness });
  const expected = expectedFlashOf(loaded, scenario);
  // A replay takes what its record holds: what the files that it was made of hold today is another matter.
  if (kept) return { images: imagesFromRecord(kept, scenario, loaded), expected, own };
  const images = await buildImages({
    scenario,
    keys,
    headerBytes: profile.images.headerBytes,
    ...packagePlaceOf(profile, scenario),
    loadAddress: profile.images.loadAddress,
    padsOld: padsFactory(profile),
    byLoadAddress: loadAddressOf(loaded) !== undefined,
    writeBytes: bootloader.writeBytes,
    maxAlign: bootloader.maxAlign,
    maxSectors: bootloader.maxImageSectors,
    random,
    randomness,
    clock: board.clock,
  });
  return { images, expected, own };
}

/** The model's idea of a board of which nothing is known yet. */
export function expectedFlashOf(loaded: LoadedProfile, { value: { start } }: ScenarioFile): ExpectedFlash {
  // What is right for an image of the application core has nothing to do with the network core: a bootloader that
  // mistakes the one for the other must not be believed.
  const { netCore, ...build } = bootloaderBuildOf(loaded);
  // An image of the network core in the application's own slots is another matter: see `networkView`.
  const isOnePair = netCore?.upgrades === true && build.images.length === 1;
  const networkBuild = isOnePair ? { ...build, netCore } : undefined;
  // Nor do updates of MCUboot itself concern an application's.
  const ownBuild = build.nsib && netCore && { ...build, netCore };
  return new ExpectedFlash(build, flashTimingOf(loaded.profile), networkBuild, start.slot, ownBuild);
}
