import { ConfigurationError } from "../core/index.ts";
import { type AnyKey, loadKeyFile, type PrivateKey, TLV } from "../image/index.ts";
import {
  type Area,
  type BootloaderBuild,
  bootloaderBuild,
  type DefectName,
  generation,
  type ImageAreas,
  netCoreRule,
} from "../mcuboot/index.ts";
import type { LoadedProfile } from "./profile.ts";
import { BOOTLOADER_MODES } from "./profile-schema.ts";

/** Where the flash simulator keeps its buffer; the linker decides, so any address in RAM is as good. */
const NET_PRIMARY_ADDRESS = 0x2001_0000;

/** Keys of a profile, as a campaign uses them. */
export interface ProfileKeys {
  readonly signing: PrivateKey;
  readonly encryption: AnyKey | undefined;
}

/**
 * Reads the keys that a profile names.
 * @throws ConfigurationError when one cannot be used: unreadable, of a kind that MCUboot builds do not know, public
 *   where the private key is needed.
 */
export function profileKeys({ profile, wrong }: LoadedProfile): ProfileKeys {
  const { signingFile, encryptionFile } = profile.keys;
  const signing = loadKeyFile(signingFile);
  if (signing.role !== "private") {
    throw wrong(["keys", "signing"], "is a public key", "Images are signed here: name the private key.");
  }
  if (signing.type !== "ecdsa-p256") {
    throw wrong(["keys", "signing"], `is a key of type ${signing.type}`, "Campaigns sign with ECDSA P-256.");
  }
  const encryption = encryptionFile === undefined ? undefined : loadKeyFile(encryptionFile);
  if (encryption && encryption.type !== "ecdsa-p256") {
    throw wrong(["keys", "encryption"], `is a key of type ${encryption.type}`, "Campaigns encrypt for ECIES P-256.");
  }
  return { signing, encryption };
}

/**
 * The bootloader that a profile describes, for the twin to run and for the judge to ask.
 * @throws ConfigurationError when the model lacks something that the profile wants.
 */
export function bootloaderBuildOf(
  loaded: LoadedProfile,
  defects: ReadonlySet<DefectName> = new Set(),
): BootloaderBuild {
  const { bootloader, slots } = loaded.profile;
  const keys = profileKeys(loaded);
  const mode = BOOTLOADER_MODES.find((row) => row.name === bootloader.mode)?.mode;
  if (mode === undefined) throw new ConfigurationError(`the model does not know the mode ${bootloader.mode}.`);
  return bootloaderBuild({
    generation: generation(bootloader.generation),
    mode,
    images: [{ primary: slots.primary, secondary: slots.secondary }, ...networkImages(slots.networkSecondary)],
    ...(slots.scratch ? { scratch: slots.scratch } : {}),
    sectorBytes: slots.sectorBytes,
    writeBytes: bootloader.writeBytes,
    maxAlign: bootloader.maxAlign,
    maxImgSectors: bootloader.maxImageSectors,
    validatePrimarySlot: bootloader.validatePrimary,
    downgradePrevention: bootloader.downgradePrevention,
    signature: { key: keys.signing.public, hash: "sha256" },
    ...encryptionOf(loaded, keys.encryption),
    ...netCoreOf(loaded),
    fixes: new Set(bootloader.fixes),
    defects,
  });
}

/** Image 1, the network core's: its primary slot is a buffer in RAM, where a stored map of 2.x has free memory. */
function networkImages(secondary: Area | undefined): readonly ImageAreas[] {
  if (secondary === undefined) return [];
  return [{ primary: { offset: NET_PRIMARY_ADDRESS, bytes: secondary.bytes, inRam: true }, secondary }];
}

function netCoreOf({ profile }: LoadedProfile): Pick<BootloaderBuild, "netCore"> {
  const { networkCoreUpgrade: upgrades, networkCoreRule, secondStage, generation: name } = profile.bootloader;
  if (!upgrades && !secondStage) return {};
  const rule = netCoreRule(networkCoreRule ?? generation(name).netCoreRule);
  return { netCore: { rule, upgrades, secondStage } };
}

function encryptionOf({ profile, wrong }: LoadedProfile, key: AnyKey | undefined): Pick<BootloaderBuild, "encryption"> {
  if (key === undefined) return {};
  if (key.role !== "private") {
    throw wrong(
      ["keys", "encryption"],
      "is a public key",
      "The judge decrypts what the bootloader decrypts: name the private key that your bootloader was built with.",
    );
  }
  const { saveEnctlv } = profile.bootloader;
  return { encryption: { key, tlvType: TLV.ENCEC256, aesKeyBytes: 16, saveTlv: saveEnctlv } };
}
