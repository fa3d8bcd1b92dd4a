import type { BoardProfile } from "../../board/index.ts";
import { ConfigurationError } from "../../core/index.ts";
import { decodeHeader, ENCRYPTED_FLAGS } from "../../image/index.ts";
import { modeRow } from "../../mcuboot/index.ts";
import { namedParts } from "./image-part.ts";
import { saysEncrypt } from "./presigned-image.ts";
import type { ScenarioFile } from "./scenario.ts";

/**
 * Keeps an image off a board whose profile forbids it: MCUboot itself accepts a plain signed image even in a build with
 * encryption, so nobody else would notice that a product's firmware went out in clear.
 * @param file the image as it would be uploaded, header first.
 * @throws ConfigurationError, before anything is sent.
 */
export function requireEncryptionPolicy(file: Uint8Array, version: string, profile: BoardProfile): void {
  const encrypted = (decodeHeader(file).flags & ENCRYPTED_FLAGS) !== 0;
  const fault = encryptionFault(encrypted, profile);
  if (fault === "not encrypted") {
    throw new ConfigurationError(
      `image ${version} is not encrypted, and ${profile.name} demands encrypted images; nothing was uploaded.`,
      "Encrypt it, or set images.encryption: optional in the profile.",
    );
  }
  if (fault === "encrypted") {
    throw new ConfigurationError(
      `image ${version} is encrypted, and the bootloader of ${profile.name} cannot decrypt; nothing was uploaded.`,
      "Build it without encryption, or correct images.encryption in the profile.",
    );
  }
}

/**
 * The same of a scenario, before any image is built.
 * @throws ConfigurationError with line and field.
 */
export function requireScenarioEncryption(scenario: ScenarioFile, profile: BoardProfile): void {
  for (const part of namedParts(scenario)) {
    const fault = encryptionFault(part.encrypt ?? false, profile);
    const field = saysEncrypt(scenario, part).split(".");
    if (fault === "encrypted") {
      throw scenario.wrong(
        field,
        `is true, and ${profile.name} says images.encryption: none`,
        `Its bootloader cannot decrypt: set images.encrypt: false${plainScenarioFor(profile)}, or correct the profile.`,
      );
    }
    if (fault === "not encrypted") {
      throw scenario.wrong(
        field,
        `is false: the images are not encrypted, and ${profile.name} demands encrypted images`,
        "Nothing was uploaded. Set images.encrypt: true, or images.encryption: optional in the profile.",
      );
    }
  }
}

/** A scenario that ships with the package and fits, where there is one: the default one is encrypted. */
function plainScenarioFor({ bootloader }: BoardProfile): string {
  return modeRow(bootloader.mode).inPlace ? ", or run the scenario xip-upgrade" : "";
}

/** What a profile has against images that are encrypted, or that are not; undefined when it has nothing. */
function encryptionFault(encrypted: boolean, { images }: BoardProfile): "encrypted" | "not encrypted" | undefined {
  if (encrypted) return images.encryption === "none" ? "encrypted" : undefined;
  return images.encryption === "required" ? "not encrypted" : undefined;
}
