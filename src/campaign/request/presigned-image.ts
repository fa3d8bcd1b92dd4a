import { type ProfileKeys, signatureKeyOf } from "../../board/index.ts";
import {
  ConfigurationError,
  concat,
  defined,
  hex,
  isHilError,
  messageOf,
  readInput,
  resolveFrom,
} from "../../core/index.ts";
import { formatVersion, isMarkedEncrypted, parseVersion, readFirmwareFile, verifyImage } from "../../image/index.ts";
import type { ImagePart } from "./image-part.ts";
import { fileIn, type PackagePlace, placeFor } from "./packaged-parts.ts";
import type { ScenarioFile } from "./scenario.ts";

/** An image that was signed elsewhere, as a campaign uploads and flashes it. */
interface PresignedImage {
  readonly version: string;
  readonly hash: string;
  readonly fileBytes: number;
  readonly encrypted: boolean;
  readonly file: Uint8Array;
  readonly plain: Uint8Array;
}

/** What a given image is held against. */
interface PresignedPlan {
  readonly scenario: ScenarioFile;
  readonly keys: ProfileKeys;
  readonly place: PackagePlace;
}

/** True when the scenario names a signed image, or a package with one, instead of a payload to sign. */
export function isPresigned({ source: { payload } }: ImagePart): boolean {
  return payload.image !== undefined || payload.dfu_zip !== undefined;
}

/**
 * Reads a signed image, or takes the image of its core out of a DFU package. Its plain form is had with the profile's
 * private key.
 * Whether the board's bootloader takes it is not asked here: see admission.ts.
 * @throws ConfigurationError with the scenario's line and field: a file that cannot be read, a package that does not
 *   fit the board, or an image of another version or encryption than said.
 */
export async function presignedImage(plan: PresignedPlan, part: ImagePart): Promise<PresignedImage> {
  const { scenario, place } = plan;
  const { payload } = part.source;
  const isZip = payload.dfu_zip !== undefined;
  const path = resolveFrom(scenario.file, payload.dfu_zip ?? payload.image ?? "");
  const field = [...part.path, "payload", isZip ? "dfu_zip" : "image"];
  const wrong = (what: string, hint = "", cause?: unknown) => scenario.wrong(field, what, hint, { cause });
  let image: PresignedImage;
  try {
    const bytes = readInput(path);
    image = opened(
      isZip ? (await fileIn(bytes, part.core, placeFor(place, part.role))).bytes : await imageIn(bytes),
      plan,
    );
  } catch (error) {
    const text = (isHilError(error) ? error.message : messageOf(error)).replace(/\.?$/, "");
    if (isHilError(error)) throw wrong(`names ${path}, which cannot be used: ${text}`, error.hint, error);
    throw wrong(`names ${path}, which cannot be read (${text})`, "Build it first, or correct the path.", error);
  }
  if (part.version !== undefined) {
    const said = formatVersion(parseVersion(part.version));
    if (image.version !== said) {
      throw wrong(`holds version ${image.version}, and ${part.path.join(".")}.version says ${said}`);
    }
  }
  if (part.encrypt !== undefined && image.encrypted !== part.encrypt) {
    const is = image.encrypted ? "is" : "is not";
    throw wrong(`${is} encrypted, and ${saysEncrypt(scenario, part)} says ${part.encrypt}`);
  }
  return { ...image, version: image.version.replace(/\+0$/, "").replace("+", ".") };
}

/** The field that says whether an image is encrypted. */
export function saysEncrypt(
  { value: { images } }: Pick<ScenarioFile, "value">,
  { role, core, path }: ImagePart,
): string {
  const own = core === "network" ? images.network?.[role] : images[role];
  return own?.encrypt === undefined ? "images.encrypt" : [...path, "encrypt"].join(".");
}

async function imageIn(content: Uint8Array): Promise<Uint8Array> {
  const found = await readFirmwareFile(content);
  if (found.kind === "image") return found.bytes;
  throw new ConfigurationError("it is a zip archive", "A DFU package is named by payload.dfu_zip.");
}

/** An image as it was delivered, and opened with the keys. @throws ConfigurationError for one that nobody can ask for. */
export function opened(bytes: Uint8Array, { keys }: Pick<PresignedPlan, "keys">): PresignedImage {
  const key = keys.encryption?.key;
  const verdict = verifyImage(bytes, {
    ...defined({ publicKey: signatureKeyOf(keys, bytes) }),
    ...(key === undefined || key.role === "public" ? {} : { decryptKey: key }),
  });
  const { image, signedRegion, digest } = verdict;
  if (digest === undefined) throw new ConfigurationError("it has no hash TLV: no application can ask for it");
  const file = bytes.slice(0, image.imageBytes);
  return {
    version: formatVersion(image.header.version),
    hash: hex(digest),
    fileBytes: file.length,
    encrypted: isMarkedEncrypted(image.header),
    file,
    // One that cannot be opened lies in the primary slot as it is: the model says what the bootloader makes of it.
    plain: signedRegion === undefined ? file : concat(signedRegion, file.subarray(signedRegion.length)),
  };
}
