import { type LoadedProfile, type ProfileKeys, profileKeys } from "../../board/index.ts";
import { ConfigurationError, concat, hex } from "../../core/index.ts";
import { formatVersion, isMarkedEncrypted, verifyImage } from "../../image/index.ts";
import type { KeptImage, KeptImages } from "../record/kept.ts";
import { type CampaignImage, type CampaignImages, counterOf, padded, shownVersion } from "./images.ts";
import type { ScenarioFile } from "./scenario.ts";

/**
 * The images of a record as a campaign uses them: byte for byte what was uploaded then, and their plain form by the
 * profile's key. Nothing is built, and a damaged image stays damaged.
 * @throws ConfigurationError when an image cannot be opened with the profile's key.
 */
export function imagesFromRecord(kept: KeptImages, scenario: ScenarioFile, board: LoadedProfile): CampaignImages {
  const keys = profileKeys(board);
  const { slots, bootloader } = board.profile;
  const { start } = scenario.value;
  const { writeBytes, maxAlign } = bootloader;
  const [old, next] = (["old", "new"] as const).map((role) => withNetwork(kept[role], role, keys)) as [
    CampaignImage,
    CampaignImage,
  ];
  const plan = { scenario, writeBytes, maxAlign, slotBytes: slots.primary.bytes };
  return { old: start.padded ? padded(old, plan) : old, new: next };
}

function withNetwork(kept: KeptImage, role: "old" | "new", keys: ProfileKeys): CampaignImage {
  const image = opened(kept.file, role, keys);
  if (!kept.network) return image;
  const network: CampaignImage = { ...opened(kept.network, role, keys), core: "network" };
  return { ...image, network: { image: network, counter: counterOf(network.plain) } };
}

function opened(file: Uint8Array, role: "old" | "new", { encryption }: ProfileKeys): CampaignImage {
  const key = encryption?.key;
  const verdict = verifyImage(file, key === undefined || key.role === "public" ? {} : { decryptKey: key });
  const { image, signedRegion, digest, decryption } = verdict;
  if (signedRegion === undefined || digest === undefined) {
    const why = signedRegion === undefined ? decryption.reason : verdict.hash.reason;
    throw new ConfigurationError(
      `the recorded ${role} image cannot be opened: ${why}.`,
      "Its profile's encryption key is needed: name a profile that knows it with --board.",
    );
  }
  return {
    role,
    version: shownVersion(formatVersion(image.header.version)),
    hash: hex(digest),
    fileBytes: file.length,
    encrypted: isMarkedEncrypted(image.header),
    file,
    plain: concat(signedRegion, file.subarray(signedRegion.length)),
  };
}
