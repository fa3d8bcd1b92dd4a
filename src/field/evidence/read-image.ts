import { type LoadedProfile, profileKeys, signatureKeyOf } from "../../board/index.ts";
import { isKind, messageOf } from "../../core/index.ts";
import { decodeHeader, formatVersion, HEADER_BYTES, isMarkedEncrypted, verifyImage } from "../../image/index.ts";
import type { ImageFile } from "./evidence.ts";
import { plainVersion } from "./plain-version.ts";

/**
 * A signed image: version, length, and whether it is whole for the keys of these profiles.
 * @param image which image number it is for.
 */
export function readImage(
  name: string,
  bytes: Uint8Array,
  image: number,
  profiles: readonly LoadedProfile[],
): ImageFile {
  const shape = { name, image, bytes: bytes.length };
  const header = bytes.length >= HEADER_BYTES ? decodeHeader(bytes) : undefined;
  const version = header === undefined ? "?" : plainVersion(formatVersion(header.version));
  const encrypted = header !== undefined && isMarkedEncrypted(header);
  const faults: string[] = [];
  for (const loaded of profiles) {
    try {
      const keys = profileKeys(loaded);
      const publicKey = signatureKeyOf(keys, bytes);
      const key = keys.encryption?.key;
      const decryptKey = key !== undefined && key.role !== "public" && encrypted ? key : undefined;
      const verdict = verifyImage(bytes, { ...(publicKey && { publicKey }), ...(decryptKey && { decryptKey }) });
      const isWhole = verdict.hash.result !== "invalid";
      if (!isWhole && !faults.includes("its hash does not fit")) faults.push("its hash does not fit");
      if (isWhole && publicKey !== undefined && verdict.signature.result === "valid") {
        return { ...shape, version, encrypted, faults: [], keyOf: loaded.profile.name };
      }
    } catch (error) {
      if (!isKind(error, "image")) throw error;
      if (!faults.includes(messageOf(error))) faults.push(messageOf(error));
    }
  }
  return { ...shape, version, encrypted, faults };
}
