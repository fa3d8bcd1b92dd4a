import type { BoardProfile } from "../../board/index.ts";
import { ConfigurationError } from "../../core/index.ts";
import { decodeHeader, ENCRYPTED_FLAGS } from "../../image/index.ts";

/**
 * Keeps an image off a board whose profile forbids it: MCUboot itself accepts a plain signed image even in a build with
 * encryption, so nobody else would notice that a product's firmware went out in clear.
 * @param file the image as it would be uploaded, header first.
 * @throws ConfigurationError, before anything is sent.
 */
export function requireEncryptionPolicy(file: Uint8Array, version: string, profile: BoardProfile): void {
  const wanted = profile.images.encryption;
  const encrypted = (decodeHeader(file).flags & ENCRYPTED_FLAGS) !== 0;
  if (wanted === "required" && !encrypted) {
    throw new ConfigurationError(
      `image ${version} is not encrypted, and ${profile.name} demands encrypted images; nothing was uploaded.`,
      "Encrypt it, or set images.encryption: optional in the profile.",
    );
  }
  if (wanted === "none" && encrypted) {
    throw new ConfigurationError(
      `image ${version} is encrypted, and the bootloader of ${profile.name} cannot decrypt; nothing was uploaded.`,
      "Build it without encryption, or correct images.encryption in the profile.",
    );
  }
}
